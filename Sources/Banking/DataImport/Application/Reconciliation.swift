import Application
import Kernel
import Ledger
import Postgres

/// Compares what the files say with what the books say, after everything is posted.
struct Reconciliation: Sendable {
    let pool: ConnectionPool
    let clock: any WallClock

    /// The rows of one account that are in the books, and the keys of those that are not.
    private struct Expectation {
        var steps: [BalanceChain.Step] = []
        var sum: Int128 = 0
        var accepted: Set<UInt128> = []
        var refused: Set<UInt128> = []
    }

    func run(
        _ rows: [PostableRow], _ outcomes: [RowOutcome], accounts: [Int64: Identifier<Account>], into report: inout ImportReport
    ) async throws {
        precondition(rows.count == outcomes.count, "every row has an outcome")
        var expectations: [Int64: Expectation] = accounts.mapValues { _ in Expectation() }
        for (postable, outcome) in zip(rows, outcomes) {
            let row = postable.row
            guard outcome.isInBooks else {
                expectations[row.account, default: Expectation()].refused.insert(postable.key.digest)
                continue
            }
            expectations[row.account, default: Expectation()].accepted.insert(postable.key.digest)
            expectations[row.account, default: Expectation()].sum += Int128(row.signedAmount)
            expectations[row.account, default: Expectation()].steps.append(
                BalanceChain.Step(
                    row: row.row, externalID: row.externalID, account: row.account, date: row.date, amount: row.signedAmount,
                    recorded: row.recordedBalance))
        }
        let starts = try await compareSums(expectations, accounts, into: &report.sums)
        checkBalances(expectations, starts, into: &report)
        report.trialBalance = try await trialBalance()
    }

    // MARK: Sums

    /// What an account held before this file's rows, from rows of earlier files.
    private struct Start {
        let balance: Int64
        let rows: Int64
    }

    private func compareSums(
        _ expectations: [Int64: Expectation], _ accounts: [Int64: Identifier<Account>], into sums: inout SumCheck
    ) async throws -> [Int64: Start] {
        var starts: [Int64: Start] = [:]
        let ledger = LedgerAccounts()
        for part in accounts.sorted(by: { $0.key < $1.key }).chunks(of: 1_000) {
            let ids = part.map(\.value)
            let states = try await pool.read { try ledger.states(of: ids, in: $0) }
            for (external, id) in part {
                guard let expectation = expectations[external], let state = states[id] else { continue }
                sums.accountsCompared += 1
                sums.computedTotal += expectation.sum
                if Int128(state.balance) == expectation.sum {
                    sums.balanceTotal += Int128(state.balance)
                    continue
                }
                let (difference, start) = try await explain(external, id, expectation)
                sums.balanceTotal += Int128(difference.balance)
                if difference.balance != expectation.sum { sums.differences.append(difference) }
                if start.rows > 0 { starts[external] = start }
            }
        }
        return starts
    }

    /// Where a difference comes from, entry by entry, on one snapshot.
    private func explain(
        _ external: Int64, _ id: Identifier<Account>, _ expectation: Expectation
    ) async throws -> (SumCheck.Difference, Start) {
        let reader = LedgerReader(clock: clock)
        let firstDate = expectation.steps.first?.date
        let (accepted, refused, computed) = (expectation.accepted, expectation.refused, expectation.sum)
        return try await pool.snapshot { transaction in
            let balance = try LedgerAccounts().state(of: id, in: transaction)?.balance ?? 0
            var found: Int128 = 0
            var brought: Int128 = 0
            var others: Int128 = 0
            var start: (balance: Int64, rows: Int64) = (0, 0)
            var cursor: EntryCursor?
            while true {
                let page = try reader.entries(of: [id], limit: 500, before: cursor, in: transaction)
                let journals = try reader.journals(page.map(\.journal), in: transaction)
                for entry in page {
                    guard let journal = journals[entry.journal], journal.sourceType == CzechBankBooking.sourceType,
                        let source = journal.sourceID
                    else {
                        others += Int128(entry.amount)
                        continue
                    }
                    if accepted.contains(source) {
                        found += Int128(entry.amount)
                        continue
                    }
                    brought += Int128(entry.amount)
                    if !refused.contains(source), let firstDate, entry.valueDate <= firstDate {
                        start.balance += entry.amount
                        start.rows += 1
                    }
                }
                guard let last = page.last, page.count == 500 else { break }
                cursor = last.cursor
            }
            // Rows that are said to be posted and are not found leave a difference that nothing explains.
            let missing = computed - found
            let difference = SumCheck.Difference(
                account: external, accountID: id, computed: computed, balance: balance, broughtForward: brought,
                otherMovements: others, missing: missing)
            return (difference, Start(balance: start.balance, rows: start.rows))
        }
    }

    // MARK: Recorded balances

    private func checkBalances(_ expectations: [Int64: Expectation], _ starts: [Int64: Start], into report: inout ImportReport) {
        var chain = BalanceChain()
        for (external, expectation) in expectations.sorted(by: { $0.key < $1.key }) {
            if let start = starts[external] {
                chain.check(
                    expectation.steps, from: start.balance, startTolerance: BalanceChain.tolerance * (start.rows + 1))
            } else {
                chain.check(expectation.steps)
            }
        }
        report.balanceRows = chain.rowsChecked
        report.balanceDaysReordered = chain.daysReordered
        report.balanceLargestDrift = chain.largestDrift
        report.balanceExceptions = chain.exceptions.sorted { $0.step.row < $1.step.row }
    }

    // MARK: Trial balance

    private func trialBalance() async throws -> [CurrencyTotal] {
        let ledger = GeneralLedger(clock: clock)
        let (_, lines) = try await pool.snapshot { try ledger.trialBalance(in: $0) }
        var totals: [Currency: (debit: Int128, credit: Int128)] = [:]
        for line in lines {
            totals[line.currency, default: (0, 0)].debit += line.debit
            totals[line.currency, default: (0, 0)].credit += line.credit
        }
        return totals.map { CurrencyTotal(currency: $0.key, debit: $0.value.debit, credit: $0.value.credit) }
            .sorted { $0.currency.code < $1.currency.code }
    }
}
