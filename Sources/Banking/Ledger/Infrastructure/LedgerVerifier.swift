import Application
import Audit
import Crypto
import Kernel
import Postgres

/// Proves the books from the journal alone: walks the chain, recomputes every balance and every total, and names the first break.
///
/// It reads one snapshot, so it may run while the bank works, and it holds no lock.
public struct LedgerVerifier: Sendable {
    private let clock: any WallClock

    public init(clock: any WallClock) {
        self.clock = clock
    }

    /// - Parameter progress: hears how many journals have been walked, now and then
    public func verify(
        in pool: ConnectionPool, deadline: Timestamp? = nil, progress: (@Sendable (Int64) -> Void)? = nil
    ) async throws -> VerificationReport {
        let clock = clock
        return try await pool.snapshot(deadline: deadline) { transaction in
            var walk = JournalWalk()
            try walk.run(in: transaction, progress: progress)
            var totals = BookTotals(walk: walk)
            try totals.compare(in: transaction)
            let audit = try AuditVerifier().verify(in: transaction)
            var failures = walk.failures
            failures.merge(totals.failures) { first, _ in first }
            if let failure = audit.firstFailure { failures[.auditChain] = failure }
            let checks = VerificationCheck.allCases.map { check in
                VerificationReport.Check(
                    name: check.rawValue, passed: failures[check] == nil, detail: nil, firstFailure: failures[check])
            }
            return VerificationReport(
                checkedAt: clock.now(), journalsChecked: walk.journals, entriesChecked: walk.entries,
                accountsChecked: totals.accounts, auditRecordsChecked: audit.recordsChecked, chainHead: walk.head, checks: checks)
        }
    }
}

/// One pass over the journal in the order of its identifiers, which is the order of every lane and of every account.
private struct JournalWalk {
    private(set) var journals: Int64 = 0
    private(set) var entries: Int64 = 0
    private(set) var failures: [VerificationCheck: String] = [:]
    private(set) var balances: [UInt128: Int64] = [:]
    private(set) var movements: [GLMovement.Key: (debit: Int128, credit: Int128)] = [:]
    private(set) var head = ""
    private var lanes: [Int16: (position: Int64, hash: [UInt8])] = [:]
    private var clientTransactions: Set<UInt128> = []
    private var reversed: Set<UInt128> = []
    private var lastReference: (prefix: String, code: UInt128)?

    private static let pageSize: Int64 = 2_000
    private static let start = [UInt8](repeating: 0, count: 32)

    mutating func run(in transaction: Transaction, progress: (@Sendable (Int64) -> Void)?) throws {
        var after: UInt128 = 0
        while true {
            let rows = try transaction.query(
                "SELECT \(raw: JournalRows.columns) FROM ledger.journal WHERE id > \(after) ORDER BY id LIMIT \(Self.pageSize)")
            let last = try rows.last?.uuid(0) ?? UInt128.max
            // The bounds are the journals', so a posting that belongs to none of them turns up as well.
            let lines = try transaction.query(
                """
                SELECT \(raw: JournalRows.lineColumns) FROM ledger.posting WHERE journal_id > \(after) AND journal_id <= \(last)
                ORDER BY journal_id, line_number
                """)
            try walk(rows, lines)
            progress?(journals)
            if rows.isEmpty { break }
            after = last
        }
        try compareHeads(in: transaction)
    }

    private mutating func walk(_ rows: Rows, _ lines: Rows) throws {
        var next = lines.startIndex
        for row in rows {
            let id = try row.uuid(0)
            var own: [PostedJournal.Line] = []
            var isReadable = true
            while next < lines.endIndex {
                let line = lines[next]
                let owner = try line.uuid(0)
                if owner > id { break }
                next += 1
                if owner < id {
                    fail(.hashChain, "posting \(try line.int16(1)) of journal \(name(owner)) belongs to no journal")
                    continue
                }
                if let read = try readable({ try JournalRows.line(line) }) { own.append(read) } else { isReadable = false }
            }
            if isReadable, let journal = try readable({ try JournalRows.journal(row, lines: own) }) {
                check(journal)
            } else {
                skip(id, lane: try row.int16(14), position: try row.int64(15), hash: try row.bytes(16))
            }
        }
        if next < lines.endIndex {
            let line = lines[next]
            fail(.hashChain, "posting \(try line.int16(1)) of journal \(name(try line.uuid(0))) belongs to no journal")
        }
    }

