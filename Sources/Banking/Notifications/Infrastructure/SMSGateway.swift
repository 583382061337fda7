import CCurl
import Foundation
import Kernel

/// Where SMS go out: an aggregator's HTTP interface.
public struct SMSConfiguration: Sendable, Equatable {
    public let url: String
    public let key: String?
    /// The name that the phone shows.
    public let sender: String

    public init(url: String, key: String?, sender: String = "WEKEZA") {
        self.url = url
        self.key = key
        self.sender = sender
    }
}

/// Posts `{"messageId", "to", "from", "message"}` as JSON. The message's id is also the `Idempotency-Key`, so that an aggregator that
/// knows it delivers once. Anything but 2xx is a failure; redirections are not followed, since the body may carry a code.
public struct SMSGateway: MessageGateway {
    private let configuration: SMSConfiguration

    public init(configuration: SMSConfiguration) {
        self.configuration = configuration
    }

    public func deliver(_ message: OutgoingMessage, id: Identifier<Message>) async throws {
        var headers = ["Content-Type: application/json", "Accept: application/json", "Expect:", "Idempotency-Key: \(id)"]
        if let key = configuration.key { headers.append("Authorization: Bearer \(key)") }
        let body = SMSBody(
            messageId: id.description, to: message.recipient, from: configuration.sender, message: message.body.revealed)
        let transfer = CurlTransfer(
            options: [
                .text(CURLOPT_URL.rawValue, configuration.url), .text(CURLOPT_PROTOCOLS_STR.rawValue, "http,https"),
                .number(CURLOPT_FOLLOWLOCATION.rawValue, 0), .list(CURLOPT_HTTPHEADER.rawValue, headers),
            ],
            payload: [UInt8](try JSONEncoder().encode(body)), isUpload: false)
        let status = try await transfer.run()
        guard (200..<300).contains(status) else { throw DeliveryFailure("the SMS gateway answered \(status)") }
    }
}

private struct SMSBody: Encodable {
    let messageId: String
    let to: String
    let from: String
    let message: String
}

/// Sends each message its own way; a way that is not set up ends in the log.
public struct ChannelGateway: MessageGateway {
    private let email: any MessageGateway
    private let sms: any MessageGateway
    private let push: any MessageGateway

    public init(email: any MessageGateway, sms: any MessageGateway, push: any MessageGateway) {
        self.email = email
        self.sms = sms
        self.push = push
    }

    public func deliver(_ message: OutgoingMessage, id: Identifier<Message>) async throws {
        switch message.channel {
        case .email: try await email.deliver(message, id: id)
        case .sms: try await sms.deliver(message, id: id)
        case .push: try await push.deliver(message, id: id)
        }
    }
}
