import Kernel

/// What became of the rows of one file.
public struct FileTally: Sendable, Equatable {
    public let file: CzechBankFile
    public var rowsRead = 0
    /// Made or posted by this run.
    public var taken = 0
    /// Made or posted by an earlier run.
    public var takenBefore = 0
    public var refused = 0

    public init(_ file: CzechBankFile, rowsRead: Int = 0, taken: Int = 0, takenBefore: Int = 0, refused: Int = 0) {
        self.file = file
        self.rowsRead = rowsRead
        self.taken = taken
        self.takenBefore = takenBefore
        self.refused = refused
    }
}

/// The sums of the files' amounts, worked out without the ledger, beside the ledger's balances. Minor units.
public struct SumCheck: Sendable, Equatable {
    /// An account whose balance is not the sum of this file's rows.
    public struct Difference: Sendable, Equatable {
        public let account: Int64
        public let accountID: Identifier<Account>
        /// Sum of the rows of this file that are in the books.
        public let computed: Int128
        public let balance: Int64
        /// Posted by earlier imports from rows that are not in this file, or stood there with other content.
        public let broughtForward: Int128
        /// Posted by anything else than this import.
        public let otherMovements: Int128

        /// What should have been among the entries and is not.
        public let missing: Int128

        /// Nothing when the entries account for the whole difference.
        public var unexplained: Int128 { missing != 0 ? missing : Int128(balance) - computed - broughtForward - otherMovements }

        public init(
            account: Int64, accountID: Identifier<Account>, computed: Int128, balance: Int64, broughtForward: Int128,
            otherMovements: Int128, missing: Int128
        ) {
            self.account = account
            self.accountID = accountID
            self.computed = computed
            self.balance = balance
            self.broughtForward = broughtForward
            self.otherMovements = otherMovements
            self.missing = missing
        }
    }

    public var accountsCompared = 0
    public var computedTotal: Int128 = 0
    public var balanceTotal: Int128 = 0
    public var differences: [Difference] = []

    public init() {}

    public var unexplained: [Difference] { differences.filter { $0.unexplained != 0 } }
}

/// One currency's totals over the whole general ledger. Minor units.
public struct CurrencyTotal: Sendable, Equatable {
    public let currency: Currency
    public let debit: Int128
    public let credit: Int128

    public init(currency: Currency, debit: Int128, credit: Int128) {
        self.currency = currency
        self.debit = debit
        self.credit = credit
    }

    public var isBalanced: Bool { debit == credit }
}

/// The account of an import: every row of every file is in one of its figures, every refused one by name.
public struct ImportReport: Sendable, Equatable {
    public var dataset: String
    public var folder: String
    public var files: [FileTally] = []
    /// By file and row.
    public var refusals: [RowRefusal] = []
    public var sums = SumCheck()
    public var balanceRows = 0
    public var balanceDaysReordered = 0
    public var balanceLargestDrift: Int128 = 0
    public var balanceExceptions: [BalanceChain.Exception] = []
    public var trialBalance: [CurrencyTotal] = []
    public var registrationMicroseconds: Int64 = 0
    public var postingMicroseconds: Int64 = 0
    public var totalMicroseconds: Int64 = 0

    public init(dataset: String, folder: String) {
        self.dataset = dataset
        self.folder = folder
    }

    /// Every currency is zero in sum, and every account holds what its entries say.
    public var isBalanced: Bool { trialBalance.allSatisfy(\.isBalanced) && sums.unexplained.isEmpty }

    public func tally(_ file: CzechBankFile) -> FileTally { files.first { $0.file == file } ?? FileTally(file) }
}

/// How far an import is.
public struct ImportProgress: Sendable, Equatable {
    public enum Phase: String, Sendable, CaseIterable {
        case clients, accounts, transactions, checking
    }

    public let phase: Phase
    public let done: Int
    public let total: Int
    public let refused: Int

    public init(phase: Phase, done: Int, total: Int, refused: Int = 0) {
        self.phase = phase
        self.done = done
        self.total = total
        self.refused = refused
    }

    public var isFinished: Bool { done == total }
}

public typealias ImportObserver = @Sendable (ImportProgress) -> Void