    /// A journal with a value that nothing of this program can have written. The walk goes on behind it.
    private mutating func skip(_ id: UInt128, lane: Int16, position: Int64, hash: [UInt8]) {
        journals += 1
        fail(.hashChain, "journal \(name(id)): it holds a value that this program does not know")
        lanes[lane] = (position, hash)
    }

    private mutating func check(_ journal: PostedJournal) {
        journals += 1
        checkChain(journal)
        checkReferences(journal)
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
        let (position, hash) = lanes[journal.lane] ?? (0, Self.start)
        if journal.position != position + 1 {
            fail(.hashChain, "\(place(journal)): position \(position + 1) of lane \(journal.lane) is missing before it")
        } else if JournalEncoding.hash(of: journal, after: hash) != journal.hash {
            fail(.hashChain, "\(place(journal)): its content does not match its hash")
        }
        lanes[journal.lane] = (journal.position, journal.hash)
    }

    private mutating func checkReferences(_ journal: PostedJournal) {
        if let id = journal.clientTransactionID, !clientTransactions.insert(id.bits).inserted {
            fail(.externalReferencesUnique, "\(place(journal)): transaction \(id) was posted before")
        }
        if let id = journal.reversalOf, !reversed.insert(id.bits).inserted {
            fail(.externalReferencesUnique, "\(place(journal)): journal \(id) was reversed before")
        }
        // Journals that share a reference share the upper bits of their identifiers, and so are neighbours.
        let code = journal.id.bits >> 22
        if let last = lastReference, last.code == code, last.prefix == journal.referencePrefix {
            fail(.externalReferencesUnique, "\(place(journal)): reference \(journal.reference) was used before")
        }
        lastReference = (journal.referencePrefix, code)
    }

    private mutating func compareHeads(in transaction: Transaction) throws {
        var digest = SHA256()
        for row in try transaction.query(
            "SELECT lane, position, last_id, hash FROM platform.chain_lane WHERE chain = \(BatchInput.chain) ORDER BY lane")
        {
            let lane = try ChainLane(row: row)
            digest.update(data: lane.hash)
            let (position, hash) = lanes[lane.number] ?? (0, Self.start)
            if lane.position != position || lane.hash != hash {
                fail(.hashChain, "lane \(lane.number) of the journal ends at position \(position), its head says \(lane.position)")
            }
            lanes[lane.number] = nil
        }
        if let (number, end) = lanes.min(by: { $0.key < $1.key }) {
            fail(.hashChain, "lane \(number) of the journal ends at position \(end.position), and its head is missing")
        }
        head = digest.finalize().map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }.joined()
    }

    private mutating func fail(_ check: VerificationCheck, _ failure: String) {
        if failures[check] == nil { failures[check] = failure }
    }

    private func name(_ bits: UInt128) -> String { Identifier<Journal>(bits: bits).description }
    private func place(_ journal: PostedJournal) -> String { "journal \(journal.id) (\(journal.reference))" }
}

/// Compares what the journal says with what the tables keep for speed: balances, holds, control totals.
private struct BookTotals {
    private(set) var accounts: Int64 = 0
    private(set) var failures: [VerificationCheck: String] = [:]
    private let balances: [UInt128: Int64]
    private let movements: [GLMovement.Key: (debit: Int128, credit: Int128)]

    init(walk: JournalWalk) {
        balances = walk.balances
        movements = walk.movements
    }

    mutating func compare(in transaction: Transaction) throws {
        let subledger = try compareAccounts(in: transaction)
        try compareControls(subledger, in: transaction)
    }

    private struct SubledgerKey: Hashable {
        let code: GLCode
        let currency: Currency
    }

