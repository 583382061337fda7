import Application
import Audit
import Kernel
import Postgres

/// What a batch is decided on.
///
/// Usually nothing is read at all: the writer remembers the heads of its lanes, the day and the accounts from its own last commits, and
/// the write proves that all of it was still true (`BatchWrite`). What is refused is never refused on memory's word, though, and a
/// batch with holds, callers' identifiers or reversals needs the tables: those are read first. After a conflict the rows are locked before
/// they are read. Within this process no two batches hold the same account (`PostingQueue`).
struct BatchInput {
    enum Source: Equatable {
        /// What is remembered; accounts that are not are read.
        case memory
        /// What the tables say now.
        case tables
        /// What the tables say, under row locks that are kept until the commit.
        case lockedTables
    }

    private(set) var lane: ChainLane
    private(set) var auditLane: ChainLane
    private(set) var businessDate: BusinessDate
    /// Identifiers of this day begin here.
    private(set) var dayFloor: UInt128
    private(set) var accounts: [AccountState] = []
    private(set) var holds: [HoldState] = []
    /// Keys that were used before.
    private(set) var outcomes: [UInt128: StoredOutcome] = [:]
    /// Transaction identifiers of callers that were used before.
    private(set) var clientTransactions: [UInt128: ClientTransaction] = [:]
    /// Journals of the bank whose identifiers callers want to use for transactions of their own.
    private(set) var mintedJournals: Set<UInt128> = []
    /// Which of the journals to be reversed have been reversed before.
    private(set) var reversed: Set<Identifier<Journal>> = []
    /// The accounts of the general ledger that can be posted to.
    private(set) var chart: Set<GLCode>
    /// The newest step of any hold of the batch: what follows must come after it.
    private(set) var lastHoldChange: UInt128 = 0
    /// True when the reading began a transaction, which the write goes on with.
    private(set) var hasBegun = false

    struct ClientTransaction {
        let journal: UInt128
        let caller: UInt128
        let bodyDigest: UInt128
    }

    static let chain = "journal"
    private static let openDay: SQL =
        "SELECT business_date, first_journal FROM ledger.business_day ORDER BY business_date DESC LIMIT 1"

    /// From memory.
    init(
        _ names: BatchNames, known: WriterMemory.Known, chart: Set<GLCode>, accounts: AccountCache, on connection: Connection
    ) throws {
        self.chart = chart
        (lane, auditLane, businessDate, dayFloor) = (known.lane, known.auditLane, known.businessDate, known.dayFloor)
        let (remembered, missing) = accounts.states(of: names.accounts)
        self.accounts = remembered
        if !missing.isEmpty { self.accounts += try connection.query(AccountRows.read(missing)).map { try AccountRows.state($0) } }
    }

    /// From the tables.
    /// - Parameter locking: true takes the row locks of the lanes, then those of the accounts in ascending order in one statement
    init(
        _ names: BatchNames, lanes: WriterMemory.ChosenLanes, chart: Set<GLCode>, locking: Bool, on connection: Connection
    ) throws {
        self.chart = chart
        hasBegun = locking || !names.holds.isEmpty
        var statements: [SQL] = hasBegun ? ["BEGIN"] : []
        let first = statements.count
        // Who opens a day holds all lanes; the day is read after that.
        statements.append(Self.heads(lanes, locking: hasBegun))
        statements.append(locking ? AccountRows.lock(names.accounts) : AccountRows.read(names.accounts))
        statements.append(IdempotencyStore.find(names.keys))
        statements.append(Self.openDay)
        if !names.holds.isEmpty {
            statements.append(HoldRows.lock(names.holds))
            statements.append(HoldRows.lastChange(of: names.holds, on: names.accounts))
        }
        if !names.clientTransactions.isEmpty {
            statements.append(
                """
                SELECT transaction_id, journal_id, caller, body_digest FROM ledger.client_transaction
                WHERE transaction_id = ANY(\(names.clientTransactions)::uuid[])
                """)
            statements.append("SELECT id FROM ledger.journal WHERE id = ANY(\(names.clientTransactions.map { $0 & ~0xFF })::uuid[])")
        }
        if !names.reversed.isEmpty {
            statements.append("SELECT journal_id FROM ledger.reversal WHERE journal_id = ANY(\(names.reversed)::uuid[])")
        }
        let isChartKnown = names.glCodes.isSubset(of: chart)
        if !isChartKnown { statements.append("SELECT gl_code FROM ledger.gl_account WHERE is_leaf") }
        let answers = try connection.pipeline(statements)
        if !isChartKnown, let rows = answers.last { self.chart = Set(try rows.map { GLCode(try $0.int32(0)) }) }
        (lane, auditLane) = try Self.heads(answers[first])
        guard let day = answers[first + 3].first else { throw Refusal.unavailable("The books have not been opened yet") }
        (businessDate, dayFloor) = (try day.date(0), try day.uuid(1))
        accounts = try answers[first + 1].map { try AccountRows.state($0) }
        outcomes = try IdempotencyStore.outcomes(answers[first + 2])
        var next = first + 4
        if !names.holds.isEmpty {
            holds = try answers[next].map { try HoldRows.state($0) }
            lastHoldChange = try answers[next + 1].first?.uuid(0) ?? 0
            next += 2
        }
        if !names.clientTransactions.isEmpty {
            for row in answers[next] {
                clientTransactions[try row.uuid(0)] = ClientTransaction(
                    journal: try row.uuid(1), caller: try row.uuid(2), bodyDigest: try row.uuid(3))
            }
            mintedJournals = Set(try answers[next + 1].map { try $0.uuid(0) })
            next += 2
        }
        if !names.reversed.isEmpty { reversed = Set(try answers[next].map { try $0.identifier(0) }) }
    }

