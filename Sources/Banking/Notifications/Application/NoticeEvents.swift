import Foundation
import Kernel
import Postgres

extension Notice {
    /// The event by which any room asks for a notice, in the commit of its cause.
    public static let event = "notifications.noticeRequested"

    private struct Payload: Codable {
        let template: String
        let kind: String
        let audience: String
        let source: String
        let values: [String: String]
        let link: String?
    }

    public func event(at instant: Timestamp) -> DomainEvent {
        let subject: UInt128
        let name: String
        switch audience {
        case .customer(let id): (subject, name) = (id.bits, "customer")
        case .user(let id): (subject, name) = (id.bits, "user")
        }
        let payload = Payload(
            template: template, kind: kind.rawValue, audience: name, source: source, values: values, link: link)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // Texts always have a form in JSON.
        let bytes = (try? encoder.encode(payload)).map { [UInt8]($0) } ?? []
        return DomainEvent(name: Self.event, subject: subject, occurredAt: instant, payload: bytes)
    }

    /// Reads an event back; nil when it was written by another version of the program.
    init?(_ event: DomainEvent) {
        guard let payload = try? JSONDecoder().decode(Payload.self, from: Data(event.payload)), let kind = Kind(rawValue: payload.kind)
        else {
            return nil
        }
        self.init(
            template: payload.template, kind: kind,
            to: payload.audience == "user" ? .user(Identifier(bits: event.subject)) : .customer(Identifier(bits: event.subject)),
            source: payload.source, values: payload.values, link: payload.link)
    }
}

/// Who people are and where they are reached. Identity and Parties know; the composition root joins them.
public protocol RecipientDirectory: Sendable {
    /// Users who may sign in, by themselves or by the customers they act for.
    func recipients(
        customers: [Identifier<Customer>], users: [Identifier<User>], in transaction: Transaction
    ) throws -> [Recipient]
}
