import Application
import Kernel
import Ledger

/// How a movement of the other bank is booked here: against which account of the general ledger, as what, and with which words.
struct CzechBankBooking: Equatable {
    static let sourceType = "czechBankImport"
    static let referencePrefix = "IMP"

    /// Cash that went through a machine.
    private static let machineCash = GLCode(1050)

    let contra: GLCode
    let type: TransactionType
    let narration: String

    init(_ row: TransactionRow) {
        let symbol = Self.symbols[row.symbol]
        switch (symbol, row.operation) {
        case (.interest, _):
            (contra, type) = row.isCredit ? (ChartOfAccounts.interestExpense, .interest) : (ChartOfAccounts.interestIncome, .interest)
        case (.penaltyInterest, _): (contra, type) = (ChartOfAccounts.interestIncome, .interest)
        case (.fee, _): (contra, type) = (ChartOfAccounts.feeIncome, .fee)
        case (_, .cashDeposit): (contra, type) = (ChartOfAccounts.tellerCash, .deposit)
        case (_, .cashWithdrawal): (contra, type) = (ChartOfAccounts.tellerCash, .withdrawal)
        case (_, .cardWithdrawal): (contra, type) = (Self.machineCash, .withdrawal)
        case (_, .transferIn), (_, .transferOut): (contra, type) = (ChartOfAccounts.eftClearing, .externalPayment)
        // Neither the operation nor the symbol says where it came from or went to: somebody has to look at it.
        case (_, .none): (contra, type) = (ChartOfAccounts.suspense, .adjustment)
        }
        narration = Self.narration(row, symbol)
    }

    /// The journal with the row's own date as its value date; its booking date is the day on which it is posted.
    func draft(_ row: TransactionRow, account: Identifier<Account>, source: UInt128) -> JournalDraft {
        JournalDraft(
            type: type, referencePrefix: Self.referencePrefix, sourceType: Self.sourceType, sourceID: source, valueDate: row.date,
            narration: narration,
            legs: [
                Leg(.account(account), amount: row.signedAmount, currency: .czk, type: type),
                Leg(.generalLedger(contra), amount: -row.signedAmount, currency: .czk, type: type),
            ])
    }

    private enum Symbol {
        case interest, penaltyInterest, fee, household, pension, insurance, loan

        var words: String {
            switch self {
            case .interest: "Interest"
            case .penaltyInterest: "Penalty interest"
            case .fee: "Statement fee"
            case .household: "Household payment"
            case .pension: "Pension"
            case .insurance: "Insurance payment"
            case .loan: "Loan payment"
            }
        }
    }

    private static let symbols: [String: Symbol] = [
        "UROK": .interest, "SANKC. UROK": .penaltyInterest, "SLUZBY": .fee, "SIPO": .household, "DUCHOD": .pension,
        "POJISTNE": .insurance, "UVER": .loan,
    ]

    /// What it was for, how it went, and who was on the other side: `Household payment (SIPO), transfer to bank YZ account 87144583`.
    private static func narration(_ row: TransactionRow, _ symbol: Symbol?) -> String {
        var parts: [String] = []
        if !row.symbol.isEmpty { parts.append(symbol.map { "\($0.words) (\(row.symbol))" } ?? row.symbol) }
        var partner = row.partnerBank.isEmpty ? "" : "bank \(row.partnerBank)"
        if !row.partnerAccount.isEmpty { partner += (partner.isEmpty ? "" : " ") + "account \(row.partnerAccount)" }
        let isCharge = symbol == .interest || symbol == .penaltyInterest || symbol == .fee
        switch row.operation {
        case .transferIn: parts.append(partner.isEmpty ? "transfer from another bank" : "transfer from \(partner)")
        case .transferOut: parts.append(partner.isEmpty ? "transfer to another bank" : "transfer to \(partner)")
        case .cashDeposit where !isCharge: parts.append("cash deposit")
        case .cashWithdrawal where !isCharge: parts.append("cash withdrawal")
        case .cardWithdrawal where !isCharge: parts.append("card withdrawal")
        case .none where parts.isEmpty: parts.append(row.isCredit ? "credit" : "debit")
        default: break
        }
        if row.operation != .transferIn, row.operation != .transferOut, !partner.isEmpty { parts.append(partner) }
        let text = parts.joined(separator: ", ")
        return text.prefix(1).uppercased() + text.dropFirst()
    }
}
