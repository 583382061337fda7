import Kernel
import Ledger
import Parties

/// One transaction seen from one account, with what the viewer may know of the other side.
///
/// Who gave an order knows where it went. Whoever received it sees the last four digits of the sender's number, and not which user it
/// was; the sender, in turn, sees the receiver's name only as far as a look-up would have shown it (contract, section 5).
public struct TransactionDetails: Sendable, Equatable {
    public let entry: EntryView
    public let accountNumber: String
    public let counterpartyName: String?
    public let counterpartyAccountNumber: String?
    public let initiatedBy: Identifier<User>?

    public init(_ entry: EntryView, account: AccountIdentity, counterparty: AccountIdentity?, viewer: AccountViewer) {
        self.entry = entry
        accountNumber = account.number
        // A reversal takes the money back along the same way, so there the receiver is the one who is debited.
        let isGivingSide = (entry.amount < 0) != (entry.reversalOf != nil)
        let isOwn: Bool
        switch viewer {
        case .staff: isOwn = true
        case .customer(let customer): isOwn = counterparty?.customerID == customer
        }
        if isOwn {
            counterpartyName = counterparty?.name ?? entry.beneficiaryName
            counterpartyAccountNumber = counterparty?.number
        } else if isGivingSide {
            counterpartyName = entry.beneficiaryName ?? counterparty.map { PartyName.masked($0.name) }
            counterpartyAccountNumber = counterparty?.number
        } else {
            counterpartyName = counterparty?.name
            counterpartyAccountNumber = counterparty.map { AccountNumber.masked($0.number) }
        }
        initiatedBy = isOwn || isGivingSide ? entry.initiatedBy : nil
    }
}
