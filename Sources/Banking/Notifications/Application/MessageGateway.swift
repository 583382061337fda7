import Kernel

/// The way out of the bank: an SMS aggregator, a mail server, a push service, or the log of a demonstration.
public protocol MessageGateway: Sendable {
    /// Hands a message over. Returning means the other side has taken responsibility for it.
    /// - Parameter id: the same on every attempt, so that a gateway that can will deliver only once
    /// - Throws: anything; the message is tried again
    func deliver(_ message: OutgoingMessage, id: Identifier<Message>) async throws
}

/// A gateway's reason for not taking a message. The text is shown to administrators and holds nothing secret.
public struct DeliveryFailure: Error, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
