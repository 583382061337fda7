import Accounts
import Documents
import Kernel
import Ledger
import Postgres

/// Draws up statements from the books.
struct ProduceStatement: Sendable {
    static let longestDays: Int32 = 366
    /// More entries than this do not go on paper: some 700 pages.
    static let mostPrintedEntries: Int64 = 20_000

    private let queries: AccountQueries
    private let businessDay: BusinessDayCache
    private let pool: ConnectionPool
    private let reader: LedgerReader
    private let key: [UInt8]
    private let entriesInPage: Int

    /// - Parameters:
    ///   - pool: for reading
    ///   - key: makes the codes by which the bank knows its own statements
    ///   - entriesInPage: how many are in memory at a time
    init(
        queries: AccountQueries, businessDay: BusinessDayCache, pool: ConnectionPool, reader: LedgerReader, key: [UInt8],
        entriesInPage: Int
    ) {
        precondition(entriesInPage > 0, "a page has at least one entry")
        self.entriesInPage = entriesInPage
        self.queries = queries
        self.businessDay = businessDay
        self.pool = pool
        self.reader = reader
        self.key = key
    }

    /// - Parameters:
    ///   - from: nil is the first day of the month that the statement ends in
    ///   - to: nil is the open business date
    ///   - isPrinted: paper has less room
    ///   - stored: what was said when this statement was made; the same is said again
    /// - Throws: 404 `account_not_found`; 422 `range_too_long`, `out_of_range`
    func statement(
        of reference: String, from: BusinessDate?, to: BusinessDate?, isPrinted: Bool, viewer: AccountViewer, deadline: Timestamp?,
        stored: StoredStatement? = nil
    ) async throws -> StatementPages {
        // Through the account itself: one that waits for its approval is not there yet.
        let account = try await queries.account(reference, viewer: viewer).identity
        let today = try await businessDay.current()
        let to = to ?? today
        let from = from ?? BusinessDate(year: to.year, month: to.month, day: 1) ?? to
        guard from <= to else { throw Refusal.validation([.init("from", "out_of_range", "from is after to")]) }
        guard to.days(since: from) < Self.longestDays else {
            throw Refusal.rule("range_too_long", "A statement covers at most \(Self.longestDays) days", field: "from")
        }
        let reader = reader
        let period = try await pool.snapshot(deadline: deadline) { try reader.periods(of: [account.id], from: from, to: to, in: $0).first }
        guard let period else { throw Refusal.notFound("account_not_found", "There is no such account") }
        guard !isPrinted || period.creditCount + period.debitCount <= Self.mostPrintedEntries else {
            throw Refusal.rule("range_too_long", "There are too many entries; please ask for a shorter period", field: "from")
        }
        if let stored, !stored.says(period) {
            throw StatementFailure("the books do not bear out statement \(stored.number) of \(account.number)")
        }
        func money(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: account.currency) }
        let statement = try AccountStatement(
            accountID: account.id, accountNumber: account.number, accountName: stored?.accountName ?? account.name,
            branchCode: stored?.branchCode ?? account.branchCode, fromDate: from, toDate: to, openingBalance: money(period.openingBalance),
            closingBalance: money(period.closingBalance), totalDebits: money(period.totalDebits),
            totalCredits: money(period.totalCredits), debitCount: period.debitCount, creditCount: period.creditCount)
        let queries = queries
        return StatementPages(statement, entriesInPage: entriesInPage) { [pool] place, limit in
            let page = try await pool.read { try reader.entries(of: period, after: place, limit: limit, in: $0) }
            return (try await queries.decorated(page, viewer: viewer).map { Self.entry($0) }, page.last?.cursor)
        }
    }

    private static func entry(_ details: TransactionDetails) -> AccountStatement.Entry {
        let entry = details.entry
        func money(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: entry.currency) }
        let type = TransactionTypeName(entry.type).rawValue
        return AccountStatement.Entry(
            date: entry.businessDate, valueDate: entry.valueDate, reference: entry.reference,
            description: EntryDescription.text(of: details), type: type, amount: money(entry.amount), balance: money(entry.balanceAfter),
            isReversal: entry.reversalOf != nil, counterparty: details.counterpartyName, transactionID: entry.transactionID,
            postedAt: entry.postedAt)
    }

    /// A code over everything that a statement says.
    func verificationCode(of statement: AccountStatement, _ entries: [AccountStatement.Entry]) -> String {
        var code = VerificationCode(key: key)
        for text in [
            statement.accountNumber, statement.currency.code, statement.fromDate.description, statement.toDate.description,
            String(statement.openingBalance.minorUnits), String(statement.closingBalance.minorUnits),
        ] { code.add(text) }
        for entry in entries { code.add("\(entry.transactionID) \(entry.amount.minorUnits)") }
        return code.text
    }
}

/// An entry in the words of a statement.
enum EntryDescription {
    static func text(of details: TransactionDetails) -> String {
        let entry = details.entry
        let party = details.counterpartyName ?? details.counterpartyAccountNumber
        var text: String
        switch entry.type {
        case .transfer:
            text = entry.amount < 0 ? "Transfer" + (party.map { " to \($0)" } ?? "") : "Transfer" + (party.map { " from \($0)" } ?? "")
        case .withholdingTax: text = "Withholding tax"
        case .fx: text = "Currency exchange"
        case .excise: text = "Excise duty"
        default: text = words(TransactionTypeName(entry.type).rawValue)
        }
        if entry.reversalOf != nil { text = "Reversal: " + text }
        if let narration = entry.narration, !narration.isEmpty { text += " – " + narration }
        return text
    }

    /// `billPayment` → `Bill payment`.
    private static func words(_ name: String) -> String {
        var words = ""
        for character in name {
            if character.isUppercase {
                words += " " + character.lowercased()
            } else {
                words += words.isEmpty ? character.uppercased() : String(character)
            }
        }
        return words
    }
}
