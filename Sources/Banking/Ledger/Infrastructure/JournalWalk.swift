import Application
import Crypto
import Kernel
import Postgres

/// One pass over the journal in the order of its identifiers, which is the order of every lane and of every account.
struct JournalWalk {
    private(set) var journals: Int64 = 0
    private(set) var entries: Int64 = 0
    private(set) var failures: [VerificationCheck: String] = [:]
    private(set) var balances: [UInt128: Int64] = [:]
    private(set) var movements: [GLMovement.Key: (debit: Int128, credit: Int128)] = [:]
    private(set) var head = ""
    private var lanes: [Int16: (position: Int64, hash: [UInt8], last: UInt128)] = [:]
    /// What callers called their transactions, with the journal and who called it so.
    private(set) var clientTransactions: [UInt128: (journal: UInt128, caller: UInt128)] = [:]
    /// What was reversed, and by what.
    private(set) var reversals: [UInt128: UInt128] = [:]
    /// The accounts of every journal, as a digest that does not depend on their order.
    private(set) var entryDigest = EntryDigest()
    private var days: [(date: BusinessDate, first: UInt128)] = []
    private var day = -1
    private var lastReference: (prefix: String, code: UInt128)?

    private static let pageSize: Int64 = 2_000
    private static let start = [UInt8](repeating: 0, count: 32)

    mutating func run(in transaction: Transaction, progress: (@Sendable (Int64) -> Void)?) throws {
        try readDays(in: transaction)
        var after: UInt128 = 0
        while true {
            let rows = try transaction.query(
                "SELECT \(raw: JournalRows.columns) FROM ledger.journal WHERE id > \(after) ORDER BY id LIMIT \(Self.pageSize)")
            for row in rows {
                if let journal = try readable({ try JournalRows.journal(row) }) {
                    check(journal)
                } else {
                    skip(try row.uuid(0), lane: try row.int16(14), position: try row.int64(15), hash: try row.bytes(16))
                }
            }
            progress?(journals)
            guard let last = rows.last else { break }
            after = try last.uuid(0)
        }
        try compareHeads(in: transaction)
    }

    private mutating func readDays(in transaction: Transaction) throws {
        for row in try transaction.query("SELECT business_date, first_journal FROM ledger.business_day ORDER BY business_date") {
            let (date, first) = (try row.date(0), try row.uuid(1))
            if let last = days.last, last.first >= first {
                fail(.subledgerMatchesControl, "business day \(date) begins before \(last.date)")
            }
            days.append((date, first))
        }
    }

    /// A journal with a value that nothing of this program can have written. The walk goes on behind it.
    private mutating func skip(_ id: UInt128, lane: Int16, position: Int64, hash: [UInt8]) {
        journals += 1
        fail(.hashChain, "journal \(name(id)): it holds a value that this program does not know")
        lanes[lane] = (position, hash, id)
    }

    private mutating func check(_ journal: PostedJournal) {
        journals += 1
        checkChain(journal)
        checkReferences(journal)
        checkDay(journal)
        for account in journal.accounts { entryDigest.add(account: account.bits, journal: journal.id.bits) }
        var sums: [(currency: Currency, sum: Int128)] = []
        for line in journal.lines {
            entries += 1
            if let at = sums.firstIndex(where: { $0.currency == line.currency }) {
                sums[at].sum += Int128(line.amount)
            } else {
                sums.append((line.currency, Int128(line.amount)))
            }
            let key = GLMovement.Key(code: line.glCode, currency: line.currency, date: journal.businessDate)
            var movement = movements[key] ?? (0, 0)
            if line.amount < 0 { movement.debit -= Int128(line.amount) } else { movement.credit += Int128(line.amount) }
            movements[key] = movement
            guard let account = line.account else { continue }
            let (balance, overflow) = (balances[account.bits] ?? 0).addingReportingOverflow(line.amount)
            if overflow || line.balanceAfter != balance {
                fail(
                    .balancesMatchEntries,
                    "\(place(journal)), line \(line.lineNumber): balance after it is recorded as \(line.balanceAfter ?? 0), "
                        + "the entries say \(balance)")
            }
            balances[account.bits] = balance
        }
        if sums.contains(where: { $0.sum != 0 }) || journal.lines.count < 2 {
            fail(.journalsBalanced, "\(place(journal)): debits and credits differ")
        }
    }

    private mutating func checkChain(_ journal: PostedJournal) {
        let (position, hash, _) = lanes[journal.lane] ?? (0, Self.start, 0)
        if journal.position != position + 1 {
            fail(.hashChain, "\(place(journal)): position \(position + 1) of lane \(journal.lane) is missing before it")
        } else if JournalEncoding.hash(of: journal, after: hash) != journal.hash {
            fail(.hashChain, "\(place(journal)): its content does not match its hash")
        }
        lanes[journal.lane] = (journal.position, journal.hash, journal.id.bits)
    }

    private mutating func checkReferences(_ journal: PostedJournal) {
        if let id = journal.clientTransactionID,
            clientTransactions.updateValue((journal.id.bits, journal.initiatedBy?.bits ?? 0), forKey: id.bits) != nil
        {
            fail(.externalReferencesUnique, "\(place(journal)): transaction \(id) was posted before")
        }
        if let id = journal.reversalOf, reversals.updateValue(journal.id.bits, forKey: id.bits) != nil {
            fail(.externalReferencesUnique, "\(place(journal)): journal \(id) was reversed before")
        }
        // Journals that share a reference share the upper bits of their identifiers, and so are neighbours.
        let code = journal.id.bits >> 22
        if let last = lastReference, last.code == code, last.prefix == journal.referencePrefix {
            fail(.externalReferencesUnique, "\(place(journal)): reference \(journal.reference) was used before")
        }
        lastReference = (journal.referencePrefix, code)
    }

    /// Journals come in the order of their identifiers, and so do days.
    private mutating func checkDay(_ journal: PostedJournal) {
        while day + 1 < days.count, days[day + 1].first <= journal.id.bits { day += 1 }
        let date = day >= 0 ? days[day].date : nil
        if date != journal.businessDate {
            fail(
                .subledgerMatchesControl,
                "\(place(journal)): booked on \(journal.businessDate), its identifier lies in \(date?.description ?? "no business day")")
        }
    }

    private mutating func compareHeads(in transaction: Transaction) throws {
        var digest = SHA256()
        for row in try transaction.query(
            "SELECT lane, position, last_id, hash FROM platform.chain_lane WHERE chain = \(BatchInput.chain) ORDER BY lane")
        {
            let lane = try ChainLane(row: row)
            digest.update(data: lane.hash)
            let (position, hash, last) = lanes[lane.number] ?? (0, Self.start, 0)
            if lane.position != position || lane.hash != hash {
                fail(.hashChain, "lane \(lane.number) of the journal ends at position \(position), its head says \(lane.position)")
            }
            if lane.lastIdentifier < last {
                fail(.hashChain, "lane \(lane.number) of the journal has journal \(name(last)), and its head would mint lesser identifiers")
            }
            lanes[lane.number] = nil
        }
        if let (number, end) = lanes.min(by: { $0.key < $1.key }) {
            fail(.hashChain, "lane \(number) of the journal ends at position \(end.position), and its head is missing")
        }
        head = ChainHead.hexadecimal(digest.finalize())
    }

    private mutating func fail(_ check: VerificationCheck, _ failure: String) {
        if failures[check] == nil { failures[check] = failure }
    }

    private func name(_ bits: UInt128) -> String { Identifier<Journal>(bits: bits).description }
    private func place(_ journal: PostedJournal) -> String { "journal \(journal.id) (\(journal.reference))" }
}
