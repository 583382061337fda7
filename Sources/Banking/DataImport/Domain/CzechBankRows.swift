import Kernel

/// The files of the folder (PKDD'99 Discovery Challenge, Berka and Sochorova) that are read, in the order of their dependencies.
public enum CzechBankFile: String, Sendable, CaseIterable, Comparable {
    case clients, accounts, dispositions, transactions

    public var fileName: String { "\(rawValue).csv" }

    /// Names in the file's first line.
    public var columns: [String] {
        switch self {
        case .clients: ["client_id", "birth_number", "district_id"]
        case .accounts: ["account_id", "district_id", "frequency", "date"]
        case .dispositions: ["disp_id", "client_id", "account_id", "type"]
        case .transactions:
            ["trans_id", "account_id", "date", "type", "operation", "amount", "balance", "k_symbol", "bank", "account"]
        }
    }

    public static func < (left: CzechBankFile, right: CzechBankFile) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
}

/// A row of one of the files, read and checked.
protocol CzechBankRow: Sendable {
    static var file: CzechBankFile { get }
    /// The other bank's number of the thing: unique within its file.
    var externalID: Int64 { get }
    /// Line in the file, the header being 1.
    var row: Int { get }
    /// Everything the row says, in one form whatever its spelling: what "the same row" means on a repetition.
    var canonicalText: String { get }
    init(row: Int, fields: [String]) throws(Refusal)
}

/// Somebody the other bank knows. The data are anonymous: there is no name.
struct ClientRow: CzechBankRow, Equatable {
    static let file = CzechBankFile.clients

    let row: Int
    let externalID: Int64
    let birthNumber: String
    let district: Int64

    init(row: Int, fields: [String]) throws(Refusal) {
        self.row = row
        externalID = try FieldText.number(fields[0], "client_id")
        _ = try FieldText.birthDate(fields[1], "birth_number")
        birthNumber = fields[1]
        district = try FieldText.number(fields[2], "district_id")
    }

    var canonicalText: String { "\(externalID);\(birthNumber);\(district)" }
}

struct AccountRow: CzechBankRow, Equatable {
    /// How often a statement is issued: monthly, weekly, after a transaction.
    enum StatementFrequency: String, Sendable {
        case monthly = "POPLATEK MESICNE"
        case weekly = "POPLATEK TYDNE"
        case afterTransaction = "POPLATEK PO OBRATU"
    }

    static let file = CzechBankFile.accounts

    let row: Int
    let externalID: Int64
    let district: Int64
    let frequency: StatementFrequency
    let openedDate: BusinessDate

    init(row: Int, fields: [String]) throws(Refusal) {
        self.row = row
        externalID = try FieldText.number(fields[0], "account_id")
        district = try FieldText.number(fields[1], "district_id")
        frequency = try FieldText.choice(fields[2], "frequency")
        openedDate = try FieldText.date(fields[3], "date")
    }

    var canonicalText: String { "\(externalID);\(district);\(frequency.rawValue);\(openedDate)" }
}

/// A client's part in an account.
struct DispositionRow: CzechBankRow, Equatable {
    enum Kind: String, Sendable {
        case owner = "OWNER"
        /// May dispose of the account without owning it.
        case disponent = "DISPONENT"
    }

    static let file = CzechBankFile.dispositions

    let row: Int
    let externalID: Int64
    let client: Int64
    let account: Int64
    let kind: Kind

    init(row: Int, fields: [String]) throws(Refusal) {
        self.row = row
        externalID = try FieldText.number(fields[0], "disp_id")
        client = try FieldText.number(fields[1], "client_id")
        account = try FieldText.number(fields[2], "account_id")
        kind = try FieldText.choice(fields[3], "type")
    }

    var canonicalText: String { "\(externalID);\(client);\(account);\(kind.rawValue)" }
}

/// A movement on an account. Amounts in minor units of the koruna.
struct TransactionRow: CzechBankRow, Equatable {
    enum Operation: String, Sendable {
        case none = ""
        case cashDeposit = "VKLAD"
        case cashWithdrawal = "VYBER"
        case cardWithdrawal = "VYBER KARTOU"
        case transferIn = "PREVOD Z UCTU"
        case transferOut = "PREVOD NA UCET"

        /// Nil when it says nothing about the direction.
        var isCredit: Bool? {
            switch self {
            case .none: nil
            case .cashDeposit, .transferIn: true
            case .cashWithdrawal, .cardWithdrawal, .transferOut: false
            }
        }
    }

    /// Credit, debit, and cash withdrawal, which is a debit.
    private enum Kind: String {
        case credit = "PRIJEM"
        case debit = "VYDAJ"
        case withdrawal = "VYBER"
    }

    static let file = CzechBankFile.transactions

    let row: Int
    let externalID: Int64
    let account: Int64
    let date: BusinessDate
    let isCredit: Bool
    let operation: Operation
    /// Always positive.
    let amount: Int64
    /// The account's balance after the movement, as the other bank recorded it.
    let recordedBalance: Int64
    /// What the movement is for; empty when the source does not say.
    let symbol: String
    let partnerBank: String
    let partnerAccount: String

    var signedAmount: Int64 { isCredit ? amount : -amount }

    init(row: Int, fields: [String]) throws(Refusal) {
        let exponent = Currency.czk.exponent
        self.row = row
        externalID = try FieldText.number(fields[0], "trans_id")
        account = try FieldText.number(fields[1], "account_id")
        date = try FieldText.date(fields[2], "date")
        isCredit = try FieldText.choice(fields[3], "type", as: Kind.self) == .credit
        operation = try FieldText.choice(fields[4], "operation")
        amount = try FieldText.amount(fields[5], "amount", exponent: exponent)
        recordedBalance = try FieldText.signedAmount(fields[6], "balance", exponent: exponent)
        symbol = try FieldText.label(fields[7], "k_symbol", maximum: 20)
        partnerBank = try FieldText.label(fields[8], "bank", maximum: 20)
        partnerAccount = try FieldText.label(fields[9], "account", maximum: 34)
        if let direction = operation.isCredit, direction != isCredit {
            throw FieldText.refusal("operation", "not_allowed", "\(operation.rawValue) contradicts the type \(FieldText.shown(fields[3]))")
        }
    }

    var canonicalText: String {
        "\(externalID);\(account);\(date);\(isCredit);\(operation.rawValue);\(amount);\(recordedBalance);\(symbol);"
            + "\(partnerBank);\(partnerAccount)"
    }
}