    private static func heads(_ lanes: WriterMemory.ChosenLanes, locking: Bool) -> SQL {
        let sql: SQL = """
            SELECT lane, position, last_id, hash, chain FROM platform.chain_lane
            WHERE (chain = \(chain) AND lane = \(lanes.journal)) OR (chain = \(AuditTrail.chain) AND lane = \(lanes.audit))
            ORDER BY chain DESC, lane
            """
        return locking ? sql + " FOR NO KEY UPDATE" : sql
    }

    private static func heads(_ rows: Rows) throws -> (journal: ChainLane, audit: ChainLane) {
        guard rows.count == 2, try rows[0].text(4) == chain else {
            throw PostgresError(kind: .misuse, message: "a chain has no lanes")
        }
        return (try ChainLane(row: rows[0]), try ChainLane(row: rows[1]))
    }
}

/// Everything that the units of a batch name, each once.
struct BatchNames {
    let accounts: [Identifier<Account>]
    let holds: [Identifier<Hold>]
    let keys: [UInt128]
    let clientTransactions: [UInt128]
    let reversed: [Identifier<Journal>]
    /// Whether accounts are opened, whose identifiers must be free.
    let opens: Bool
    /// Of lines of the general ledger alone.
    let glCodes: Set<GLCode>

    init(_ batch: [PendingUnit]) {
        accounts = Array(Set(batch.lazy.flatMap(\.accounts)))
        holds = Array(Set(batch.lazy.flatMap(\.holds)))
        keys = batch.compactMap { $0.unit.idempotency?.digest }
        var clientTransactions: Set<UInt128> = []
        var reversed: Set<Identifier<Journal>> = []
        var glCodes: Set<GLCode> = []
        var opens = false
        for unit in batch {
            for command in unit.unit.commands {
                if case .open = command { opens = true }
                for leg in command.draft?.legs ?? [] {
                    if case .generalLedger(let code) = leg.target { glCodes.insert(code) }
                }
                if let id = command.clientTransactionID { clientTransactions.insert(id) }
                if let id = command.reversalOf { reversed.insert(id) }
            }
        }
        self.clientTransactions = Array(clientTransactions)
        self.reversed = Array(reversed)
        self.glCodes = glCodes
        self.opens = opens
    }

    /// Nothing but accounts and keys, which the write itself can prove.
    var needNoReading: Bool { !opens && holds.isEmpty && clientTransactions.isEmpty && reversed.isEmpty }
}

extension LedgerCommand {
    var draft: JournalDraft? {
        switch self {
        case .journal(let draft), .captureHold(_, _, _, let draft): draft
        case .placeHold, .releaseHold, .expireHold, .sweepAndClose, .open: nil
        }
    }

    var clientTransactionID: UInt128? { draft?.clientTransactionID?.bits }
    var reversalOf: Identifier<Journal>? { draft?.reversalOf }
}
