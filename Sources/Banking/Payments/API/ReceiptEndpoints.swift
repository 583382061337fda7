import Accounts
import Documents
import HTTPEdge
import Kernel
import Ledger

/// Receipts of own transactions (contract, section 5).
struct ReceiptEndpoints: Sendable {
    let receipts: IssueReceipt

    var all: [Endpoint] { [receipt] }

    private var receipt: Endpoint {
        Endpoint(
            .get, "/api/customer-portal/transactions/{transactionId}/receipt", summary: "Receipt of an own transaction",
            tag: "Customer portal", access: .roles(.owner), query: ReceiptQuery.self, reply: ReceiptView.self, errors: ["not_found"],
            options: EndpointOptions(fileTypes: ["application/pdf"], details: "With `format=pdf` the answer is a file, `application/pdf`.")
        ) { call in
            let viewer = AccountViewer.customer(try call.context.requireCustomer())
            let receipt = try await receipts.receipt(
                try call.pathIdentifier("transactionId"), viewer: viewer, context: call.context)
            guard call.query.format == .pdf else { return Reply(ReceiptView(receipt: receipt)) }
            let bytes = try await PDFDocument.make { try ReceiptDocument.pdf(receipt) }
            return .raw(bytes, contentType: "application/pdf")
                .adding("Content-Disposition", "attachment; filename=\"receipt-\(receipt.entry.reference).pdf\"")
        }
    }
}

enum ReceiptFormat: String, Sendable, CaseIterable {
    case json, pdf
}

struct ReceiptQuery: QueryParameters {
    let format: ReceiptFormat

    init(from fields: inout Fields) {
        format = fields.optionalChoice("format", ReceiptFormat.self) ?? .json
    }
}

struct ReceiptView: Representation {
    static let schemaName = "Receipt"
    static let bankName = "Wekeza Bank"
    static let example = ReceiptView(
        receipt: Receipt(
            details: TransactionView.example.transaction, accountName: "Amina Wanjiru",
            total: Money(minorUnits: 151_150, currency: .kes), verificationCode: "7K3M-9Q2X-4T8B"))

    let receipt: Receipt

    func write(to object: inout ObjectWriter) {
        let (details, entry) = (receipt.details, receipt.entry)
        object.text("bankName", Self.bankName)
        object.text("receiptNumber", entry.reference)
        object.identifier("transactionId", entry.transactionID)
        object.text("reference", entry.reference)
        object.choice("type", TransactionTypeName(entry.type))
        object.choice("status", entry.isReversed ? TransactionStatusName.reversed : .completed)
        object.choice("direction", receipt.isDebit ? DirectionName.debit : .credit)
        object.text("accountName", receipt.accountName)
        object.text("accountNumber", details.accountNumber)
        object.optionalText("counterpartyName", details.counterpartyName)
        object.optionalText("counterpartyAccountNumber", details.counterpartyAccountNumber)
        object.moneyAndCurrency(receipt.amount)
        object.money("fee", receipt.fee)
        object.money("excise", receipt.excise)
        object.money("total", receipt.total)
        object.optionalText("narration", entry.narration)
        object.text("channel", entry.channel.rawValue)
        object.date("businessDate", entry.businessDate)
        object.date("valueDate", entry.valueDate)
        object.timestamp("postedAt", entry.postedAt)
        object.text("verificationCode", receipt.verificationCode)
    }
}
