import Kernel

/// Something that a customer confirms with a second factor, and what the confirmation is good for: exactly this and nothing else.
public struct SensitiveAction: Sendable, Equatable {
    /// Stable lowerCamel name: `transfer`, `addBeneficiary`, `changeBeneficiary`, `cardPin`, `cardDetails`, `contactChange`.
    public let type: String
    /// The account that pays; nil when nothing is paid.
    public let sourceAccountID: Identifier<Account>?
    public let amount: Money?
    /// Whom or what it is about, as the customer must be shown it. Part of what is confirmed, letter by letter.
    public let payee: String

    public init(type: String, sourceAccountID: Identifier<Account>? = nil, amount: Money? = nil, payee: String) {
        self.type = type
        self.sourceAccountID = sourceAccountID
        self.amount = amount
        self.payee = payee
    }

    /// What a confirmation is bound to, as bytes that no other action of this or another session has.
    func binding(userID: Identifier<User>, sessionID: Identifier<Session>) -> [UInt8] {
        var bytes: [UInt8] = []
        // Lengths keep ("ab", "c") apart from ("a", "bc"); absent differs from empty.
        func add(_ text: String?) {
            let count = text.map { UInt32($0.utf8.count) } ?? .max
            withUnsafeBytes(of: count.bigEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: (text ?? "").utf8)
        }
        add(userID.description)
        add(sessionID.description)
        add(type)
        add(sourceAccountID?.description)
        add(amount.map { String($0.minorUnits) })
        add(amount?.currency.code)
        add(payee)
        return bytes
    }

    /// The action in words, for the message that carries the code: what is signed is what is seen.
    var inWords: String {
        let subject =
            switch type {
            case "transfer": "a transfer"
            case "addBeneficiary": "a new payee"
            case "changeBeneficiary": "a changed payee"
            case "contactChange": "a change of your contact data"
            case "standingOrder": "a standing order"
            default: "an action"
            }
        let money = amount.map { " of \($0)" } ?? ""
        let party = payee.isEmpty ? "" : amount == nil ? ": \(payee)" : " to \(payee)"
        return subject + money + party
    }
}
