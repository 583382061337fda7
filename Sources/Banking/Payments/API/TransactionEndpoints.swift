import Accounts
import HTTPEdge
import Kernel
import Ledger

/// Transactions of the whole bank, for staff; single ones for their owners too (contract, section 7).
struct TransactionEndpoints: Sendable {
    private static let tag = "Transactions"

    let transactions: FindTransactions

    var all: [Endpoint] { [search, get] }

    private var search: Endpoint {
        Endpoint(
            .get, "/api/transactions", summary: "Search transactions, newest first", tag: Self.tag, access: .roles(.staff),
            query: TransactionSearchQuery.self, reply: Page<TransactionView>.self,
            options: EndpointOptions(
                details: "A search by type, status, channel or amount alone goes back \(FindTransactions.openSearchDays) days; name an "
                    + "account, a customer, a reference or `from` to go back further.")
        ) { call in
            let found = try await transactions.search(
                call.query.search, limit: call.query.page.fetchCount, before: try call.query.page.entryCursor(), context: call.context)
            return Reply(call.page(found.map { TransactionView($0) }) { $0.cursor })
        }
    }

    private var get: Endpoint {
        Endpoint(
            .get, "/api/transactions/{transactionId}", summary: "One transaction; staff see all of its entries", tag: Self.tag,
            access: .roles(RoleSet.staff.union(.owner)), reply: TransactionWithEntriesView.self, errors: ["not_found"]
        ) { call in
            let viewer = try AccountViewer(call.context)
            let found = try await transactions.find(try call.pathIdentifier("transactionId"), viewer: viewer, context: call.context)
            return Reply(TransactionWithEntriesView(found: found, showsEntries: viewer == .staff))
        }
    }
}

/// A transaction, and for staff every line that it consists of.
struct TransactionWithEntriesView: Representation {
    static let schemaName = "TransactionWithEntries"
    static let example = TransactionWithEntriesView(
        found: FoundTransaction(
            details: TransactionView.example.transaction,
            lines: [
                PostedJournal.Line(
                    lineNumber: 1, ordinal: 1, type: .transfer, account: TransactionView.example.transaction.entry.account,
                    glCode: GLCode(2001), currency: .kes, amount: -150_000, balanceAfter: 19_848_850)
            ],
            accountNumbers: [
                TransactionView.example.transaction.entry.account: TransactionView.example.transaction.accountNumber
            ]),
        showsEntries: true)

    let found: FoundTransaction
    let showsEntries: Bool

    func write(to object: inout ObjectWriter) {
        TransactionView(found.details).write(to: &object)
        let entries = found.lines.map { line in
            TransactionEntryView(line: line, accountNumber: line.account.flatMap { found.accountNumbers[$0] })
        }
        object.optionalArray("entries", showsEntries ? entries : nil)
    }
}

struct TransactionEntryView: Representation {
    static let schemaName = "TransactionEntry"
    static let example = TransactionEntryView(
        line: PostedJournal.Line(
            lineNumber: 1, ordinal: 1, type: .transfer, account: nil, glCode: GLCode(2001), currency: .kes, amount: -150_000,
            balanceAfter: nil), accountNumber: "0010100000017")

    let line: PostedJournal.Line
    let accountNumber: String?

    func write(to object: inout ObjectWriter) {
        object.optionalText("accountNumber", accountNumber)
        object.text("glCode", line.glCode.description)
        object.choice("direction", line.amount < 0 ? DirectionName.debit : .credit)
        object.moneyAndCurrency(Money(minorUnits: Int64(clamping: line.amount.magnitude), currency: line.currency))
    }
}
