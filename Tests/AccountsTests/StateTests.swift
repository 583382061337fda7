import Accounts
import Application
import Kernel
import Ledger
import Parties
import Postgres
import TestKit
import Testing

@Suite struct StateTests {
    enum Step: String, CaseIterable, Sendable {
        case freezeAll, freezeDebits, unfreeze, markDormant, reactivate, close, approve, reject
    }

    /// Brings an account into a state by the ways there are.
    private func account(in status: AccountStatus, _ bank: TestBank, of customer: CustomerRecord) async throws -> AccountIdentity {
        if status == .pendingApproval || status == .rejected {
            let company = try await bank.organisation()
            let order = OpeningOrder(kind: .business, customer: .id(company.id), productCode: "CUR01", currency: .kes)
            let id = try #require(try await bank.opening.openAll([order], context: bank.context(TestBank.teller)).first)
            if status == .rejected {
                try await bank.changes.rejectOpening(id, reason: "not wanted", context: bank.context(TestBank.manager))
            }
            return try await bank.directory.require(id.description)
        }
        let account = try await bank.account(of: customer)
        switch status {
        case .frozen: try await take(.freezeAll, on: account, bank, as: TestBank.supervisor)
        case .dormant: try await take(.markDormant, on: account, bank, as: TestBank.manager)
        case .closed: try await take(.close, on: account, bank, as: TestBank.manager)
        case .active, .pendingApproval, .rejected: break
        }
        return account
    }

    private func take(_ step: Step, on account: AccountIdentity, _ bank: TestBank, as principal: Principal) async throws {
        let context = bank.context(principal)
        let render: AccountStateCommands.Render = { _ in CommandAnswer(body: []) }
        switch step {
        case .freezeAll:
            _ = try await bank.changes.freeze(account.number, scope: .all, reason: "suspicious", context: context, render: render)
        case .freezeDebits:
            _ = try await bank.changes.freeze(account.number, scope: .debits, reason: "suspicious", context: context, render: render)
        case .unfreeze: _ = try await bank.changes.unfreeze(account.number, reason: "cleared", context: context, render: render)
        case .markDormant: try await bank.changes.markDormant(account.id, reason: "a year without orders", context: context)
        case .reactivate: _ = try await bank.changes.reactivate(account.number, reason: "visited", context: context, render: render)
        case .close: _ = try await bank.closing.close(account.number, transferTo: nil, reason: "no longer needed", context: context)
        case .approve: try await bank.changes.approveOpening(account.id, reason: "in order", context: context)
        case .reject: try await bank.changes.rejectOpening(account.id, reason: "not in order", context: context)
        }
    }

    /// Every step from every state (contract, appendix B): either the next state, or 409 with the state as it is.
    @Test(arguments: AccountStatus.allCases)
    func everyStepFromEveryState(status: AccountStatus) async throws {
        let allowed: [AccountStatus: [Step: AccountStatus]] = [
            .pendingApproval: [.approve: .active, .reject: .rejected],
            .active: [.freezeAll: .frozen, .freezeDebits: .frozen, .markDormant: .dormant, .close: .closed],
            .frozen: [.unfreeze: .active], .dormant: [.reactivate: .active, .close: .closed], .closed: [:], .rejected: [:],
        ]
        try await TestBank.run { bank in
            let amina = try await bank.person()
            for step in Step.allCases {
                let account = try await account(in: status, bank, of: amina)
                let refused = try await refusal { try await take(step, on: account, bank, as: TestBank.manager) }
                let next = try await bank.state(account)?.status
                if let expected = allowed[status]?[step] {
                    #expect(refused == nil, "\(step) from \(status.name)")
                    #expect(next == expected, "\(step) from \(status.name)")
                } else {
                    #expect(refused?.code == "invalid_state", "\(step) from \(status.name)")
                    #expect(refused?.members == [.init("currentState", .text(status.name))], "\(step) from \(status.name)")
                    #expect(next == status, "\(step) from \(status.name)")
                }
                // The copy that searches use says the same.
                let copy = try await bank.pool.read { transaction in
                    try transaction.query("SELECT status FROM accounts.account WHERE id = \(account.id)").first?.text(0)
                }
                #expect(copy == next?.name)
            }
        }
    }

