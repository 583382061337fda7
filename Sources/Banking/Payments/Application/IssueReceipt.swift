import Accounts
import Documents
import Kernel
import Ledger

/// What happened, for the files of the one who asks: names and numbers as far as that person may know them.
struct Receipt: Sendable {
    let details: TransactionDetails
    let accountName: String
    /// The charges of the same journal, whoever asks for the charge itself sees none.
    let total: Money
    /// Tells a receipt of this bank from one that somebody wrote: a keyed digest of what it says.
    let verificationCode: String

    var entry: EntryView { details.entry }
    var amount: Money { Money(minorUnits: Int64(clamping: entry.amount.magnitude), currency: entry.currency) }
    var fee: Money { Money(minorUnits: entry.fee, currency: entry.currency) }
    var excise: Money { Money(minorUnits: entry.excise, currency: entry.currency) }
    var isDebit: Bool { entry.amount < 0 }
}

struct IssueReceipt: Sendable {
    let transactions: FindTransactions
    let directory: AccountDirectory
    /// Held by every process of the bank; nobody else can make a code.
    let key: [UInt8]

    /// - Throws: 404 `not_found`
    func receipt(_ id: Identifier<TransactionRecord>, viewer: AccountViewer, context: RequestContext) async throws -> Receipt {
        let found = try await transactions.find(id, viewer: viewer, context: context)
        let entry = found.details.entry
        let account = try await directory.account(id: entry.account)
        let charges = entry.amount < 0 ? entry.fee + entry.excise : 0
        let total = Money(minorUnits: Int64(clamping: entry.amount.magnitude) + charges, currency: entry.currency)
        return Receipt(
            details: found.details, accountName: account?.name ?? "", total: total,
            verificationCode: Self.code(of: entry, accountNumber: found.details.accountNumber, key: key))
    }

    static func code(of entry: EntryView, accountNumber: String, key: [UInt8]) -> String {
        var code = VerificationCode(key: key)
        for text in [
            entry.transactionID.description, entry.reference, accountNumber, String(entry.amount), entry.currency.code,
            entry.businessDate.description,
        ] { code.add(text) }
        return code.text
    }
}
