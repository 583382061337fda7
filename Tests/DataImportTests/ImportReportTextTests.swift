import Kernel
import Testing

@testable import DataImport

@Suite struct ImportReportTextTests {
    private var report: ImportReport {
        var report = ImportReport(dataset: "pkdd99", folder: "data")
        report.files = [FileTally(.transactions, rowsRead: 12_345, taken: 12_342, takenBefore: 0, refused: 3)]
        report.refusals = (1...3).map {
            RowRefusal(
                file: .transactions, row: $0 + 1, externalID: 7, code: "not_positive", reason: "amount: \"0\" is not a positive amount")
        }
        report.sums.accountsCompared = 1_140
        report.sums.computedTotal = 123_456_789
        report.sums.balanceTotal = 123_456_789
        report.trialBalance = [CurrencyTotal(currency: .czk, debit: 5, credit: 5)]
        report.postingMicroseconds = 2_000_000
        return report
    }

    @Test func namesWhatItIsAskedToNameAndCountsTheRest() {
        let lines = ImportReportText(report).lines(shown: 1)
        #expect(lines.contains("Refused rows: 3"))
        #expect(lines.contains("  transactions.csv row 2 (trans_id 7): not_positive: amount: \"0\" is not a positive amount"))
        #expect(lines.contains("  … and 2 more; --report FILE names them all"))
        #expect(ImportReportText(report).lines().filter { $0.contains("not_positive") }.count == 3)
    }

    @Test func showsFiguresInGroups() {
        let lines = ImportReportText(report).lines()
        #expect(lines.contains { $0.hasPrefix("transactions.csv") && $0.contains("12,345") })
        #expect(lines.contains("Sums per account: 1,140 accounts; files 1,234,567.89, ledger 1,234,567.89; every account agrees"))
        #expect(lines.contains("12,342 transactions posted in 2.00 s: 6,171 transactions/s, 12,342 postings/s"))
        #expect(lines.contains("Trial balance CZK: debit 0.05, credit 0.05: zero"))
        #expect(ImportReportText.decimal(-5, .czk) == "-0.05")
        #expect(ImportReportText.decimal(-1_234, .jpy) == "-1,234")
    }

    @Test func saysLoudlyWhenTheBooksAreNotBalanced() {
        var broken = report
        broken.trialBalance = [CurrencyTotal(currency: .czk, debit: 5, credit: 7)]
        #expect(ImportReportText(broken).lines().contains("Trial balance CZK: debit 0.05, credit 0.07: NOT ZERO: 0.02"))
        #expect(ImportReportText(broken).lines().contains("THE BOOKS ARE NOT BALANCED."))
    }

    @Test func progressIsALine() {
        let progress = ImportProgress(phase: .transactions, done: 1_000, total: 4_000, refused: 2)
        #expect(
            ImportProgressText.bar(progress, microseconds: 500_000, width: 8)
                == "transactions  [##......]  1,000 of 4,000  25 %  2,000/s  2 refused")
        #expect(ImportProgressText.line(.init(phase: .clients, done: 0, total: 0), microseconds: 0) == "clients: 0 of 0  100 %")
    }
}
