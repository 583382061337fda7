import Documents
import Kernel

/// A statement on paper.
enum StatementPDF {
    static func bytes(
        _ statement: AccountStatement, _ entries: [AccountStatement.Entry], verificationCode: String
    ) throws -> [UInt8] {
        let end = statement.toDate.adding(days: 1).startOfDay
        let document = try PDFDocument(
            title: "Account statement", footer: "Account \(statement.accountNumber), statement \(statement.number)", createdAt: end)
        try document.pairs([
            ("Account", "\(statement.accountNumber) · \(statement.currency.code)"), ("Name", statement.accountName),
            ("Branch", statement.branchCode),
            ("Period", "\(DateText.long(statement.fromDate)) to \(DateText.long(statement.toDate))"),
            ("Statement number", statement.number),
        ])
        try document.figure("Closing balance on \(DateText.long(statement.toDate))", MoneyText.withCode(statement.closingBalance))
        let opening = [DateText.short(statement.fromDate), "", "Opening balance", "", "", MoneyText.grouped(statement.openingBalance)]
        let rows = entries.lazy.map { entry in
            [
                DateText.short(entry.date), DateText.short(entry.valueDate), "\(entry.description) \(entry.reference)",
                entry.debit.map { MoneyText.grouped($0) } ?? "", entry.credit.map { MoneyText.grouped($0) } ?? "",
                MoneyText.grouped(entry.balance),
            ]
        }
        let closing = [DateText.short(statement.toDate), "", "Closing balance", "", "", MoneyText.grouped(statement.closingBalance)]
        try document.table(
            [
                PDFColumn("Date", share: 125), PDFColumn("Value date", share: 125), PDFColumn("Description", share: 300),
                PDFColumn("Debit", share: 140, alignment: .trailing), PDFColumn("Credit", share: 140, alignment: .trailing),
                PDFColumn("Balance", share: 150, alignment: .trailing),
            ],
            rows: [[opening], Array(rows), [closing]].joined())
        try document.totals([
            ("Opening balance", MoneyText.grouped(statement.openingBalance)),
            ("\(statement.creditCount) credits", MoneyText.grouped(statement.totalCredits)),
            ("\(statement.debitCount) debits", "-" + MoneyText.grouped(statement.totalDebits)),
            ("Closing balance", MoneyText.withCode(statement.closingBalance)),
        ])
        try document.verification(
            code: verificationCode,
            content: [
                "WEKEZA", statement.accountNumber, statement.fromDate.description, statement.toDate.description,
                statement.closingBalance.decimalString, statement.currency.code, verificationCode,
            ].joined(separator: "|"),
            explanation: "The bank made this statement and can tell by the code whether what it says was changed.")
        return try document.finish()
    }
}
