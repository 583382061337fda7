import Kernel
import Logging

/// Delivers by writing one log line, with every secret masked: what a bank without an SMS aggregator has.
public struct ConsoleGateway: MessageGateway {
    private let logger: Logger

    public init(logger: Logger) {
        self.logger = logger
    }

    public func deliver(_ message: OutgoingMessage, id: Identifier<Message>) async throws {
        logger.info(
            "message delivered",
            metadata: [
                "messageId": "\(id)", "channel": "\(message.channel.rawValue)", "template": "\(message.template)",
                "body": "\(message.body.masked)",
            ])
    }
}
