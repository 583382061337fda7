import Kernel

/// An import's report as a person reads it.
public struct ImportReportText: Sendable {
    private let report: ImportReport
    private let currency = Currency.czk

    public init(_ report: ImportReport) {
        self.report = report
    }

    /// The report in lines.
    /// - Parameter shown: how many refused rows and exceptions are named; nil names all of them
    public func lines(shown: Int? = nil) -> [String] {
        var lines = ["Import of a Czech bank, dataset \(report.dataset), from \(report.folder)", ""]
        lines += files + [""] + refusals(shown) + [""] + sums(shown) + [""] + balances(shown) + [""] + trialBalance + [""] + times
        return lines
    }

    // MARK: Sections

    private var files: [String] {
        let head = ["file", "rows read", "posted", "already posted", "refused"]
        let table =
            [head] + report.files.map { [$0.file.fileName] + [$0.rowsRead, $0.taken, $0.takenBefore, $0.refused].map(Self.grouped) }
        let widths = head.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
        return table.map { row in
            row.indices.map { $0 == 0 ? Self.padded(row[$0], widths[$0], isRight: false) : Self.padded(row[$0], widths[$0], isRight: true) }
                .joined(separator: "  ")
        }
    }

    private func refusals(_ shown: Int?) -> [String] {
        guard !report.refusals.isEmpty else { return ["Refused rows: none"] }
        return ["Refused rows: \(Self.grouped(report.refusals.count))"]
            + listed(report.refusals, shown) { refusal in
                let name = refusal.externalID.map { " (\(refusal.file.columns[0]) \($0))" } ?? ""
                return "\(refusal.file.fileName) row \(refusal.row)\(name): \(refusal.code): \(refusal.reason)"
            }
    }

    private func sums(_ shown: Int?) -> [String] {
        let sums = report.sums
        let head =
            "Sums per account: \(Self.grouped(sums.accountsCompared)) accounts; files \(amount(sums.computedTotal)), "
            + "ledger \(amount(sums.balanceTotal))"
        guard !sums.differences.isEmpty else { return [head + "; every account agrees"] }
        let count = sums.differences.count - sums.unexplained.count
        return [head + "; \(Self.grouped(count)) differ for known reasons, \(Self.grouped(sums.unexplained.count)) without one"]
            + listed(sums.unexplained + sums.differences.filter { $0.unexplained == 0 }, shown) { difference in
                var reasons: [String] = []
                if difference.broughtForward != 0 { reasons.append("\(amount(difference.broughtForward)) from other rows imported before") }
                if difference.otherMovements != 0 { reasons.append("\(amount(difference.otherMovements)) moved at this bank") }
                if difference.unexplained != 0 { reasons.append("\(amount(difference.unexplained)) unexplained") }
                return "account \(difference.account): files \(amount(difference.computed)), ledger \(amount(Int128(difference.balance))): "
                    + reasons.joined(separator: ", ")
            }
    }

    private func balances(_ shown: Int?) -> [String] {
        let tolerance = amount(Int128(BalanceChain.tolerance))
        let head =
            "Recorded against computed balances: \(Self.grouped(report.balanceRows)) rows checked, "
            + "\(Self.grouped(report.balanceDaysReordered)) days of an account put into booking order, "
            + "roundings add up to \(amount(report.balanceLargestDrift)) at most"
        let count = "Exceptions beyond \(tolerance) a row: \(Self.grouped(report.balanceExceptions.count))"
        return [head, count]
            + listed(report.balanceExceptions, shown) { exception in
                let step = exception.step
                return "transactions.csv row \(step.row) (trans_id \(step.externalID)): account \(step.account) on \(step.date): "
                    + "recorded \(amount(Int128(step.recorded))), computed \(amount(Int128(exception.computed))), "
                    + "difference \(amount(Int128(exception.difference)))"
            }
    }

    private var trialBalance: [String] {
        let lines = report.trialBalance.map { total in
            let (debit, credit) = (Self.decimal(total.debit, total.currency), Self.decimal(total.credit, total.currency))
            let result = total.isBalanced ? "zero" : "NOT ZERO: \(Self.decimal(total.credit - total.debit, total.currency))"
            return "Trial balance \(total.currency): debit \(debit), credit \(credit): \(result)"
        }
        return lines + [report.isBalanced ? "The books are balanced." : "THE BOOKS ARE NOT BALANCED."]
    }

