import Application
import Audit
import Kernel
import Postgres

/// What one round trip brings back: the lane of the chain, held until the commit, and everything the decisions need.
///
/// The accounts themselves are not locked at first. Within this process no two batches hold the same account (`PostingQueue`), and a
/// change by anybody else shows in the account's revision when the batch is written: then the batch is done again under row locks.
/// That spares two row locks and their log records a transfer in the usual case, and is exact in every case.
struct BatchInput {
    let lane: ChainLane
    let auditLane: ChainLane
    let businessDate: BusinessDate
    /// Identifiers of this day begin here.
    let dayFloor: UInt128
    let accounts: [AccountState]
    let holds: [HoldState]
    /// Keys that were used before.
    let outcomes: [UInt128: StoredOutcome]
    /// Transaction identifiers of callers that were used before.
    let clientTransactions: [UInt128: ClientTransaction]
    /// Journals of the bank whose identifiers callers want to use for transactions of their own.
    let mintedJournals: Set<UInt128>
    /// Which of the journals to be reversed have been reversed before.
    let reversed: Set<Identifier<Journal>>

    struct ClientTransaction {
        let journal: UInt128
        let caller: UInt128
        let bodyDigest: UInt128
    }

    static let chain = "journal"
    private static let openDay: SQL =
        "SELECT business_date, first_journal FROM ledger.business_day ORDER BY business_date DESC LIMIT 1"

    /// Begins the transaction, takes the lane and reads. The day is read after the lane is held, because who opens a day holds all lanes.
    /// - Parameter locking: true takes the accounts' row locks, in ascending order in one statement; keys are then read after them
    init(_ batch: [PendingUnit], locking: Bool, on connection: Connection) throws {
        let accountIDs = Array(Set(batch.flatMap(\.accounts)))
        let holdIDs = Array(Set(batch.flatMap(\.holds)))
        let keys = Array(Set(batch.compactMap { $0.unit.idempotency?.digest }))
        let clientIDs = Array(Set(batch.flatMap { $0.unit.commands.compactMap(\.clientTransactionID) }))
        let reversalIDs = Array(Set(batch.flatMap { $0.unit.commands.compactMap(\.reversalOf) }))

        var statements: [SQL] = [
            "BEGIN", ChainLane.takeFree(chain: Self.chain), locking ? AccountRows.lock(accountIDs) : AccountRows.read(accountIDs),
            IdempotencyStore.find(keys),
            Self.openDay, ChainLane.takeFree(chain: AuditTrail.chain),
        ]
        if !holdIDs.isEmpty { statements.append(HoldRows.lock(holdIDs)) }
        if !clientIDs.isEmpty {
            statements.append(
                """
                SELECT transaction_id, journal_id, caller, body_digest FROM ledger.client_transaction
                WHERE transaction_id = ANY(\(clientIDs)::uuid[])
                """)
            statements.append("SELECT id FROM ledger.journal WHERE id = ANY(\(clientIDs.map { $0 & ~0xFF })::uuid[])")
        }
        if !reversalIDs.isEmpty {
            statements.append("SELECT journal_id FROM ledger.reversal WHERE journal_id = ANY(\(reversalIDs)::uuid[])")
        }
        let answers = try connection.pipeline(statements)
        let free = try answers[1].first.map { try ChainLane(row: $0) }
        lane = try free ?? Self.wait(chain: Self.chain, on: connection)
        accounts = try answers[2].map { try AccountRows.state($0) }
        outcomes = try IdempotencyStore.outcomes(answers[3])
        // Who waited for a lane waited perhaps for a day to be opened: then the day that was read is over.
        guard let day = free == nil ? try connection.query(Self.openDay).first : answers[4].first else {
            throw Refusal.unavailable("The books have not been opened yet")
        }
        businessDate = try day.date(0)
        dayFloor = try day.uuid(1)
        auditLane = try answers[5].first.map { try ChainLane(row: $0) } ?? Self.wait(chain: AuditTrail.chain, on: connection)
        var next = 6
        if holdIDs.isEmpty {
            holds = []
        } else {
            holds = try answers[next].map { try HoldRows.state($0) }
            next += 1
        }
        var clientTransactions: [UInt128: ClientTransaction] = [:]
        if !clientIDs.isEmpty {
            for row in answers[next] {
                clientTransactions[try row.uuid(0)] = ClientTransaction(
                    journal: try row.uuid(1), caller: try row.uuid(2), bodyDigest: try row.uuid(3))
            }
            mintedJournals = Set(try answers[next + 1].map { try $0.uuid(0) })
            next += 2
        } else {
            mintedJournals = []
        }
        self.clientTransactions = clientTransactions
        reversed = reversalIDs.isEmpty ? [] : Set(try answers[next].map { try $0.identifier(0) })
    }

    /// The lane to wait for when all are taken, by other processes or by who opens a day.
    private static func wait(chain: String, on connection: Connection) throws -> ChainLane {
        guard let row = try connection.query(ChainLane.wait(chain: chain, lane: .random(in: 0..<ChainLane.count))).first else {
            throw PostgresError(kind: .misuse, message: "the chain \(chain) has no lanes")
        }
        return try ChainLane(row: row)
    }
}

extension LedgerCommand {
    private var draft: JournalDraft? {
        switch self {
        case .journal(let draft), .captureHold(_, _, _, let draft): draft
        case .placeHold, .releaseHold, .expireHold, .sweepAndClose, .open: nil
        }
    }

    var clientTransactionID: UInt128? { draft?.clientTransactionID?.bits }
    var reversalOf: Identifier<Journal>? { draft?.reversalOf }
}
