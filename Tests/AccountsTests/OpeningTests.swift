import Accounts
import Application
import Kernel
import Ledger
import Parties
import Postgres
import Products
import TestKit
import Testing

@Suite struct OpeningTests {
    private func order(_ customer: CustomerRecord, _ product: String = "CUR01", _ currency: Currency = .kes) -> OpeningOrder {
        OpeningOrder(customer: .id(customer.id), productCode: product, currency: currency)
    }

    private func open(_ bank: TestBank, _ order: OpeningOrder, key: String? = nil) async throws -> CommandReply {
        try await bank.opening.open(order, context: bank.context(TestBank.teller, key: key)) { account in
            CommandAnswer(status: 201, body: Array(account.identity.number.utf8))
        }
    }

    @Test func openedAccountIsActiveEmptyAndNumbered() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let reply = try await open(bank, order(amina, "SAV01"))
            let number = String(decoding: reply.body, as: UTF8.self)
            #expect(AccountNumber(number) != nil)
            #expect(number.hasPrefix("00102"))
            let account = try await bank.queries.account(number, viewer: .customer(amina.id))
            #expect(account.state.status == .active && account.state.balance == 0)
            #expect(account.state.glCode == GLCode(2002))
            #expect(account.identity.name == "Amina Wanjiru" && account.cifNumber == amina.cifNumber)
            #expect(account.productName == "Savings Account")
            #expect(account.record.openedDate == BusinessDate(of: bank.clock.now()))
            let audited = try await bank.pool.read {
                try $0.query("SELECT count(*) FROM audit.record WHERE action = 'accounts.open'").first?.int64(0)
            }
            #expect(audited == 1)
        }
    }

    /// The refusals in the contract's order: each case also breaks the rules of the cases after it.
    @Test func refusalsInOrder() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let pending = try await bank.person("Peter", "Kamau", tier: 1, status: .pending)
            let company = try await bank.organisation()
            let blocked = try await bank.person("Blocked", "Person")
            _ = try await bank.parties.block(blocked.id, reason: "court order", context: bank.context())
            _ = try await bank.pool.transaction { _ in }

            var nobody = order(amina, "NONE99", .jpy)
            nobody.customer = .cifNumber("CIF999999999")
            var mixed = order(amina)
            mixed.customer = .both(amina.id, cifNumber: pending.cifNumber)
            var joint = order(amina)
            joint.jointHolders = [.init(cifNumber: "CIF999999998", relationship: "spouse", basisPoints: 5_000)]
            var pendingJoint = order(amina)
            pendingJoint.jointHolders = [.init(cifNumber: pending.cifNumber, relationship: "spouse", basisPoints: 5_000)]
            var blockedJoint = order(amina)
            blockedJoint.jointHolders = [.init(cifNumber: blocked.cifNumber, relationship: "spouse", basisPoints: 5_000)]

            let cases: [(OpeningOrder, String)] = [
                (nobody, "customer_not_found"), (mixed, "customer_not_found"), (joint, "customer_not_found"),
                (order(pending, "NONE99", .jpy), "product_not_found"), (order(pending, "CUR01", .usd), "currency_not_offered"),
                (order(pending, "FD01"), "kyc_required"), (pendingJoint, "kyc_required"), (order(company), "not_eligible"),
                (order(amina, "FD01"), "not_eligible"), (order(amina, "PLN01"), "not_eligible"),
                (order(blocked), "customer_blocked"), (blockedJoint, "customer_blocked"),
            ]
            for (order, code) in cases {
                let refused = try await refusal { try await open(bank, order) }
                #expect(refused?.code == code, "\(order.productCode) \(order.currency)")
            }
            let count = try await bank.pool.read { try $0.query("SELECT count(*) FROM accounts.account").first?.int64(0) }
            #expect(count == 0)
        }
    }

    @Test func inactiveProductIsNotOffered() async throws {
        try await TestBank.run { bank in
            let pending = try await bank.person(tier: 1, status: .pending)
            _ = try await bank.database.superuserPool.transaction {
                try $0.execute("UPDATE products.product_version SET status = 'inactive' WHERE product_code = 'CUR01'")
            }
            bank.tariffs.invalidate()
            let refused = try await refusal { try await open(bank, order(pending, "CUR01", .usd)) }
            #expect(refused?.code == "product_not_active")
        }
    }

    @Test func repeatedKeyAnswersTheSameAccount() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let first = try await open(bank, order(amina), key: "once")
            let again = try await open(bank, order(amina), key: "once")
            #expect(again.isReplay && again.body == first.body && again.status == 201)
            let count = try await bank.pool.read { try $0.query("SELECT count(*) FROM accounts.account").first?.int64(0) }
            #expect(count == 1)
        }
    }

    /// However many of a customer's first accounts open at once, one of them keeps the day's outgoing sum.
    @Test func customerHasOneLimitHolder() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let accounts = try await withThrowingTaskGroup(of: AccountIdentity.self) { group in
                for _ in 0..<6 { group.addTask { try await bank.account(of: amina) } }
                return try await group.reduce(into: [AccountIdentity]()) { $0.append($1) }
            }
            #expect(Set(accounts.map(\.limitHolder)).count == 1)
            #expect(Set(accounts.map(\.number)).count == 6)
            #expect(accounts.map(\.id).contains(accounts[0].limitHolder))
        }
    }

    /// What is opened while the customer is being blocked is blocked as well.
    @Test func openingAndBlockingDoNotPassEachOther() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { _ = try? await bank.account(of: amina) } }
                group.addTask {
                    _ = try? await bank.parties.block(amina.id, reason: "court order", context: bank.context())
                }
            }
            let unblocked = try await bank.pool.read { transaction in
                let ids = try transaction.query("SELECT id FROM accounts.account").map { try $0.identifier(0, as: Account.self) }
                return try LedgerAccounts().states(of: ids, in: transaction).values.count { !$0.isCustomerBlocked }
            }
            #expect(unblocked == 0)
        }
    }

    @Test func businessAccountWaitsForSomebodyElsesApproval() async throws {
        try await TestBank.run { bank in
            let company = try await bank.organisation()
            let director = try await bank.person("Grace", "Achieng")
            let order = OpeningOrder(
                kind: .business, customer: .cifNumber(company.cifNumber), productCode: "CUR01", currency: .kes,
                signatories: [.init(cifNumber: director.cifNumber, role: "director", canInitiate: true, canApprove: true)])
            let reply = try await bank.opening.open(order, context: bank.context(TestBank.teller)) { account in
                #expect(account.state.status == .pendingApproval && account.record.workflowID != nil)
                return CommandAnswer(status: 202, body: Array(account.record.id.description.utf8))
            }
            let id = try #require(Identifier<Account>(String(decoding: reply.body, as: UTF8.self)))
            let account = try await bank.directory.require(id.description)

            // Nothing moves and the organisation sees nothing yet.
            let funded = try await refusal {
                try await bank.seeding.bookOpeningBalance(Money(minorUnits: 100, currency: .kes), on: id, key: "x")
            }
            #expect(funded?.code == "account_not_active")
            let hidden = try await refusal { try await bank.queries.account(account.number, viewer: .customer(company.id)) }
            #expect(hidden?.code == "account_not_found")
            #expect(try await bank.queries.accounts(of: company.id).isEmpty)

            let own = try await refusal {
                try await bank.changes.approveOpening(id, reason: "looks fine", context: bank.context(TestBank.teller))
            }
            #expect(own?.code == "maker_cannot_approve")
            try await bank.changes.approveOpening(id, reason: "looks fine", context: bank.context(TestBank.manager))
            #expect(try await bank.state(account)?.status == .active)
            #expect(try await bank.queries.accounts(of: company.id).map(\.identity.number) == [account.number])
            let summary = try await bank.queries.summary(account.number, viewer: .staff)
            #expect(summary.signatories.map(\.cifNumber) == [director.cifNumber])
            let again = try await refusal {
                try await bank.changes.rejectOpening(id, reason: "changed my mind", context: bank.context(TestBank.manager))
            }
            #expect(again?.code == "invalid_state")
        }
    }

    @Test func manyAccountsOpenInOneCommitOrNotAtAll() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let good = (0..<5).map { index in
                var order = order(amina)
                order.id = Identifier(bits: UInt128(1_000 + index))
                order.openedDate = day("1993-01-01")
                return order
            }
            let refused = try await refusal { try await bank.opening.openAll(good + [order(amina, "NONE99")], context: bank.context()) }
            #expect(refused?.code == "product_not_found")
            let opened = try await bank.opening.openAll(good, context: bank.context(key: "import"))
            #expect(opened.map(\.bits) == [1_000, 1_001, 1_002, 1_003, 1_004])
            #expect(try await bank.opening.openAll(good, context: bank.context(key: "import")) == opened)
            #expect(try await bank.queries.account(opened[0].description, viewer: .staff).record.openedDate == day("1993-01-01"))
            let taken = try await refusal { try await bank.opening.openAll([good[0]], context: bank.context()) }
            #expect(taken?.code == "id_in_use")
        }
    }

    @Test func seedingTwiceBooksOnce() async throws {
        try await TestBank.run { bank in
            let company = try await bank.organisation()
            let order = OpeningOrder(kind: .business, customer: .id(company.id), productCode: "CUR01", currency: .kes)
            var ids: Set<Identifier<Account>> = []
            for _ in 0..<2 {
                let id = try await bank.seeding.open(order, key: "corporate/kes")
                try await bank.seeding.bookOpeningBalance(Money(minorUnits: 1_000_000_000, currency: .kes), on: id, key: "corporate/kes")
                ids.insert(id)
            }
            let account = try await bank.directory.require(try #require(ids.first).description)
            #expect(ids.count == 1)
            #expect(try await bank.state(account)?.balance == 1_000_000_000)
            #expect(try await bank.state(account)?.status == .active)
        }
    }
}