    private mutating func compareAccounts(in transaction: Transaction) throws -> [SubledgerKey: Int128] {
        var held: [UInt128: Int64] = [:]
        for row in try transaction.query(
            "SELECT account_id, sum(amount)::bigint FROM ledger.hold WHERE status = 1 GROUP BY account_id")
        { held[try row.uuid(0)] = try row.int64(1) }
        var subledger: [SubledgerKey: Int128] = [:]
        var known = 0
        var after: UInt128 = 0
        while true {
            let rows = try transaction.query(
                "SELECT \(raw: AccountRows.columns) FROM ledger.account WHERE id > \(after) ORDER BY id LIMIT 5000")
            if rows.isEmpty { break }
            for row in rows {
                accounts += 1
                after = try row.uuid(0)
                guard let state = try readable({ try AccountRows.state(row) }) else {
                    fail(
                        .balancesMatchEntries,
                        "account \(Identifier<Account>(bits: after)): it holds a value that this program does not know")
                    if balances[after] != nil { known += 1 }
                    continue
                }
                if balances[after] != nil { known += 1 }
                let expected = balances[after] ?? 0
                if state.balance != expected {
                    fail(.balancesMatchEntries, "account \(state.id): balance \(state.balance), its entries sum to \(expected)")
                }
                if state.holdAmount != held[after] ?? 0 {
                    fail(.holdsMatchAvailable, "account \(state.id): \(state.holdAmount) on hold, its holds sum to \(held[after] ?? 0)")
                }
                if state.spendable < 0, !state.isOverdrawnByBank {
                    fail(.noForbiddenNegative, "account \(state.id): below its floor by \(-state.spendable)")
                }
                let key = SubledgerKey(code: state.glCode, currency: state.currency)
                subledger[key, default: 0] += Int128(state.balance)
            }
        }
        if known != balances.count {
            fail(.balancesMatchEntries, "\(balances.count - known) accounts have entries and no account row")
        }
        return subledger
    }

    private mutating func compareControls(_ subledger: [SubledgerKey: Int128], in transaction: Transaction) throws {
        var kept: [GLMovement.Key: (debit: Int128, credit: Int128)] = [:]
        for row in try transaction.query(GLRows.dailyTotals(upTo: nil)) {
            guard let currency = try readable({ try row.currency(1) }) else {
                fail(.subledgerMatchesControl, "general-ledger account \(try row.int32(0)): totals in \(try row.text(1))")
                continue
            }
            let key = GLMovement.Key(code: GLCode(try row.int32(0)), currency: currency, date: try row.date(2))
            kept[key] = (try row.int128(3), try row.int128(4))
        }
        var nets: [Currency: Int128] = [:]
        var controls: [SubledgerKey: Int128] = [:]
        for key in Set(kept.keys).union(movements.keys) {
            let (debit, credit) = kept[key] ?? (0, 0)
            let (walkedDebit, walkedCredit) = movements[key] ?? (0, 0)
            if debit != walkedDebit || credit != walkedCredit {
                fail(
                    .subledgerMatchesControl,
                    "general-ledger account \(key.code) \(key.currency) on \(key.date): totals \(debit)/\(credit), "
                        + "the journal says \(walkedDebit)/\(walkedCredit)")
            }
            nets[key.currency, default: 0] += credit - debit
            controls[SubledgerKey(code: key.code, currency: key.currency), default: 0] += credit - debit
        }
        for (key, sum) in subledger where controls[key] ?? 0 != sum {
            fail(
                .subledgerMatchesControl,
                "control account \(key.code) \(key.currency): \(controls[key] ?? 0), its sub-ledger sums to \(sum)")
        }
        for (currency, net) in nets.sorted(by: { $0.key.code < $1.key.code }) where net != 0 {
            fail(.trialBalanceZero, "\(currency): credits and debits differ by \(net)")
        }
    }

    private mutating func fail(_ check: VerificationCheck, _ failure: String) {
        if failures[check] == nil { failures[check] = failure }
    }
}

/// Nil for a row that holds what this program never writes: to the verifier that is a finding, not a failure of its own.
private func readable<Value>(_ read: () throws -> Value) throws -> Value? {
    do {
        return try read()
    } catch let error as PostgresError where error.kind == .misuse {
        return nil
    }
}
