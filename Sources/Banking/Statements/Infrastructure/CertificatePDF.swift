import Documents
import Kernel

/// Certificates on paper.
enum CertificatePDF {
    private static let explanation = "Whoever is shown this certificate can have the bank check it: the QR code holds what it says."

    static func bytes(_ certificate: InterestCertificate) throws -> [UInt8] {
        let (holder, figures) = (certificate.holder, certificate.figures)
        let isTax = certificate.kind == .withholdingTax
        let title = isTax ? "Withholding tax certificate" : "Interest certificate"
        let document = try PDFDocument(
            title: title, footer: "\(title) \(figures.year), account \(holder.accountNumber)",
            createdAt: figures.to.adding(days: 1).startOfDay)
        try document.pairs(
            pairs(holder) + [("Period", "\(DateText.long(figures.from)) to \(DateText.long(figures.to))")])
        try document.figure(
            isTax ? "Tax withheld in \(figures.year)" : "Interest paid in \(figures.year)",
            MoneyText.withCode(isTax ? figures.tax : figures.gross))
        try document.paragraph(
            isTax
                ? "We certify that tax was withheld from interest on this account as follows, and is paid to the Kenya Revenue Authority."
                : "We certify that interest was paid on this account as follows.")
        try document.table(
            [
                PDFColumn("Date", share: 110), PDFColumn("Reference", share: 270),
                PDFColumn("Gross interest", share: 150, alignment: .trailing), PDFColumn("Tax rate", share: 90, alignment: .trailing),
                PDFColumn("Tax withheld", share: 140, alignment: .trailing), PDFColumn("Net interest", share: 150, alignment: .trailing),
            ],
            rows: figures.payments.lazy.map { payment in
                [
                    DateText.short(payment.date), payment.reference, MoneyText.grouped(payment.gross), "\(payment.taxRate) %",
                    MoneyText.grouped(payment.tax), MoneyText.grouped(payment.net),
                ]
            })
        try document.totals([
            ("Gross interest", MoneyText.withCode(figures.gross)), ("Tax withheld", MoneyText.withCode(figures.tax)),
            ("Net interest", MoneyText.withCode(figures.net)),
        ])
        try document.verification(
            code: certificate.verification.code, content: certificate.verification.content, explanation: explanation)
        return try document.finish()
    }

    static func bytes(_ certificate: BalanceCertificate) throws -> [UInt8] {
        let holder = certificate.holder
        let day = DateText.long(certificate.date)
        let document = try PDFDocument(
            title: "Balance confirmation", footer: "Balance confirmation, account \(holder.accountNumber), \(day)",
            createdAt: certificate.asOf ?? certificate.date.adding(days: 1).startOfDay)
        try document.pairs(pairs(holder) + [("Account opened", DateText.long(holder.openedDate))])
        try document.figure(
            certificate.asOf.map { "Balance on \(DateText.moment($0))" } ?? "Balance at the close of \(day)",
            MoneyText.withCode(certificate.balance))
        let owed = certificate.balance.isNegative ? " The account is overdrawn by this amount." : ""
        try document.paragraph(
            certificate.asOf == nil
                ? "We confirm that this was the booked balance of the account at the close of business on \(day).\(owed)"
                : "We confirm the booked balance of the account. The business day is not over; further entries may follow.\(owed)")
        try document.verification(
            code: certificate.verification.code, content: certificate.verification.content, explanation: explanation)
        return try document.finish()
    }

    private static func pairs(_ holder: CertificateHolder) -> [(label: String, value: String)] {
        [
            ("Account holder", holder.accountName), ("Customer number", holder.cifNumber),
            ("Account", "\(holder.accountNumber) · \(holder.currency.code)"), ("Product", holder.productName),
            ("Branch", holder.branchCode),
        ]
    }
}
