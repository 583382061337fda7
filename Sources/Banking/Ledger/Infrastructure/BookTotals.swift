import Kernel
import Postgres

/// Compares what the journal says with what the tables keep for speed: balances, holds, control totals.
struct BookTotals {
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
        let chart = Set(try transaction.query("SELECT gl_code FROM ledger.gl_account").map { GLCode(try $0.int32(0)) })
        if let stranger = movements.keys.map(\.code).filter({ !chart.contains($0) }).min(by: { $0.number < $1.number }) {
            fail(.subledgerMatchesControl, "general-ledger account \(stranger): it was posted to and is not in the chart")
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
