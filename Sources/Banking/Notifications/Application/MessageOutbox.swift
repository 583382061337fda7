import Kernel
import Postgres

/// Where every room leaves its messages: a row written in the transaction of the event, never a call to the outside.
///
/// A message of a transaction that was rolled back never leaves; one of a committed transaction leaves at least once.
public struct MessageOutbox: Sendable {
    private let clock: any WallClock
    private let identifiers: any IdentifierSource

    public init(clock: any WallClock, identifiers: any IdentifierSource) {
        self.clock = clock
        self.identifiers = identifiers
    }

    /// Queues a message in the caller's transaction.
    /// - Returns: the id under which the outbox shows it
    @discardableResult
    public func enqueue(_ message: OutgoingMessage, in transaction: Transaction) throws -> Identifier<Message> {
        let id = identifiers.next(Message.self)
        try MessageStore.insert(message, id: id, at: clock.now(), in: transaction)
        return id
    }
}
