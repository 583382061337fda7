import Accounts
import Kernel
import Ledger
import Parties
import Postgres
import Testing

@Suite struct OwnershipOfObjectsTests {
    @Test func otherCustomersAccountIsAMissingAccount() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let brian = try await bank.person("Brian", "Otieno")
            let account = try await bank.account(of: amina, balance: 1_000)
            let missing = try await refusal { try await bank.queries.account("0010100000000", viewer: .customer(brian.id)) }
            #expect(missing?.code == "account_not_found")
            for reference in [account.number, account.id.description, Identifier<Account>(bits: 77).description, "nonsense"] {
                let viewer = AccountViewer.customer(brian.id)
                let refusals = [
                    try await refusal { try await bank.queries.account(reference, viewer: viewer) },
                    try await refusal { try await bank.queries.balance(reference, viewer: viewer) },
                    try await refusal { try await bank.queries.summary(reference, viewer: viewer) },
                    try await refusal { try await bank.queries.access.requireTransactable(reference, by: brian.id) },
                ]
                for refusal in refusals { #expect(refusal == missing) }
            }
            #expect(try await bank.queries.account(account.number, viewer: .customer(amina.id)).record.id == account.id)
            #expect(try await bank.queries.account(account.number, viewer: .staff).record.id == account.id)
        }
    }

    @Test func jointHoldersShareAnAccount() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let brian = try await bank.person("Brian", "Otieno")
            let account = try await bank.account(
                of: amina, joint: [.init(cifNumber: brian.cifNumber, relationship: "spouse", basisPoints: 5_000)])
            #expect(account.name == "Amina Wanjiru & Brian Otieno")
            #expect(try await bank.queries.account(account.number, viewer: .customer(brian.id)).record.id == account.id)
            #expect(try await bank.queries.access.requireTransactable(account.number, by: brian.id).id == account.id)
            #expect(try await bank.queries.accounts(of: brian.id).map(\.record.id) == [account.id])
            let found = try await bank.queries.accounts(AccountFilter(cifNumber: brian.cifNumber), limit: 10, before: nil)
            #expect(found.map(\.record.id) == [account.id])

            let mandate = try await bank.account(
                of: amina, rule: .anyTwo, joint: [.init(cifNumber: brian.cifNumber, relationship: "spouse", basisPoints: 5_000)])
            for customer in [amina.id, brian.id] {
                let alone = try await refusal { try await bank.queries.access.requireTransactable(mandate.number, by: customer) }
                #expect(alone?.kind == .forbidden)
            }
        }
    }

    @Test func eachSideSeesWhatItMayKnow() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let brian = try await bank.person("Brian", "Otieno")
            let source = try await bank.account(of: amina, balance: 10_000)
            let savings = try await bank.account(of: amina, product: "SAV01")
            let target = try await bank.account(of: brian)
            let user = TestBank.principal(50, .customer, customer: amina.id)
            try await bank.transfer(1_000, from: source, to: target, fee: 50, by: user)
            try await bank.transfer(10, from: source, to: target, beneficiary: "My brother", by: user)
            try await bank.transfer(20, from: source, to: savings, by: user)

            func page(_ account: AccountIdentity, _ viewer: AccountViewer) async throws -> [TransactionDetails] {
                try await bank.queries.transactions(of: account, filter: EntryFilter(), limit: 10, before: nil, viewer: viewer)
            }
            let sent = try await page(source, .customer(amina.id))
            #expect(sent.map(\.counterpartyAccountNumber) == [savings.number, target.number, nil, target.number, nil])
            #expect(sent.map(\.counterpartyName) == ["Amina Wanjiru", "My brother", nil, "Brian O***", nil])
            #expect(sent[3].initiatedBy == user.userID && sent[3].entry.fee == 50)
            #expect(sent.map(\.entry.balanceAfter) == [8_920, 8_940, 8_950, 9_000, 10_000])

            let received = try await page(target, .customer(brian.id))
            #expect(received.map(\.counterpartyAccountNumber) == Array(repeating: "*********" + source.number.suffix(4), count: 2))
            #expect(received.map(\.counterpartyName) == ["Amina Wanjiru", "Amina Wanjiru"])
            #expect(received.allSatisfy { $0.initiatedBy == nil && $0.entry.fee == 0 })
            #expect(received[1].entry.transactionID == sent[3].entry.transactionID)

            let staff = try await page(target, .staff)
            #expect(staff.map(\.counterpartyAccountNumber) == [source.number, source.number])
            let recent = try await bank.queries.recentTransactions(of: amina.id, limit: 3)
            #expect(recent.map(\.entry.amount) == [20, -20, -10])
        }
    }
}

