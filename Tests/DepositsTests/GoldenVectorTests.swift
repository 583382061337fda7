import HTTPEdge
import Kernel
import Testing

/// Golden vectors, sections 3 and 6 as far as they concern deposits, through HTTP: the public calculators. The rules themselves are tried
/// in `InterestTests`.
@Suite struct GoldenVectorTests {
    private func calculate(_ bank: DayBank, _ path: String, _ json: String) async -> InProcessResponse {
        await bank.client.send(.post, "/api/calculators/\(path)", json: json)
    }

    @Test func interestOfTheVectors() async throws {
        try await DayBank.run { bank in
            for (body, interest, maturity) in [
                // Fixed deposit of 10,000 at 5 %, half-yearly compounding, 12 months.
                (
                    #""amount":"10000","annualRate":"5","from":"2025-03-15","to":"2026-03-15","dayCount":"actual365","compounding":"semiAnnual""#,
                    "506.25", nil
                ),
                // Savings of 1,000 at 10 %, compounded daily over 121 days: 33.7016 before rounding.
                (#""amount":"1000","annualRate":"10","days":121,"dayCount":"actual365","compounding":"daily""#, "33.70", nil),
                (#""amount":"1000000000","annualRate":"10","days":121,"dayCount":"actual365","compounding":"daily""#, "33701598.08", nil),
                (#""amount":"1000000","annualRate":"10","from":"2024-01-15","to":"2024-07-15","dayCount":"actual365""#, "49863.01", nil),
                (#""amount":"1000000","annualRate":"10","from":"2024-01-15","to":"2024-07-15","dayCount":"actual360""#, "50555.56", nil),
                (#""amount":"1000000","annualRate":"10","from":"2024-01-15","to":"2024-07-15","dayCount":"thirty360""#, "50000.00", nil),
                (#""amount":"1000000","annualRate":"10","from":"2024-01-15","to":"2024-07-15","dayCount":"actualActual""#, "49726.78", nil),
                (#""amount":"1000000","annualRate":"11","days":90,"dayCount":"actual365""#, "27123.29", "1023054.80" as String?),
                // Placement of KES 50 million at 10.25 % for 14 days.
                (#""amount":"50000000","annualRate":"10.25","days":14,"dayCount":"actual365""#, "196575.34", nil),
            ] {
                let answer = await calculate(bank, "interest", "{\"currency\":\"KES\",\(body)}")
                #expect(answer.text("interestAmount") == interest, "\(body) \(answer.text)")
                if let maturity { #expect(answer.text("maturityAmount") == maturity) }
            }
            let taxed = await calculate(
                bank, "deposit-maturity", #"{"amount":"1000000","currency":"KES","annualRate":"11","termInDays":90}"#)
            #expect(taxed.text("withholdingTax") == "4068.49" && taxed.text("netInterest") == "23054.80")
        }
    }

    @Test func dayCountsOfTheVectors() async throws {
        try await DayBank.run { bank in
            for (from, to, convention, days) in [
                ("2024-01-15", "2024-07-15", "actual365", "182"), ("2006-08-31", "2007-02-28", "thirty360", "178"),
                ("2007-02-28", "2007-08-31", "thirty360", "183"), ("2008-02-28", "2008-03-31", "thirty360", "33"),
                ("2007-02-28", "2007-08-31", "thirtyE360", "182"), ("2006-08-31", "2007-02-28", "thirty360Us", "180"),
                ("2007-02-28", "2007-08-31", "thirty360Us", "180"),
            ] {
                let answer = await calculate(
                    bank, "day-count", "{\"from\":\"\(from)\",\"to\":\"\(to)\",\"convention\":\"\(convention)\"}")
                #expect(answer.text("days") == days, "\(from) \(to) \(convention) \(answer.text)")
            }
            let isda = await calculate(bank, "day-count", #"{"from":"2003-11-01","to":"2004-05-01","convention":"actualActual"}"#)
            #expect(isda.text("yearFraction") == "0.497724380567")
        }
    }
}
