import Accounts
import Kernel
import Ledger
import Parties
import Postgres
import TestKit
import Testing

@Suite struct PartyTests {
    @Test(arguments: [
        ("Jane Wanjiru", "Jane W***"), ("Amina", "A***"), ("Baraka Traders Ltd", "Baraka T*** L***"), ("", "***"),
        ("  Ngũgĩ   wa Thiong'o ", "Ngũgĩ w*** T***"),
    ])
    func maskedNames(name: String, masked: String) {
        #expect(PartyName.masked(name) == masked)
    }

    @Test func cifNumbers() {
        #expect(CIFNumber.text(serial: 1) == "CIF000000001")
        #expect(CIFNumber.text(serial: 999_999_999) == "CIF999999999")
        #expect(CIFNumber.isWellFormed("CIF000000001"))
        for text in ["cif000000001", "CIF00000001", "CIF0000000011", "CIF00000000A", ""] { #expect(!CIFNumber.isWellFormed(text)) }
    }

    @Test func registeringIsIdempotentByKey() async throws {
        try await TestBank.run { bank in
            let context = bank.context(key: "register")
            let people = [
                NewCustomer.person(firstName: "Amina", middleName: "Njeri", lastName: "Wanjiru", email: "amina@example.com"),
                NewCustomer.organisation(name: "Baraka Traders Ltd", segment: .sme),
            ]
            let first = try await bank.parties.register(people, context: context)
            let again = try await bank.parties.register(people, context: context)
            #expect(first == again)
            #expect(first.map(\.fullName) == ["Amina Njeri Wanjiru", "Baraka Traders Ltd"])
            #expect(Set(first.map(\.cifNumber)).count == 2)
            let stored = try await bank.pool.read { try $0.query("SELECT count(*) FROM parties.customer").first?.int64(0) }
            #expect(stored == 2)
            let found = try await bank.pool.read { try PartyDirectory().require(first[1].cifNumber, in: $0) }
            #expect(found == first[1])
            let byID = try await bank.pool.read { try PartyDirectory().require(first[0].id.description, in: $0) }
            #expect(byID == first[0])
            let missing = try await refusal { try await bank.pool.read { try PartyDirectory().require("CIF999999999", in: $0) } }
            #expect(missing?.code == "customer_not_found")
        }
    }

    @Test func takenIdentifierIsRefused() async throws {
        try await TestBank.run { bank in
            let customer = try await bank.person()
            var twin = NewCustomer.person(firstName: "Other", lastName: "Person")
            twin.id = customer.id
            let refused = try await refusal { [twin] in try await bank.parties.register(twin, context: bank.context()) }
            #expect(refused?.code == "id_in_use")
        }
    }

    /// A block acts on the next posting, on every account of the customer, and is undone as a whole.
    @Test func blockedCustomerCannotPay() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let brian = try await bank.person("Brian", "Otieno")
            let current = try await bank.account(of: amina, balance: 100_000)
            let savings = try await bank.account(of: amina, product: "SAV01", balance: 100_000)
            let other = try await bank.account(of: brian, balance: 100_000)

            let blocked = try await bank.parties.block(amina.id, reason: "court order", context: bank.context(TestBank.compliance))
            #expect(blocked.status == .blocked)
            for account in [current, savings] {
                let refused = try await refusal { try await bank.transfer(100, from: account, to: other) }
                #expect(refused?.code == "customer_blocked")
            }
            try await bank.transfer(100, from: other, to: current)
            let twice = try await refusal { try await bank.parties.block(amina.id, reason: "again", context: bank.context()) }
            #expect(twice?.code == "invalid_state")

            _ = try await bank.parties.unblock(amina.id, reason: "lifted", context: bank.context(TestBank.compliance))
            try await bank.transfer(100, from: current, to: other)
            let versions = try await bank.pool.read { try PartyDirectory().customer(amina.id, in: $0)?.version }
            #expect(versions == 3)
        }
    }

    /// Tiers carry limits in each account's own currency, and tier 0 may not send.
    @Test func tierDecidesWhatAccountsMayDo() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person(tier: 1)
            let brian = try await bank.person("Brian", "Otieno")
            let shillings = try await bank.account(of: amina, balance: 30_000_000)
            let dollars = try await bank.account(of: amina, product: "FCY01", .usd)
            let other = try await bank.account(of: brian, balance: 60_000_000)

            #expect(try await bank.state(shillings)?.transactionLimit == 25_000_000)
            #expect(try await bank.state(shillings)?.maximumBalance == 50_000_000)
            #expect(try await bank.state(dollars)?.transactionLimit == 193_423)
            #expect(try await bank.state(dollars)?.maximumBalance == 386_847)
            let tooMuch = try await refusal { try await bank.transfer(25_000_001, from: shillings, to: other) }
            #expect(tooMuch?.code == "limit_exceeded")
            let tooFull = try await refusal { try await bank.transfer(20_000_001, from: other, to: shillings) }
            #expect(tooFull?.code == "limit_exceeded")

            _ = try await bank.parties.setKYC(amina.id, status: .verified, tier: 2, remarks: "PIN seen", context: bank.context())
            #expect(try await bank.state(shillings)?.transactionLimit == nil)
            #expect(try await bank.state(dollars)?.maximumBalance == nil)
            try await bank.transfer(25_000_001, from: shillings, to: other)

            _ = try await bank.parties.setKYC(amina.id, status: .expired, tier: 2, remarks: "ID ran out", context: bank.context())
            let unverified = try await refusal { try await bank.transfer(1, from: shillings, to: other) }
            #expect(unverified?.code == "kyc_required")
        }
    }
}