@Suite struct ListTests {
    /// Rows that are added while somebody pages neither shift nor repeat what he sees.
    @Test func accountPagesAreStableUnderInserts() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            var numbers: [String] = []
            for _ in 0..<7 { numbers.append(try await bank.account(of: amina).number) }
            var seen: [String] = []
            var place: Identifier<Account>?
            repeat {
                let page = try await bank.queries.accounts(AccountFilter(), limit: 3, before: place)
                seen += page.map(\.identity.number)
                place = page.count == 3 ? page.last?.record.id : nil
                _ = try await bank.account(of: amina)
            } while place != nil
            #expect(seen == numbers.reversed())
        }
    }

    @Test func transactionPagesAreStableUnderPostings() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let source = try await bank.account(of: amina, balance: 100_000)
            let target = try await bank.account(of: amina)
            for amount in 1...10 { try await bank.transfer(Int64(amount), from: source, to: target) }
            var amounts: [Int64] = []
            var place: EntryCursor?
            repeat {
                let page = try await bank.queries.transactions(
                    of: target, filter: EntryFilter(), limit: 4, before: place, viewer: .customer(amina.id))
                amounts += page.map(\.entry.amount)
                place = page.count == 4 ? page.last?.entry.cursor : nil
                try await bank.transfer(99, from: source, to: target)
            } while place != nil
            #expect(amounts == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
        }
    }

    @Test func filters() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let brian = try await bank.person("Brian", "Otieno")
            let current = try await bank.account(of: amina)
            let savings = try await bank.account(of: amina, product: "SAV01")
            let dollars = try await bank.account(of: brian, product: "FCY01", .usd)
            func find(_ filter: AccountFilter) async throws -> Set<String> {
                Set(try await bank.queries.accounts(filter, limit: 50, before: nil).map(\.identity.number))
            }
            #expect(try await find(AccountFilter()) == [current.number, savings.number, dollars.number])
            #expect(try await find(AccountFilter(productCode: "SAV01")) == [savings.number])
            #expect(try await find(AccountFilter(currency: .usd)) == [dollars.number])
            #expect(try await find(AccountFilter(branchCode: "001", currency: .kes)) == [current.number, savings.number])
            #expect(try await find(AccountFilter(branchCode: "002")).isEmpty)
            #expect(try await find(AccountFilter(status: .frozen)).isEmpty)
            #expect(try await find(AccountFilter(cifNumber: amina.cifNumber)) == [current.number, savings.number])
            #expect(try await find(AccountFilter(cifNumber: "CIF999999999")).isEmpty)
            #expect(try await find(AccountFilter(text: "wanjiru")) == [current.number, savings.number])
            #expect(try await find(AccountFilter(text: amina.cifNumber.lowercased())) == [current.number, savings.number])
            #expect(try await find(AccountFilter(text: savings.number)) == [savings.number])
            #expect(try await find(AccountFilter(text: "00102")) == [savings.number])
            #expect(try await find(AccountFilter(text: "%")).isEmpty)
        }
    }

    @Test func transactionFilters() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let source = try await bank.account(of: amina, balance: 100_000)
            let target = try await bank.account(of: amina, balance: 5_000)
            try await bank.transfer(1_000, from: source, to: target, narration: "Rent for May", fee: 25)
            try await bank.transfer(2_500, from: target, to: source, narration: "100% back")
            func find(_ filter: EntryFilter) async throws -> [Int64] {
                try await bank.queries.transactions(of: source, filter: filter, limit: 10, before: nil, viewer: .staff).map(\.entry.amount)
            }
            #expect(try await find(EntryFilter()) == [2_500, -25, -1_000, 100_000])
            #expect(try await find(EntryFilter(isCredit: false)) == [-25, -1_000])
            #expect(try await find(EntryFilter(types: [.opening])) == [100_000])
            #expect(try await find(EntryFilter(minimumAmount: 1_000, maximumAmount: 2_500)) == [2_500, -1_000])
            #expect(try await find(EntryFilter(types: [.transfer], text: "rent")) == [-1_000])
            #expect(try await find(EntryFilter(text: "0% b")) == [2_500])
            #expect(try await find(EntryFilter(text: "_")).isEmpty)
            let today = BusinessDate(of: bank.clock.now())
            #expect(try await find(EntryFilter(from: today.adding(days: 1))).isEmpty)
            #expect(try await find(EntryFilter(from: today, to: today)).count == 4)
        }
    }
}

@Suite struct AsOfTests {
    @Test func balanceAtAnyMoment() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let first = BusinessDate(of: bank.clock.now())
            let account = try await bank.account(of: amina, balance: 10_000)
            let other = try await bank.account(of: amina)
            bank.clock.advance(seconds: 60)
            let between = bank.clock.now()
            bank.clock.advance(seconds: 60)
            try await bank.transfer(1_000, from: account, to: other)
            bank.clock.advance(seconds: 60)
            try await bank.openDay(first.adding(days: 1))
            bank.clock.advance(seconds: 60)
            try await bank.transfer(2_000, from: account, to: other)

            func balance(_ asOf: AsOf) async throws -> Int64 {
                try await bank.queries.balance(account.number, asOf: asOf, viewer: .customer(amina.id)).figures.balance
            }
            #expect(try await balance(.now) == 7_000)
            #expect(try await balance(.closeOf(first)) == 9_000)
            #expect(try await balance(.closeOf(first.adding(days: 1))) == 7_000)
            #expect(try await balance(.closeOf(first.adding(days: -1))) == 0)
            #expect(try await balance(.instant(between)) == 10_000)
            #expect(try await balance(.instant(between.adding(seconds: -3_600))) == 0)
            for future: AsOf in [.closeOf(first.adding(days: 2)), .instant(bank.clock.now().adding(seconds: 1))] {
                let refused = try await refusal { try await balance(future) }
                #expect(refused?.fields.map { "\($0.field):\($0.code)" } == ["asOf:out_of_range"])
            }
        }
    }
}
