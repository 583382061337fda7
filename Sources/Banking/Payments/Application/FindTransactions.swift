import Accounts
import Kernel
import Ledger
import Parties
import Postgres

/// What staff look for among all transactions of the bank.
struct TransactionSearch: Sendable {
    var accountNumber: String?
    var cifNumber: String?
    var reference: String?
    var filter: EntryFilter
    /// Asks for states that no posted transaction has.
    var matchesNothing = false
}

/// A transaction with both of its sides.
struct FoundTransaction: Sendable {
    let details: TransactionDetails
    let lines: [PostedJournal.Line]
    let accountNumbers: [Identifier<Account>: String]
}

/// Finds transactions, each seen by whoever asks: staff see all, customers what happened on their own accounts.
struct FindTransactions: Sendable {
    /// How far back a search goes that names neither an account, nor a customer, nor a reference, nor its first day. Such a search has
    /// no index to follow but time.
    static let openSearchDays: Int32 = 92

    let queries: AccountQueries
    let directory: AccountDirectory
    let businessDay: BusinessDayCache
    let pool: ConnectionPool
    let reader: LedgerReader

    /// One transaction, seen from the viewer's own account, or from the paying side when both or none are the viewer's.
    /// - Throws: 404 `not_found`
    func find(_ id: Identifier<TransactionRecord>, viewer: AccountViewer, context: RequestContext) async throws -> FoundTransaction {
        let missing = Refusal.notFound("not_found", "There is no such transaction")
        let found = try await pool.read(deadline: context.deadline) { try reader.transaction(id, in: $0) }
        guard let (journal, ordinal) = found else { throw missing }
        let lines = journal.lines.filter { $0.ordinal == ordinal }
        guard let own = try await ownLine(of: lines, viewer: viewer) else { throw missing }
        let entries = try await pool.snapshot(deadline: context.deadline) { transaction in
            try reader.entries(
                of: [own.account], limit: 1, before: EntryCursor(journal: journal.id, lineNumber: own.lineNumber + 1), in: transaction)
        }
        guard let details = try await queries.decorated(entries, viewer: viewer).first, details.entry.journal == journal.id else {
            throw missing
        }
        let accounts = try await directory.accounts(ids: lines.compactMap(\.account))
        return FoundTransaction(details: details, lines: lines, accountNumbers: accounts.mapValues(\.number))
    }

    private func ownLine(
        of lines: [PostedJournal.Line], viewer: AccountViewer
    ) async throws -> (account: Identifier<Account>, lineNumber: Int16)? {
        for line in lines.sorted(by: { $0.amount < $1.amount }) {
            guard let account = line.account else { continue }
            do {
                _ = try await queries.access.requireViewable(account.description, by: viewer)
                return (account, line.lineNumber)
            } catch let refusal as Refusal where refusal.kind == .notFound {
                continue
            }
        }
        return nil
    }

    /// A page over the whole bank, newest first.
    func search(
        _ search: TransactionSearch, limit: Int, before place: EntryCursor?, context: RequestContext
    ) async throws -> [TransactionDetails] {
        guard !search.matchesNothing else { return [] }
        guard let accounts = try await accounts(of: search, context: context) else {
            return try await searchEverywhere(search, limit: limit, before: place, context: context)
        }
        var filter = search.filter
        // A reference is a range of journals, which the history of an account finds as it finds a text.
        if let reference = search.reference { filter.text = reference }
        let entries = try await pool.snapshot(deadline: context.deadline) { [filter] in
            try reader.entries(of: accounts, filter: filter, limit: limit, before: place, in: $0)
        }
        return try await queries.decorated(entries.filter { search.reference == nil || $0.reference == search.reference }, viewer: .staff)
    }

    private func searchEverywhere(
        _ search: TransactionSearch, limit: Int, before place: EntryCursor?, context: RequestContext
    ) async throws -> [TransactionDetails] {
        var filter = search.filter
        if search.reference == nil, filter.from == nil, filter != EntryFilter() {
            let today = try await businessDay.current()
            filter.from = min(filter.to ?? today, today).adding(days: -Self.openSearchDays)
        }
        let entries = try await pool.snapshot(deadline: context.deadline) { [filter] in
            try reader.search(filter: filter, reference: search.reference, limit: limit, before: place, in: $0)
        }
        return try await queries.decorated(entries, viewer: .staff)
    }

    /// The accounts a search is limited to; nil when it is about all of them. Somebody who does not exist has none.
    private func accounts(of search: TransactionSearch, context: RequestContext) async throws -> [Identifier<Account>]? {
        var ids: [Identifier<Account>]?
        if let cifNumber = search.cifNumber {
            let customer = try await pool.read(deadline: context.deadline) { try PartyDirectory().customer(cifNumber: cifNumber, in: $0) }
            ids = []
            if let customer { ids = try await queries.accounts(of: customer.id).map(\.record.id) }
        }
        if let number = search.accountNumber {
            let account = try await directory.account(number: number)
            ids = [account?.id].compactMap(\.self).filter { ids?.contains($0) ?? true }
        }
        return ids
    }
}
