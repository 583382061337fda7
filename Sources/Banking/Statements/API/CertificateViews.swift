import Documents
import HTTPEdge
import Kernel

extension CertificateHolder {
    fileprivate static let example = CertificateHolder(
        accountNumber: "0010200000016", accountName: "Amina Wanjiru", cifNumber: "CIF000000001", productName: "Savings account",
        branchCode: "001", currency: .kes, openedDate: BusinessDate(epochDay: 20_458))

    fileprivate func write(to object: inout ObjectWriter) {
        object.text("accountNumber", accountNumber)
        object.text("accountName", accountName)
        object.text("cifNumber", cifNumber)
        object.currency("currency", currency)
    }
}

struct InterestCertificateView: Representation {
    static let schemaName = "InterestCertificate"
    static let example = InterestCertificateView(
        certificate: InterestCertificate(
            kind: .withholdingTax, holder: .example,
            figures: InterestYear(
                year: 2026, from: BusinessDate(epochDay: 20_454), to: BusinessDate(epochDay: 20_818),
                payments: [CertifiedInterestView.example.payment], currency: .kes),
            verification: (content: "", code: "7K3M-9Q2X-4T8B")))

    let certificate: InterestCertificate

    func write(to object: inout ObjectWriter) {
        let figures = certificate.figures
        object.choice("certificateType", certificate.kind)
        certificate.holder.write(to: &object)
        object.integer("year", figures.year)
        object.date("fromDate", figures.from)
        object.date("toDate", figures.to)
        object.money("grossInterest", figures.gross)
        object.money("withholdingTax", figures.tax)
        object.money("netInterest", figures.net)
        object.array("payments", figures.payments.lazy.map { CertifiedInterestView(payment: $0) })
        object.text("verificationCode", certificate.verification.code)
        object.text("verificationContent", certificate.verification.content)
    }
}

struct CertifiedInterestView: Representation {
    static let schemaName = "CertifiedInterest"
    static let example = CertifiedInterestView(
        payment: TaxedInterest(
            date: BusinessDate(epochDay: 20_543), reference: "INT0G4S8Q2M9K7V3X1B5N6A",
            gross: Money(minorUnits: 45_863, currency: .kes), tax: Money(minorUnits: 6_879, currency: .kes),
            rateInForce: Rate(millionthsOfPercent: 15_000_000)))

    let payment: TaxedInterest

    func write(to object: inout ObjectWriter) {
        object.date("date", payment.date)
        object.text("reference", payment.reference)
        object.money("grossInterest", payment.gross)
        object.rate("taxRate", payment.taxRate)
        object.money("withholdingTax", payment.tax)
        object.money("netInterest", payment.net)
    }
}

struct BalanceCertificateView: Representation {
    static let schemaName = "BalanceCertificate"
    static let example = BalanceCertificateView(
        certificate: BalanceCertificate(
            holder: .example, date: BusinessDate(epochDay: 20_543), balance: Money(minorUnits: 12_038_984, currency: .kes),
            asOf: Timestamp(microseconds: 1_775_000_000_000_000), verification: (content: "", code: "7K3M-9Q2X-4T8B")))

    let certificate: BalanceCertificate

    func write(to object: inout ObjectWriter) {
        certificate.holder.write(to: &object)
        object.date("date", certificate.date)
        object.money("balance", certificate.balance)
        object.optionalTimestamp("asOf", certificate.asOf)
        object.text("verificationCode", certificate.verification.code)
        object.text("verificationContent", certificate.verification.content)
    }
}

struct CertificateCheckView: Representation {
    static let schemaName = "CertificateCheck"
    static let example = CertificateCheckView(
        facts: ["WEKEZA", "balance", "0010200000016", "2026-03-31", "120389.84", "KES"])

    /// Nil for what the bank has not signed.
    let facts: [String]?

    func write(to object: inout ObjectWriter) {
        object.boolean("valid", facts != nil)
        object.texts("facts", facts ?? [])
    }
}
