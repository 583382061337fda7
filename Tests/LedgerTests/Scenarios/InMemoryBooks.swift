import Kernel
import Ledger
import TestKit

/// A posting book alone: what the engine decides, without a database.
final class InMemoryBooks: ScenarioBooks {
    private let ids = SequenceIdentifiers()
    private let source = SequenceIdentifiers(first: 1_000_000)
    private var accounts: [Identifier<Account>: AccountState] = [:]
    private var holds: [Identifier<Hold>: HoldState] = [:]
    private var reversed: Set<Identifier<Journal>> = []
    private var book: PostingBook?
    private(set) var businessDate = BusinessDate(of: .startOfTests)
    private(set) var now = Timestamp.startOfTests
    /// True keeps one book for all units as a batch does; false makes a new one for each.
    private let isOneBatch: Bool

    init(isOneBatch: Bool) {
        self.isOneBatch = isOneBatch
    }

    func identifier<Entity>(_: Entity.Type) -> Identifier<Entity> { ids.next() }

    func open(_ account: NewLedgerAccount, balance: Int64) async throws {
        settle()
        accounts[account.id] = AccountState(
            id: account.id, glCode: account.glCode, currency: account.currency, owner: account.owner, status: account.status,
            isCustomerBlocked: account.isCustomerBlocked, requiresKYC: account.requiresKYC, balance: balance,
            overdraftLimit: account.overdraftLimit, minimumBalance: account.minimumBalance, transactionLimit: account.transactionLimit,
            maximumBalance: account.maximumBalance,
            isOverdrawnByBank: balance + account.overdraftLimit < account.minimumBalance)
    }

    func change(_ account: Identifier<Account>, to state: String) async throws {
        settle()
        switch state {
        case "active": set(account, .active, .none)
        case "frozen:debits": set(account, .frozen, .debits)
        case "frozen:all": set(account, .frozen, .all)
        case "dormant": set(account, .dormant, .none)
        case "closed": set(account, .closed, .none)
        case "rejected": set(account, .rejected, .none)
        case "blocked": accounts[account]?.isCustomerBlocked = true
        case "unblocked": accounts[account]?.isCustomerBlocked = false
        default: throw ScenarioError("change", "there is no state \(state)")
        }
    }

    func post(_ commands: [LedgerCommand], key: String?, body: String, user: String) async throws -> PostingReceipt {
        let source = source
        // Journals end in eight zero bits and come after everything before them.
        var current =
            book
            ?? PostingBook(
                accounts: Array(accounts.values), holds: Array(holds.values), reversed: reversed, businessDate: businessDate, now: now,
                lane: 0, position: 0, mint: { source.nextBits() & ~0xFF })
        defer {
            book = current
            if !isOneBatch { settle() }
        }
        let effects = try current.apply(commands, channel: .system, initiatedBy: nil)
        reversed.formUnion(effects.journals.compactMap(\.reversalOf))
        return PostingReceipt(isReplay: false, journals: effects.journals, holds: effects.holdChanges.map(\.state))
    }

    func account(_ id: Identifier<Account>) async throws -> AccountState? { book?.accounts[id] ?? accounts[id] }
    func hold(_ id: Identifier<Hold>) async throws -> HoldState? { book?.holds[id] ?? holds[id] }

    func advance(seconds: Int64) async throws {
        settle()
        now = now.adding(seconds: seconds)
    }

    func openDay(after days: Int32) async throws {
        settle()
        businessDate = businessDate.adding(days: days)
    }

    private func set(_ account: Identifier<Account>, _ status: AccountStatus, _ scope: FreezeScope) {
        accounts[account]?.status = status
        accounts[account]?.freezeScope = scope
    }

    /// Ends the batch: what it decided is what there is.
    private func settle() {
        guard let book else { return }
        accounts = book.accounts
        holds = book.holds
        self.book = nil
    }
}
