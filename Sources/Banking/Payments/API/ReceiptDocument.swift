import Accounts
import Documents
import Kernel
import Ledger

/// A receipt on paper.
enum ReceiptDocument {
    static func pdf(_ receipt: Receipt) throws -> [UInt8] {
        let (entry, details) = (receipt.entry, receipt.details)
        let document = try PDFDocument(
            title: entry.isReversed ? "Receipt (reversed)" : "Receipt", footer: "Receipt \(entry.reference)", createdAt: entry.postedAt)
        try document.figure(receipt.isDebit ? "Amount paid" : "Amount received", MoneyText.withCode(receipt.amount))
        let own = "\(receipt.accountName)\n\(details.accountNumber)"
        let other = [details.counterpartyName, details.counterpartyAccountNumber].compactMap(\.self).joined(separator: " · ")
        try document.pairs([
            ("Reference", entry.reference),
            ("Date", DateText.moment(entry.postedAt)),
            ("Business date", DateText.long(entry.businessDate)),
            ("Type", words(TransactionTypeName(entry.type).rawValue)),
            (receipt.isDebit ? "From" : "To", own.replacing("\n", with: " · ")),
            (receipt.isDebit ? "To" : "From", other),
            ("Narration", entry.narration ?? ""),
            ("Status", entry.isReversed ? "Reversed" : "Completed"),
        ])
        if receipt.isDebit {
            try document.totals([
                ("Amount", MoneyText.grouped(receipt.amount)), ("Fee", MoneyText.grouped(receipt.fee)),
                ("Excise duty", MoneyText.grouped(receipt.excise)), ("Total debited", MoneyText.withCode(receipt.total)),
            ])
        }
        try document.verification(
            code: receipt.verificationCode,
            content: [
                "WEKEZA", entry.reference, details.accountNumber, receipt.amount.decimalString, entry.currency.code,
                entry.businessDate.description, receipt.verificationCode,
            ].joined(separator: "|"),
            explanation: "The bank made this receipt and can tell by the code whether what it says was changed.")
        return try document.finish()
    }

    /// `billPayment` → `Bill payment`.
    private static func words(_ name: String) -> String {
        var words = ""
        for character in name {
            if character.isUppercase {
                words += " " + character.lowercased()
            } else {
                words.append(words.isEmpty ? Character(character.uppercased()) : character)
            }
        }
        return words
    }
}
