import Accounts
import Kernel
import Ledger
import Parties
import Postgres

/// Takes over a Czech bank: its clients, its accounts with their holders, and every transaction in the order of its dates.
///
/// Everything it does is done under the other bank's own numbers, so it may be stopped at any moment, even by a power cut, and run
/// again: what is done is found done, the rest is done, and the books end the same. Rows are the other bank's history, posted with
/// the bank's authority: an overdrawn balance is taken over, not refused.
public struct CzechBankImport: Sendable {
    /// What it works with.
    public struct Services: Sendable {
        public let pool: ConnectionPool
        public let engine: PostingEngine
        public let parties: PartyCommands
        public let opening: AccountOpening
        public let clock: any WallClock
        public let identifiers: any IdentifierSource

        public init(
            pool: ConnectionPool, engine: PostingEngine, parties: PartyCommands, opening: AccountOpening, clock: any WallClock,
            identifiers: any IdentifierSource
        ) {
            self.pool = pool
            self.engine = engine
            self.parties = parties
            self.opening = opening
            self.clock = clock
            self.identifiers = identifiers
        }
    }

    public struct Options: Sendable, Equatable {
        /// The bank whose numbers the files use. Files of one dataset may lie in several folders and come at several times; files of
        /// another bank that counts from 1 as well need a dataset of their own.
        public var dataset: String
        /// What imported accounts are opened as.
        public var productCode: String

        public init(dataset: String = "pkdd99", productCode: String = "FCY01") {
            self.dataset = dataset
            self.productCode = productCode
        }
    }

    private let services: Services
    private let options: Options

    public init(services: Services, options: Options = Options()) {
        self.services = services
        self.options = options
    }

    /// Whether the four files are there and begin as they must.
    public static func check(folder path: String) throws(ImportFailure) { _ = try CzechBankFolder(path: path) }

    /// Imports a folder with clients.csv, accounts.csv, dispositions.csv and transactions.csv.
    /// - Parameter observer: hears how far it is; called often, from any thread
    /// - Throws: `ImportFailure`; `Refusal` 503 and `PostgresError` when the database is away
    public func run(folder path: String, observer: @escaping ImportObserver = { _ in }) async throws -> ImportReport {
        let folder = try CzechBankFolder(path: path)
        let transactionCount = folder.transactions.rows.count
        do {
            return try await run(folder, path: path, observer: observer)
        } catch let failure as ImportFailure {
            throw failure
        } catch  where Task.isCancelled {
            throw ImportFailure.interrupted(done: 0, of: transactionCount)
        }
    }

    private func run(_ folder: CzechBankFolder, path: String, observer: @escaping ImportObserver) async throws -> ImportReport {
        let clock = services.clock
        let begin = clock.now()
        let keys = ImportKeys(dataset: options.dataset)
        let references = ReferenceStore(pool: services.pool, dataset: options.dataset)
        let ledger = LedgerReader(clock: clock)
        let businessDate = try await services.pool.read { try ledger.businessDate(in: $0) }
        var report = ImportReport(dataset: options.dataset, folder: path)

        let clients = try await ClientRegistration(services: services, references: references, keys: keys).run(
            folder.clients, others: Set(folder.dispositions.rows.map(\.client)), observer: observer)
        let accounts = try await AccountRegistration(
            services: services, options: options, references: references, keys: keys, people: clients.people
        ).run(
            folder.accounts, folder.dispositions, others: Set(folder.transactions.rows.map(\.account)), on: businessDate,
            observer: observer)
        let registered = clock.now()

        let (rows, refusals) = postable(folder.transactions, accounts: accounts.accounts, keys: keys, on: businessDate)
        let outcomes = try await TransactionPoster(engine: services.engine, keys: keys, clock: clock).post(rows, observer: observer)
        let posted = clock.now()

        var tally = FileTally(.transactions, rowsRead: folder.transactions.rowsRead)
        tally.taken = outcomes.count { $0 == .posted }
        tally.takenBefore = outcomes.count { $0 == .postedBefore }
        let refused = zip(rows, outcomes).compactMap { row, outcome -> RowRefusal? in
            if case .refused(let refusal) = outcome { row.row.refused(refusal) } else { nil }
        }
        tally.refused = refusals.count + refused.count
        report.files = [clients.tally, accounts.tally, accounts.dispositionTally, tally]
        report.refusals = (clients.refusals + accounts.refusals + refusals + refused).sorted { ($0.file, $0.row) < ($1.file, $1.row) }
        assert(report.files.allSatisfy { $0.rowsRead == $0.taken + $0.takenBefore + $0.refused }, "every row is accounted for")

        observer(ImportProgress(phase: .checking, done: 0, total: 1))
        try await Reconciliation(pool: services.pool, clock: clock).run(rows, outcomes, accounts: accounts.accounts, into: &report)
        observer(ImportProgress(phase: .checking, done: 1, total: 1))
        let end = clock.now()
        report.registrationMicroseconds = registered.microseconds - begin.microseconds
        report.postingMicroseconds = posted.microseconds - registered.microseconds
        report.totalMicroseconds = end.microseconds - begin.microseconds
        return report
    }

    /// The rows that can be handed to the engine, by date and then in the file's order, and those that cannot.
    private func postable(
        _ file: ParsedFile<TransactionRow>, accounts: [Int64: Identifier<Account>], keys: ImportKeys, on businessDate: BusinessDate
    ) -> (rows: [PostableRow], refusals: [RowRefusal]) {
        var rows: [PostableRow] = []
        var refusals = file.refusals
        for row in file.rows {
            guard let account = accounts[row.account] else {
                refusals.append(row.refused("account_not_found", "account \(row.account) is not in the bank"))
                continue
            }
            guard row.date <= businessDate else {
                refusals.append(row.refused("in_future", "date: \(row.date) is after the business date \(businessDate)"))
                continue
            }
            rows.append(PostableRow(row: row, account: account, key: keys.key(row)))
        }
        rows.sort { ($0.row.date, $0.row.row) < ($1.row.date, $1.row.row) }
        return (rows, refusals)
    }
}
