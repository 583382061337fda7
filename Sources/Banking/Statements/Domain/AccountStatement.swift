import Kernel

/// The figures of a statement of one account. Every format is drawn from them and from the same entries, so all of them say the same.
public struct AccountStatement: Sendable, Equatable {
    public struct Entry: Sendable, Equatable {
        public let date: BusinessDate
        public let valueDate: BusinessDate
        public let reference: String
        public let description: String
        /// Name of the contract's transaction type.
        public let type: String
        /// Positive is a credit.
        public let amount: Money
        public let balance: Money
        public let isReversal: Bool
        public let counterparty: String?
        public let transactionID: Identifier<TransactionRecord>
        public let postedAt: Timestamp

        public init(
            date: BusinessDate, valueDate: BusinessDate, reference: String, description: String, type: String, amount: Money,
            balance: Money, isReversal: Bool, counterparty: String?, transactionID: Identifier<TransactionRecord>, postedAt: Timestamp
        ) {
            self.date = date
            self.valueDate = valueDate
            self.reference = reference
            self.description = description
            self.type = type
            self.amount = amount
            self.balance = balance
            self.isReversal = isReversal
            self.counterparty = counterparty
            self.transactionID = transactionID
            self.postedAt = postedAt
        }

        public var isCredit: Bool { !amount.isNegative }
        public var debit: Money? { isCredit ? nil : magnitude }
        public var credit: Money? { isCredit ? magnitude : nil }
        public var magnitude: Money { Money(minorUnits: Int64(clamping: amount.minorUnits.magnitude), currency: amount.currency) }
    }

    public let accountID: Identifier<Account>
    public let accountNumber: String
    public let accountName: String
    public let branchCode: String
    public let fromDate: BusinessDate
    public let toDate: BusinessDate
    public let openingBalance: Money
    public let closingBalance: Money
    public let totalDebits: Money
    public let totalCredits: Money
    public let debitCount: Int64
    public let creditCount: Int64

    /// - Throws: `StatementFailure` unless opening plus movements is closing
    public init(
        accountID: Identifier<Account>, accountNumber: String, accountName: String, branchCode: String, fromDate: BusinessDate,
        toDate: BusinessDate, openingBalance: Money, closingBalance: Money, totalDebits: Money, totalCredits: Money, debitCount: Int64,
        creditCount: Int64
    ) throws(StatementFailure) {
        self.accountID = accountID
        self.accountNumber = accountNumber
        self.accountName = accountName
        self.branchCode = branchCode
        self.fromDate = fromDate
        self.toDate = toDate
        self.openingBalance = openingBalance
        self.closingBalance = closingBalance
        self.totalDebits = totalDebits
        self.totalCredits = totalCredits
        self.debitCount = debitCount
        self.creditCount = creditCount
        guard
            Int128(openingBalance.minorUnits) + Int128(totalCredits.minorUnits) - Int128(totalDebits.minorUnits)
                == Int128(closingBalance.minorUnits)
        else { throw StatementFailure("opening balance and totals of \(accountNumber) do not make the closing balance") }
    }

    public var entryCount: Int64 { debitCount + creditCount }

    public var currency: Currency { openingBalance.currency }

    public var number: String { StatementNumber.text(closing: toDate) }

    /// Name of a file without its ending.
    public var fileName: String { "statement-\(accountNumber)-\(fromDate)-\(toDate)" }
}

/// Follows the entries of a statement as they come, page by page, and knows in the end whether they are what its figures say.
struct StatementChain {
    private let statement: AccountStatement
    private var balance: Int128
    private var count: Int64 = 0

    init(_ statement: AccountStatement) {
        self.statement = statement
        balance = Int128(statement.openingBalance.minorUnits)
    }

    /// - Throws: `StatementFailure` when a balance does not follow from the one before
    mutating func follow(_ entries: [AccountStatement.Entry]) throws(StatementFailure) {
        for entry in entries {
            balance += Int128(entry.amount.minorUnits)
            guard balance == Int128(entry.balance.minorUnits) else {
                throw StatementFailure("the balance after \(entry.transactionID) does not follow from the one before")
            }
        }
        count += Int64(entries.count)
    }

    /// - Throws: `StatementFailure` unless the entries lead to the closing balance and are as many as were counted
    func finish() throws(StatementFailure) {
        guard balance == Int128(statement.closingBalance.minorUnits), count == statement.entryCount else {
            throw StatementFailure("opening balance and entries of \(statement.accountNumber) do not make the closing balance")
        }
    }
}

/// Writes a statement in one format: what stands before the entries, the entries page by page, what stands behind them.
protocol StatementWriter: Sendable {
    mutating func head(_ statement: AccountStatement) -> [UInt8]
    mutating func entries(_ entries: [AccountStatement.Entry]) -> [UInt8]
    mutating func tail(_ statement: AccountStatement) -> [UInt8]
}

/// Five digits, as SWIFT wants them: two of the year and three of the day in it that the statement closes with. Numbers of one account
/// grow with time, and a statement that is made again has the number it had.
enum StatementNumber {
    static func text(closing date: BusinessDate) -> String {
        let newYear = BusinessDate(year: date.year, month: 1, day: 1) ?? date
        func digits(_ value: Int, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        return digits(date.year % 100, 2) + digits(Int(date.days(since: newYear)) + 1, 3)
    }

    /// The day that the statement of a number closes with; nil for what is no number of a statement.
    static func date(_ number: String) -> BusinessDate? {
        guard number.utf8.count == 5, number.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let year = Int(number.prefix(2)),
            let day = Int32(number.suffix(3)), day > 0, let newYear = BusinessDate(year: 2_000 + year, month: 1, day: 1)
        else { return nil }
        let date = newYear.adding(days: day - 1)
        return date.year == newYear.year ? date : nil
    }
}

/// The books do not bear out a statement. Nothing is printed then.
public struct StatementFailure: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
