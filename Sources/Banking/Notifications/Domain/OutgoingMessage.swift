import Kernel

/// Kind of a message waiting to leave or already gone; keeps its identifiers apart.
public enum Message {}

/// A message to one person, as a room hands it over. It leaves only if the transaction it was enqueued in commits.
public struct OutgoingMessage: Sendable, Equatable {
    /// The way a message travels.
    public enum Channel: String, Sendable, CaseIterable {
        case sms, email, push
    }

    public let channel: Channel
    /// Telephone number in E.164, e-mail address, or device token: what the channel needs.
    public let recipient: String
    /// Login name of the recipient, when it has one. Only there so that an administrator finds the message.
    public let username: String?
    /// Which text this is, dotted by room: `identity.stepUpCode`. Stable; texts may change.
    public let template: String
    /// Subject line of an e-mail; other channels have none.
    public let subject: String?
    public let body: MessageBody

    public init(
        channel: Channel, recipient: String, username: String? = nil, template: String, subject: String? = nil, body: MessageBody
    ) {
        self.channel = channel
        self.recipient = recipient
        self.username = username
        self.template = template
        self.subject = subject
        self.body = body
    }
}

/// The text of a message whose secrets are marked where it is written: `"Your code is \(secret: code)."`
///
/// Secrets are codes, passwords and links. They are kept apart from the text, so that nothing that shows a message can forget to
/// mask them.
public struct MessageBody: Sendable, Equatable, ExpressibleByStringInterpolation {
    /// What stands in place of a secret.
    public static let mask = "******"

    /// The text around the secrets: always one more than there are secrets.
    public let plainParts: [String]
    /// The secrets in the order of the text; nil once they were erased after delivery.
    public let secretParts: [String]?

    /// - Precondition: one more plain part than secrets
    public init(plainParts: [String], secretParts: [String]?) {
        precondition(!plainParts.isEmpty, "a text has at least one part")
        precondition(secretParts.map { $0.count + 1 == plainParts.count } ?? true, "secrets stand between plain parts")
        self.plainParts = plainParts
        self.secretParts = secretParts
    }

    public init(stringLiteral value: String) {
        self.init(plainParts: [value], secretParts: [])
    }

    public init(stringInterpolation: StringInterpolation) {
        self.init(plainParts: stringInterpolation.plainParts, secretParts: stringInterpolation.secretParts)
    }

    public struct StringInterpolation: StringInterpolationProtocol {
        var plainParts = [""]
        var secretParts: [String] = []

        public init(literalCapacity: Int, interpolationCount: Int) {}

        public mutating func appendLiteral(_ literal: String) {
            plainParts[plainParts.count - 1] += literal
        }

        public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            plainParts[plainParts.count - 1] += value.description
        }

        /// A code, a password or a link: shown to nobody but the recipient.
        public mutating func appendInterpolation(secret: String) {
            secretParts.append(secret)
            plainParts.append("")
        }
    }

    /// The text with every secret masked.
    public var masked: String { plainParts.joined(separator: Self.mask) }

    /// The text as the recipient reads it; masked where the secrets are gone.
    public var revealed: String {
        guard let secretParts else { return masked }
        return zip(plainParts, secretParts + [""]).map { $0 + $1 }.joined()
    }
}
