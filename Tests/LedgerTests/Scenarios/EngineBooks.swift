import Kernel
import Ledger
import Postgres
import TestKit

/// The engine on PostgreSQL. Several scenarios may share one bank: each has accounts of its own, and days only go on.
final class EngineBooks: ScenarioBooks {
    private let bank: Bank
    private let clock: ManualClock
    private let scenario: Int
    private(set) var businessDate: BusinessDate

    init(bank: Bank, clock: ManualClock, businessDate: BusinessDate, scenario: Int) {
        self.bank = bank
        self.clock = clock
        self.businessDate = businessDate
        self.scenario = scenario
    }

    var now: Timestamp { clock.now() }

    func identifier<Entity>(_: Entity.Type) -> Identifier<Entity> { bank.ids.next() }

    func open(_ account: NewLedgerAccount, balance: Int64) async throws {
        try await bank.database.pool.transaction { try LedgerAccounts().open(account, in: $0) }
        guard balance != 0 else { return }
        try await bank.post([
            .journal(
                JournalDraft(
                    kind: .opening, type: .opening, referencePrefix: "OPN", sourceType: "opening",
                    legs: [
                        Leg(.account(account.id), amount: balance, currency: account.currency, type: .opening),
                        Leg(.generalLedger(ChartOfAccounts.capital), amount: -balance, currency: account.currency, type: .opening),
                    ]))
        ])
    }

    func change(_ account: Identifier<Account>, to state: String) async throws {
        let ledger = LedgerAccounts()
        if state == "closed" {
            let template = JournalDraftTemplate(referencePrefix: "CLO", sourceType: "accountClosing", narration: "Closing")
            try await bank.post([.sweepAndClose(account, to: nil, template)])
            return
        }
        try await bank.database.pool.transaction { transaction in
            switch state {
            case "active": _ = try ledger.unfreeze(account, in: transaction)
            case "frozen:debits": _ = try ledger.freeze(account, scope: .debits, in: transaction)
            case "frozen:all": _ = try ledger.freeze(account, scope: .all, in: transaction)
            case "dormant": _ = try ledger.markDormant(account, in: transaction)
            case "rejected": _ = try ledger.reject(account, in: transaction)
            case "blocked", "unblocked":
                guard let known = try ledger.state(of: account, in: transaction), let owner = known.owner else { return }
                try ledger.constrain(
                    owner: owner, isBlocked: state == "blocked", requiresKYC: known.requiresKYC, transactionLimit: known.transactionLimit,
                    maximumBalance: known.maximumBalance, in: transaction)
            default: throw ScenarioError("change", "there is no state \(state)")
            }
        }
    }

    func post(_ commands: [LedgerCommand], key: String?, body: String, user: String) async throws -> PostingReceipt {
        let user = Identifier<User>(bits: user.utf8.reduce(UInt128(scenario)) { $0 << 8 | UInt128($1) })
        return try await bank.engine.post(bank.unit(commands, key: key, body: body, user: user))
    }

    func account(_ id: Identifier<Account>) async throws -> AccountState? {
        try await bank.database.pool.read { try LedgerAccounts().state(of: id, in: $0) }
    }

    func hold(_ id: Identifier<Hold>) async throws -> HoldState? { try await bank.hold(id) }

    func advance(seconds: Int64) async throws { clock.advance(seconds: seconds) }

    func openDay(after days: Int32) async throws {
        businessDate = businessDate.adding(days: days)
        guard try await bank.openDay(businessDate) else { throw ScenarioError("day", "\(businessDate) is not later") }
    }
}