    private var times: [String] {
        let tally = report.tally(.transactions)
        var posting = "\(Self.grouped(tally.taken)) transactions posted in \(Self.seconds(report.postingMicroseconds)) s"
        if tally.taken > 0, tally.takenBefore == 0 {
            // Each transaction has two lines: the account's and its contra's.
            let rate = Self.perSecond(tally.taken, report.postingMicroseconds)
            posting += ": \(Self.grouped(rate)) transactions/s, \(Self.grouped(2 * rate)) postings/s"
        } else if tally.takenBefore > 0 {
            let rate = Self.perSecond(tally.taken + tally.takenBefore, report.postingMicroseconds)
            posting += ", \(Self.grouped(tally.takenBefore)) found posted already: \(Self.grouped(rate)) rows/s"
        }
        return [
            "Clients and accounts: \(Self.seconds(report.registrationMicroseconds)) s", posting,
            "In all: \(Self.seconds(report.totalMicroseconds)) s",
        ]
    }

    private func listed<Item>(_ items: [Item], _ shown: Int?, _ text: (Item) -> String) -> [String] {
        let count = min(shown ?? items.count, items.count)
        var lines = items.prefix(count).map { "  " + text($0) }
        if count < items.count { lines.append("  … and \(Self.grouped(items.count - count)) more; --report FILE names them all") }
        return lines
    }

    // MARK: Figures

    private func amount(_ minorUnits: Int128) -> String { Self.decimal(minorUnits, currency) }

    static func decimal(_ minorUnits: Int128, _ currency: Currency) -> String {
        let (units, rest) = minorUnits.magnitude.quotientAndRemainder(dividingBy: UInt128(currency.minorUnitsPerUnit))
        let sign = minorUnits < 0 ? "-" : ""
        guard currency.exponent > 0 else { return sign + grouped(units.description) }
        return sign + grouped(units.description) + "." + padded(rest.description, currency.exponent, isRight: true, with: "0")
    }

    static func grouped(_ value: Int) -> String { (value < 0 ? "-" : "") + grouped(String(value.magnitude)) }

    /// Digits in groups of three.
    private static func grouped(_ digits: String) -> String {
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// Seconds with two decimals.
    static func seconds(_ microseconds: Int64) -> String {
        let hundredths = max(0, microseconds) / 10_000
        return "\(hundredths / 100)." + padded(String(hundredths % 100), 2, isRight: true, with: "0")
    }

    static func perSecond(_ count: Int, _ microseconds: Int64) -> Int {
        Int(Int128(count) * 1_000_000 / Int128(max(1, microseconds)))
    }

    static func padded(_ text: String, _ width: Int, isRight: Bool, with character: Character = " ") -> String {
        let padding = String(repeating: character, count: max(0, width - text.count))
        return isRight ? padding + text : text + padding
    }
}

/// How far an import is, as one line.
public enum ImportProgressText {
    /// `transactions  [########............]  12,345 of 28,205  43 %  5,321/s  2 refused`
    /// - Parameter microseconds: since the phase began
    public static func bar(_ progress: ImportProgress, microseconds: Int64, width: Int = 30) -> String {
        let filled = progress.total > 0 ? width * progress.done / progress.total : width
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        return "\(name(progress))  [\(bar)]  \(figures(progress, microseconds: microseconds))"
    }

    /// `transactions: 12,345 of 28,205  43 %  5,321/s  2 refused`
    public static func line(_ progress: ImportProgress, microseconds: Int64) -> String {
        "\(progress.phase.rawValue): \(figures(progress, microseconds: microseconds))"
    }

    private static func name(_ progress: ImportProgress) -> String {
        ImportReportText.padded(progress.phase.rawValue, ImportProgress.Phase.transactions.rawValue.count, isRight: false)
    }

    private static func figures(_ progress: ImportProgress, microseconds: Int64) -> String {
        let percent = progress.total > 0 ? 100 * progress.done / progress.total : 100
        let rate = ImportReportText.perSecond(progress.done, microseconds)
        var text = "\(ImportReportText.grouped(progress.done)) of \(ImportReportText.grouped(progress.total))  \(percent) %"
        if rate > 0, microseconds > 0 { text += "  \(ImportReportText.grouped(rate))/s" }
        if progress.refused > 0 { text += "  \(ImportReportText.grouped(progress.refused)) refused" }
        return text
    }
}
