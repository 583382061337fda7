import Application
import HTTPEdge
import Kernel
import Postgres

/// The administrator's view of messages on their way and gone (contract, section 14).
public struct OutboxEndpoints: Sendable {
    private let pool: ConnectionPool
    private let pipeline: CommandPipeline
    private let clock: any WallClock
    /// Only in demo mode: codes, passwords and links are readable.
    private let revealsSecrets: Bool

    public init(pool: ConnectionPool, pipeline: CommandPipeline, clock: any WallClock, revealsSecrets: Bool) {
        self.pool = pool
        self.pipeline = pipeline
        self.clock = clock
        self.revealsSecrets = revealsSecrets
    }

    public var all: [Endpoint] { [list, retry] }

    private var list: Endpoint {
        Endpoint(
            .get, "/api/notifications/outbox", summary: "Messages sent and waiting, newest first", tag: "Notifications",
            access: .roles(RoleSet(.administrator)), query: OutboxFilter.self, reply: Page<OutboxMessageView>.self
        ) { call in
            let filter = call.query
            var place = filter.page.cursor?.reader
            let before = try place?.identifier(as: Message.self)
            let entries = try await pool.read(deadline: call.context.deadline) { transaction in
                try MessageStore.list(
                    recipient: filter.recipient, channel: filter.channel, since: filter.since, before: before,
                    limit: filter.page.fetchCount, in: transaction)
            }
            let views = entries.map { OutboxMessageView(entry: $0, revealsSecrets: revealsSecrets) }
            return Reply(call.page(views) { Cursor().adding($0.entry.id) })
        }
    }

    private var retry: Endpoint {
        Endpoint(
            .post, "/api/notifications/outbox/{messageId}/retry", summary: "Try a message again at once", tag: "Notifications",
            access: .roles(RoleSet(.administrator)), reply: OutboxRetryView.self, status: 202, errors: ["not_found", "invalid_state"],
            options: EndpointOptions(allowsEmptyBody: true)
        ) { call in
            let id = try call.pathIdentifier("messageId", as: Message.self)
            let context = call.context
            let actor = try context.requirePrincipal().userID
            let now = clock.now()
            let reply = try await pipeline.run(context) { transaction in
                guard let status = try MessageStore.status(of: id, in: transaction) else { throw Refusal.notFound() }
                guard status != .sent else { throw Refusal.invalidState(status.rawValue, "The message has left already") }
                try MessageStore.requeue(id, at: now, in: transaction)
                let record = AuditRecord(
                    action: "notifications.retry", outcome: .success, actor: actor, subjectType: "message", subjectID: id.description,
                    context: context)
                return CommandResult(status: 202, body: OutboxRetryView(id: id).json(), audit: [record])
            }
            return Reply(
                stored: EncodedReply(status: Int(reply.status), contentType: MediaType.json, body: reply.body), isReplay: reply.isReplay)
        }
    }
}

struct OutboxFilter: QueryParameters, Paged {
    let recipient: String?
    let channel: OutgoingMessage.Channel?
    let since: Timestamp?
    let page: PageRequest

    init(from fields: inout Fields) {
        recipient = fields.optionalText("recipient", 1...255)
        channel = fields.optionalChoice("channel", OutgoingMessage.Channel.self)
        since = fields.optionalTimestamp("since")
        page = fields.page()
    }
}

/// A message as the administrator reads it.
struct OutboxMessageView: Representation {
    static let schemaName = "OutboxMessage"
    static let example = OutboxMessageView(
        entry: OutboxEntry(
            id: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001), channel: .sms, recipient: "+254712345678",
            template: "identity.stepUpCode", body: "Your code is \(secret: "123456").", status: .failed, attempts: 1,
            createdAt: Timestamp(microseconds: 1_780_000_000_000_000), sentAt: Timestamp(microseconds: 1_780_000_001_000_000),
            lastError: "no route"),
        revealsSecrets: false)

    let entry: OutboxEntry
    let revealsSecrets: Bool

    func write(to object: inout ObjectWriter) {
        object.identifier("id", entry.id)
        object.choice("channel", entry.channel)
        object.text("recipient", entry.recipient)
        object.text("template", entry.template)
        object.text("body", revealsSecrets ? entry.body.revealed : entry.body.masked)
        object.choice("status", entry.status)
        object.integer("attempts", entry.attempts)
        object.timestamp("createdAt", entry.createdAt)
        object.optionalTimestamp("sentAt", entry.sentAt)
        object.optionalText("lastError", entry.lastError)
    }
}

/// The answer to a retry: the message waits again.
struct OutboxRetryView: Representation {
    static let schemaName = "OutboxRetry"
    static let example = OutboxRetryView(id: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001))

    let id: Identifier<Message>

    func write(to object: inout ObjectWriter) {
        object.identifier("id", id)
        object.choice("status", MessageStatus.queued)
    }
}
