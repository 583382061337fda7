import Accounts
import HTTPEdge
import Kernel
import Parties
import Postgres
import TestKit
import Testing

@Suite struct CatalogueTests {
    private func body(_ code: String = "GOLD1", rate: String = "8", tiers: String? = nil, more: String = "", gl: String = "2003") -> String
    {
        """
        {"productCode":"\(code)","category":"deposits","type":"fixedDeposit","name":"Gold","description":"A deposit","features":["safe"],
         "currencies":["KES"],"status":"active",
         "interest":{"dayCount":"actual365","calculation":"simple","postingFrequency":"atMaturity",
            "tiers":\(tiers ?? #"[{"fromAmount":"0","toAmount":"100000","rate":"\#(rate)"},{"fromAmount":"100000","rate":"9.25"}]"#)},
         "fees":[{"feeCode":"BRK1","event":"earlyBreak","calculation":"percentage","percentage":"1","minAmount":"100","maxAmount":"5000",
            "waivable":true}],
         "limits":{"minBalance":"1000"},"eligibility":[{"ruleType":"age","operator":">=","value":"18"}],
         "accounting":{"principalGl":"\(gl)","interestExpenseGl":"5001","payableGl":"2100"}\(more)}
        """
    }

    @Test func theLifeOfAProduct() async throws {
        try await DayBank.run { bank in
            let (author, second) = (bank.client.signedIn("ProductManager"), bank.client.signedIn("ProductManager#1"))
            let path = "/api/products/GOLD1"
            let created = await author.post("/api/products", body())
            #expect(created.status == 201, "\(created.text)")
            #expect(created.status == 201 && created.text("status") == "draft" && created.text("version") == "1")
            #expect(created.headers["Location"] == path && created.text("accounting", "principalGl") == "2003")
            #expect(created.text("interest", "tiers", 0, "rate") == "8" && created.text("fees", 0, "maxAmount") == "5000.00")
            #expect(await author.post("/api/products", body()).outcome == "409 id_in_use")
            // Nobody outside sees a draft.
            #expect(await bank.client.send(.get, path).outcome == "404 product_not_found")
            #expect(await author.send(.get, path).text("status") == "draft")
            #expect(await author.post("\(path)/activate").outcome == "403 maker_cannot_approve")
            #expect(await bank.client.signedIn("Teller").post("\(path)/activate").status == 403)
            let active = await second.post("\(path)/activate")
            #expect(active.status == 200 && active.text("status") == "active" && active.text("effectiveDate") == "2026-01-05")
            let shown = await bank.client.send(.get, path)
            #expect(shown.status == 200 && shown.text("accounting", "principalGl") == nil)

            // A new version leaves the one in force as it is until its day.
            #expect(await author.send(.put, path, json: body(rate: "7")).outcome == "422 validation_failed")
            #expect(await author.send(.put, path, json: body(rate: "7", more: #","version":4"#)).outcome == "409 version_conflict")
            let revised = await author.send(.put, path, json: body(rate: "7", more: #","version":1"#))
            #expect(revised.status == 200 && revised.text("status") == "draft" && revised.text("version") == "2")
            #expect(await bank.client.send(.get, path).text("interest", "tiers", 0, "rate") == "8")
            #expect(await second.post("\(path)/activate", #"{"effectiveDate":"2026-01-04"}"#).status == 422)
            #expect(await second.post("\(path)/activate", #"{"effectiveDate":"2026-01-08"}"#).status == 200)
            #expect(await bank.client.send(.get, "\(path)?asOf=2026-01-07").text("interest", "tiers", 0, "rate") == "8")
            #expect(await bank.client.send(.get, "\(path)?asOf=2026-01-08").text("interest", "tiers", 0, "rate") == "7")
            #expect(await author.send(.get, "\(path)/versions").count(of: "items") == 2)
            #expect(await bank.client.send(.get, "\(path)/versions").status == 401)

            let off = await author.post("\(path)/deactivate", #"{"reason":"replaced"}"#)
            #expect(off.status == 200 && off.text("status") == "inactive")
            #expect(await author.post("\(path)/deactivate", #"{"reason":"replaced"}"#).outcome == "409 invalid_state")
            #expect(await bank.client.send(.get, path).status == 404)
            #expect(await second.post("\(path)/activate").text("status") == "active")
        }
    }

    /// A contract keeps the version under which it was made.
    @Test func contractsKeepTheirTerms() async throws {
        try await DayBank.run { bank in
            let amina = try await bank.person()
            let current = try await bank.account(of: amina, "CUR01", 10_000_000)
            let (author, second, teller) = (
                bank.client.signedIn("ProductManager"), bank.client.signedIn("Administrator"), bank.client.signedIn("Teller")
            )
            _ = await author.post("/api/products", body())
            _ = await second.post("/api/products/GOLD1/activate")
            let order = """
                {"fromAccountNumber":"\(current.number)","productCode":"GOLD1","amount":"20000","currency":"KES","termInDays":10}
                """
            let old = await teller.post("/api/deposits/fixed-deposits", order)
            _ = await author.send(.put, "/api/products/GOLD1", json: body(rate: "5", more: #","version":1"#))
            _ = await second.post("/api/products/GOLD1/activate")
            let new = await teller.post("/api/deposits/fixed-deposits", order)
            #expect(old.text("interestRate") == "8" && new.text("interestRate") == "5" && new.text("productVersion") == "2")
            #expect(await teller.send(.get, "/api/deposits/\(old.text("depositId") ?? "")").text("interestRate") == "8")
            _ = await author.post("/api/products/GOLD1/deactivate", #"{"reason":"enough"}"#)
            #expect(await teller.post("/api/deposits/fixed-deposits", order).outcome == "422 product_not_active")
        }
    }

    @Test func whatIsWrongWithAProduct() async throws {
        try await DayBank.run { bank in
            let author = bank.client.signedIn("ProductManager")
            for tiers in [
                #"[{"fromAmount":"0","toAmount":"100","rate":"1"},{"fromAmount":"200","rate":"2"}]"#,
                #"[{"fromAmount":"0","toAmount":"100","rate":"1"},{"fromAmount":"50","rate":"2"}]"#,
                #"[{"fromAmount":"0","rate":"1"},{"fromAmount":"50","rate":"2"}]"#,
                #"[{"fromAmount":"100","toAmount":"100","rate":"1"}]"#,
            ] {
                #expect(await author.post("/api/products", body(tiers: tiers)).outcome == "422 tiers_invalid")
            }
            #expect(await author.post("/api/products", body(gl: "7777")).outcome == "404 gl_account_not_found")
            #expect(await author.post("/api/products", body("gold")).outcome == "422 validation_failed")
            #expect(await bank.client.signedIn("FinanceController").post("/api/products", body()).status == 403)
            let cents = #"[{"fromAmount":"0","toAmount":"99.99","rate":"1"},{"fromAmount":"100","rate":"2"}]"#
            #expect(await author.post("/api/products", body(tiers: cents)).status == 201)
        }
    }

    @Test func theCatalogueIsForEverybody() async throws {
        try await DayBank.run { bank in
            let catalog = await bank.client.send(.get, "/api/products/catalog")
            #expect(catalog.status == 200 && catalog.count(of: "items") == 12)
            #expect(catalog.headers["Cache-Control"]?.contains("max-age") == true)
            #expect(await bank.client.send(.get, "/api/products/deposits").count(of: "items") == 7)
            #expect(await bank.client.send(.get, "/api/products/loans").count(of: "items") == 5)
            #expect(await bank.client.send(.get, "/api/products/cards").count(of: "items") == 0)
            #expect(await bank.client.send(.get, "/api/products/catalog?currency=USD").count(of: "items") == 2)
            #expect(await bank.client.send(.get, "/api/products/catalog?q=saving").count(of: "items") == 1)
            #expect(await bank.client.send(.get, "/api/products/catalog?category=toys").status == 422)
            #expect(await bank.client.send(.get, "/api/products/catalog?limit=0").faults == ["limit:out_of_range"])
            let first = await bank.client.send(.get, "/api/products/catalog?limit=11")
            let rest = await bank.client.send(.get, "/api/products/catalog?limit=11&cursor=\(first.text("nextCursor") ?? "")")
            #expect(first.count(of: "items") == 11 && rest.count(of: "items") == 1 && rest.text("nextCursor") == nil)
            #expect(rest.text("items", 0, "productCode") == catalog.text("items", 11, "productCode"))
            let tariff = await bank.client.send(.get, "/api/products/tariff?asOf=2024-08-10")
            #expect(tariff.status == 200 && tariff.text("exciseRate") == "20")
            let rates = await bank.client.send(.get, "/api/products/reference-rates")
            #expect(rates.status == 200 && rates.text("items", 0, "rateCode") == "CBR")
            let savings = await bank.client.send(.get, "/api/products/SAV01")
            #expect(savings.text("interest", "postingFrequency") == "monthly" && savings.text("interest", "tiers", 1, "rate") == "4.5")
        }
    }
}
