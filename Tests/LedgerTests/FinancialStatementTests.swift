import Kernel
import Postgres
import TestKit
import Testing

@testable import Ledger

/// Balance sheet and income statement say what the trial balance says, in another order.
@Suite struct FinancialStatementTests {
    private func sheets(_ bank: Bank, asOf: BusinessDate? = nil) async throws -> [BalanceSheet] {
        let clock = bank.clock
        return try await bank.database.pool.snapshot { try GeneralLedger(clock: clock).balanceSheet(asOf: asOf, in: $0).sheets }
    }

    private func income(
        _ bank: Bank, from: BusinessDate? = nil, to: BusinessDate? = nil
    ) async throws -> (from: BusinessDate, to: BusinessDate, statements: [IncomeStatement]) {
        let clock = bank.clock
        return try await bank.database.pool.snapshot { try GeneralLedger(clock: clock).incomeStatement(from: from, to: to, in: $0) }
    }

    private func field(_ body: () async throws -> some Any) async -> String? {
        do {
            _ = try await body()
            return nil
        } catch {
            return (error as? Refusal)?.fields.first.map { "\($0.field):\($0.code)" } ?? "\(error)"
        }
    }

    private func entry(_ debit: GLCode, _ credit: GLCode, _ amount: Int64, _ currency: Currency = .kes) -> LedgerCommand {
        .journal(
            JournalDraft(
                kind: .adjustment, type: .adjustment, referencePrefix: "ADJ", sourceType: "test",
                legs: [
                    Leg(.generalLedger(debit), amount: -amount, currency: currency, type: .adjustment),
                    Leg(.generalLedger(credit), amount: amount, currency: currency, type: .adjustment),
                ]))
    }

    @Test func everySheetBalancesAndClosedDaysStay() async throws {
        try await Bank.open { bank in
            let monday = Bank.openingDay
            try await bank.post([entry(ChartOfAccounts.vaultCash, ChartOfAccounts.capital, 900_000)])
            let shillings = try await bank.openAccounts(2, balance: 1_000)
            let dollars = try await bank.openAccounts(1, balance: 50, currency: .usd)
            try await bank.post([.journal(bank.transfer(shillings[0], shillings[1], 100, fee: 10))])
            // Interest is paid, a loan is written down: an allowance is an asset with a minus.
            try await bank.post([entry(ChartOfAccounts.interestExpense, GLCode(2100), 4)])
            try await bank.post([entry(GLCode(5201), GLCode(1290), 3)])
            try await bank.post([entry(ChartOfAccounts.suspense, ChartOfAccounts.interestIncome, 9)])
            let first = try await sheets(bank)
            #expect(first.map(\.currency) == [.kes, .usd] && first.allSatisfy(\.isBalanced))
            let kes = try #require(first.first)
            #expect(kes.assets.lines.map { "\($0.code) \($0.amount)" } == ["1001 900000", "1290 -3", "1900 9"])
            #expect(kes.liabilities.total == 1_990 + 4)
            #expect(kes.equity.total == 900_000 - 2_000)
            #expect(kes.currentResult == 10 + 9 - 4 - 3)
            #expect(kes.totalLiabilitiesAndEquity == kes.assets.total)
            #expect(dollars.count == 1 && first[1].equity.total == -50 && first[1].liabilities.total == 50)
            #expect(first[1].assets.lines.isEmpty)

            #expect(try await bank.openDay(monday.adding(days: 1)) == true)
            try await bank.post([.journal(bank.transfer(shillings[1], shillings[0], 500, fee: 25))])
            #expect(try await sheets(bank, asOf: monday) == first)
            #expect(try await sheets(bank)[0].currentResult == kes.currentResult + 25)
            #expect(try await sheets(bank, asOf: monday.adding(days: -1)).isEmpty)
            let clock = bank.clock
            try await bank.database.pool.transaction { try GeneralLedger(clock: clock).foldMovements(in: $0) }
            #expect(try await sheets(bank, asOf: monday) == first, "folding changes nothing")
            #expect(await field { try await sheets(bank, asOf: monday.adding(days: 2)) } == "asOf:out_of_range")
        }
    }

    @Test func aPeriodHasItsOwnDaysAndNoOthers() async throws {
        try await Bank.open { bank in
            let monday = Bank.openingDay
            let accounts = try await bank.openAccounts(2, balance: 10_000)
            for fee in [10, 20, 40] as [Int64] {
                try await bank.post([.journal(bank.transfer(accounts[0], accounts[1], 100, fee: fee))])
                try await bank.post([entry(ChartOfAccounts.interestExpense, GLCode(2100), fee / 10)])
                let open = monday.adding(days: fee == 10 ? 1 : fee == 20 ? 2 : 3)
                #expect(try await bank.openDay(open) == true)
            }
            func result(_ from: Int32, _ to: Int32) async throws -> [Int128] {
                try await income(bank, from: monday.adding(days: from), to: monday.adding(days: to)).statements.map(\.result)
            }
            #expect(try await result(0, 0) == [9])
            #expect(try await result(1, 1) == [18])
            #expect(try await result(0, 2) == [9 + 18 + 36])
            #expect(try await result(1, 3) == [18 + 36])
            #expect(try await result(3, 3) == [])
            let whole = try await income(bank)
            #expect(whole.to == monday.adding(days: 3) && whole.from == BusinessDate(year: whole.to.year, month: 1, day: 1))
            let statement = try #require(whole.statements.first)
            #expect(statement.income.total == 70 && statement.expenses.total == 7 && statement.netInterestIncome == -7)
            // The sheet's result is the statements' over all days.
            #expect(try await sheets(bank).first?.currentResult == statement.result)
            #expect(await field { try await income(bank, to: monday.adding(days: 4)) } == "to:out_of_range")
            #expect(await field { try await income(bank, from: monday.adding(days: 4)) } == "from:out_of_range")
        }
    }
}