    @Test func freezeScopesStopWhatTheySay() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let brian = try await bank.person("Brian", "Otieno")
            let account = try await bank.account(of: amina, balance: 10_000)
            let other = try await bank.account(of: brian, balance: 10_000)
            try await take(.freezeDebits, on: account, bank, as: TestBank.supervisor)
            #expect(try await refusal { try await bank.transfer(100, from: account, to: other) }?.code == "account_frozen")
            try await bank.transfer(100, from: other, to: account)
            try await take(.unfreeze, on: account, bank, as: TestBank.manager)
            try await take(.freezeAll, on: account, bank, as: TestBank.supervisor)
            #expect(try await refusal { try await bank.transfer(100, from: other, to: account) }?.code == "account_frozen")
            // It stays readable.
            #expect(try await bank.queries.balance(account.number, viewer: .customer(amina.id)).figures.balance == 10_100)
        }
    }

    @Test func whoFrozeCannotUnfreeze() async throws {
        try await TestBank.run { bank in
            let account = try await bank.account(of: try await bank.person())
            try await take(.freezeAll, on: account, bank, as: TestBank.manager)
            let own = try await refusal { try await take(.unfreeze, on: account, bank, as: TestBank.manager) }
            #expect(own?.code == "four_eyes_required" && own?.kind == .forbidden)
            #expect(try await bank.state(account)?.status == .frozen)
            try await take(.unfreeze, on: account, bank, as: TestBank.compliance)
            // Only the newest freeze counts.
            try await take(.freezeAll, on: account, bank, as: TestBank.compliance)
            try await take(.unfreeze, on: account, bank, as: TestBank.manager)
            #expect(try await bank.state(account)?.status == .active)
        }
    }

    @Test func changesAreRecordedWithTheirReason() async throws {
        try await TestBank.run { bank in
            let account = try await bank.account(of: try await bank.person())
            try await take(.freezeDebits, on: account, bank, as: TestBank.supervisor)
            try await take(.unfreeze, on: account, bank, as: TestBank.manager)
            let history = try await bank.pool.read { transaction in
                try transaction.query(
                    "SELECT change, scope, reason, changed_by FROM accounts.state_change WHERE account_id = \(account.id) ORDER BY id"
                ).map { "\(try $0.text(0)) \(try $0.textOrNil(1) ?? "-") \(try $0.text(2)) \(try $0.identifier(3, as: User.self).bits)" }
            }
            #expect(history == ["freeze debits suspicious 2", "unfreeze - cleared 3"])
            let audited = try await bank.pool.read {
                try $0.query("SELECT action FROM audit.record WHERE action LIKE 'accounts.%freeze' ORDER BY id").map { try $0.text(0) }
            }
            #expect(Set(audited) == ["accounts.freeze", "accounts.unfreeze"])
            #expect(try await bank.queries.account(account.number, viewer: .staff).record.version == 3)
            let error = await #expect(throws: PostgresError.self) {
                try await bank.pool.transaction { try $0.execute("DELETE FROM accounts.state_change") }
            }
            #expect(error?.sqlState == "42501")
        }
    }
}

@Suite struct ClosingTests {
    private func close(
        _ account: AccountIdentity, to number: String? = nil, _ bank: TestBank, key: String? = nil
    ) async throws -> Bool {
        try await bank.closing.close(
            account.number, transferTo: number, reason: "no longer needed", context: bank.context(TestBank.manager, key: key)
        ).isReplay
    }

    @Test func refusals() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let brian = try await bank.person("Brian", "Otieno")
            let account = try await bank.account(of: amina, balance: 5_000)
            let dollars = try await bank.account(of: amina, product: "FCY01", .usd)
            let foreign = try await bank.account(of: brian)
            let closed = try await bank.account(of: amina)
            _ = try await close(closed, bank)

            let missing = try await refusal {
                try await bank.closing.close("0010100000000", transferTo: nil, reason: "x", context: bank.context())
            }
            #expect(missing?.code == "account_not_found")
            let cases: [(String?, String)] = [
                ("0010100000000", "destination_not_found"), (foreign.number, "destination_not_found"), (account.number, "same_account"),
                (dollars.number, "currency_mismatch"), (nil, "balance_not_zero"), (closed.number, "account_closed"),
            ]
            for (number, code) in cases {
                let refused = try await refusal { try await close(account, to: number, bank) }
                #expect(refused?.code == code)
            }
            #expect(try await bank.state(account)?.balance == 5_000)
        }
    }

    @Test func holdsKeepAnAccountOpen() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let account = try await bank.account(of: amina, balance: 5_000)
            let other = try await bank.account(of: amina)
            let context = bank.context()
            let hold = HoldDraft(
                id: bank.identifiers.next(), account: account.id, amount: 1_000, currency: .kes, reason: "card", expiresAt: nil)
            _ = try await bank.engine.post(
                PostingUnit(
                    commands: [.placeHold(hold)], context: context, idempotency: nil,
                    audit: AuditRecord(
                        action: "test.hold", outcome: .success, actor: nil, subjectType: "account", subjectID: "", context: context)))
            #expect(try await refusal { try await close(account, bank) }?.code == "balance_not_zero")
            #expect(try await refusal { try await close(account, to: other.number, bank) }?.code == "holds_exist")
            #expect(try await bank.queries.summary(account.number, viewer: .staff).holdCount == 1)
        }
    }

    @Test func sweepMovesEverythingAndClosesForGood() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let account = try await bank.account(of: amina, balance: 5_000)
            let other = try await bank.account(of: amina, balance: 100)
            #expect(try await close(account, to: other.number, bank, key: "close") == false)
            #expect(try await bank.state(other)?.balance == 5_100)
            let closed = try await bank.queries.account(account.number, viewer: .customer(amina.id))
            #expect(closed.state.status == .closed && closed.state.balance == 0)
            #expect(closed.record.closedDate == BusinessDate(of: bank.clock.now()))
            // A repetition under the same key is the same closing; another one meets a closed account.
            #expect(try await close(account, to: other.number, bank, key: "close"))
            let again = try await refusal { try await close(account, bank) }
            #expect(again?.code == "invalid_state")
            #expect(try await refusal { try await bank.transfer(1, from: other, to: account) }?.code == "account_closed")
            let listed = try await bank.queries.accounts(AccountFilter(status: .closed), limit: 10, before: nil)
            #expect(listed.map(\.identity.number) == [account.number])
        }
    }

    /// The engine closed the account and the process died before it wrote this room's copy: the event brings it.
    @Test func eventCompletesAClosing() async throws {
        try await TestBank.run { bank in
            let account = try await bank.account(of: try await bank.person())
            _ = try await close(account, bank)
            _ = try await bank.database.superuserPool.transaction {
                try $0.execute("UPDATE accounts.account SET status = 'active', closed_date = NULL")
            }
            let dispatcher = OutboxDispatcher(
                pool: bank.pool, handlers: [AccountClosing.event: [AccountClosing.handler(clock: bank.clock)]])
            for _ in 0..<2 { try await dispatcher.dispatch() }
            let record = try await bank.queries.account(account.number, viewer: .staff).record
            #expect(record.closedDate == BusinessDate(of: bank.clock.now()))
        }
    }
}
