/// Something that happened and that other rooms may react to. Written to the outbox in the same commit as its cause.
public struct DomainEvent: Sendable, Equatable {
    /// Past tense, dotted by room: `ledger.journalsPosted`, `accounts.accountOpened`.
    public let name: String
    public let subject: UInt128
    public let occurredAt: Timestamp
    /// JSON object in UTF-8. Never a secret.
    public let payload: [UInt8]

    public init(name: String, subject: UInt128, occurredAt: Timestamp, payload: [UInt8]) {
        self.name = name
        self.subject = subject
        self.occurredAt = occurredAt
        self.payload = payload
    }
}
