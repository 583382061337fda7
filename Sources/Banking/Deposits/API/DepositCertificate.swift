import Documents
import HTTPEdge
import Interest
import Kernel

/// What the bank certifies about a deposit: what was placed, on which terms, and for whom.
struct DepositCertificate: Representation {
    static let schemaName = "DepositCertificate"
    static let example = DepositCertificate(
        details: DepositView.example.details, holderName: "Amina Wanjiru", verification: (content: "", code: "7K3M-9Q2X-4T8B"))

    let details: DepositDetails
    let holderName: String
    let verification: (content: String, code: String)

    private init(details: DepositDetails, holderName: String, verification: (content: String, code: String)) {
        self.details = details
        self.holderName = holderName
        self.verification = verification
    }

    init(details: DepositDetails, holderName: String, key: [UInt8]) {
        let deposit = details.deposit
        self.init(
            details: details, holderName: holderName,
            verification: VerificationCode.signed(
                [
                    "WEKEZA", "deposit", deposit.number, deposit.accountNumber, deposit.principalMoney.decimalString,
                    deposit.currency.code, "\(deposit.rate)", deposit.startDate.description, deposit.maturityDate?.description ?? "",
                    deposit.status.rawValue,
                ], key: key))
    }

    func write(to object: inout ObjectWriter) {
        let deposit = details.deposit
        object.text("depositNumber", deposit.number)
        object.choice("depositType", deposit.type)
        object.choice("status", deposit.status)
        object.text("accountNumber", deposit.accountNumber)
        object.text("accountName", holderName)
        object.money("principalAmount", deposit.principalMoney)
        object.currency("currency", deposit.currency)
        object.rate("interestRate", deposit.rate)
        object.text("dayCount", deposit.dayCount.rawValue)
        object.date("startDate", deposit.startDate)
        object.optionalDate("maturityDate", deposit.maturityDate)
        object.money("expectedInterest", details.expectedInterest)
        object.money("withholdingTax", details.withholdingTax)
        object.money("maturityAmount", details.maturityAmount)
        object.text("verificationCode", verification.code)
        object.text("verificationContent", verification.content)
    }

    var fileName: String { "deposit-certificate-\(details.deposit.number).pdf" }

    func pdf() throws -> [UInt8] {
        let deposit = details.deposit
        let document = try PDFDocument(
            title: "Deposit certificate", footer: "Deposit certificate \(deposit.number)", createdAt: deposit.startDate.startOfDay)
        var pairs = [
            ("Depositor", holderName), ("Deposit number", deposit.number),
            ("Account", "\(deposit.accountNumber) · \(deposit.currency.code)"),
            ("Kind of deposit", Self.words(deposit.type)), ("Status", deposit.status.rawValue),
            ("Placed on", DateText.long(deposit.startDate)), ("Interest rate", "\(deposit.rate) % a year, \(deposit.dayCount.rawValue)"),
        ]
        if let days = deposit.termInDays { pairs.append(("Term", "\(days) days")) }
        if let months = deposit.tenureInMonths { pairs.append(("Term", "\(months) months")) }
        if let installment = deposit.monthlyInstallment {
            pairs.append(("Monthly installment", MoneyText.withCode(deposit.money(installment))))
        }
        if let date = deposit.maturityDate { pairs.append(("Matures on", DateText.long(date))) }
        try document.pairs(pairs)
        try document.figure("Amount on deposit", MoneyText.withCode(deposit.principalMoney))
        if deposit.status.isOpen, deposit.maturityDate != nil {
            try document.totals([
                ("Interest to maturity", MoneyText.grouped(details.expectedInterest)),
                ("Withholding tax", MoneyText.grouped(details.withholdingTax)),
                ("Amount at maturity", MoneyText.withCode(details.maturityAmount)),
            ])
        }
        try document.paragraph("This certificate is no security and cannot be transferred. The terms of the contract apply.")
        try document.verification(
            code: verification.code, content: verification.content,
            explanation: "Whoever is shown this certificate can have the bank check it: the QR code holds what it says.")
        return try document.finish()
    }

    private static func words(_ type: DepositType) -> String {
        switch type {
        case .fixedDeposit: "Fixed deposit"
        case .recurringDeposit: "Recurring deposit"
        case .termDeposit: "Term deposit"
        case .callDeposit: "Call deposit"
        }
    }
}

struct DepositCertificateQuery: QueryParameters {
    enum Format: String, Sendable, CaseIterable {
        case pdf, json
    }

    let format: Format

    init(from fields: inout Fields) {
        format = fields.optionalChoice("format", Format.self) ?? .pdf
    }
}
