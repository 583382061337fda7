import Application
import Kernel
import Postgres
import Safeguards

public enum ContactMessage {}

public enum ContactTopic: String, Sendable, CaseIterable {
    case general, complaint, product, career
}

public enum ContactStatus: String, Sendable, CaseIterable {
    case open, answered, closed
}

/// What somebody writes to the bank without being anybody to it.
public struct ContactText: Sendable {
    public let name: String
    public let email: String
    public let phone: String?
    public let subject: String?
    public let message: String
    public let topic: ContactTopic
}

public struct ContactRecord: Sendable {
    public let id: Identifier<ContactMessage>
    public let ticketNumber: String
    public let text: ContactText
    public let status: ContactStatus
    public let note: String?
    public let handledBy: String?
    public let createdAt: Timestamp
    public let updatedAt: Timestamp
}

/// Messages from the public, and what the branches make of them.
public struct ContactDesk: Sendable {
    private let pool: ConnectionPool
    private let pipeline: CommandPipeline
    private let clock: any WallClock
    private let identifiers: any IdentifierSource
    private let random: any RandomSource
    private let isLimited: Bool

    public init(
        pool: ConnectionPool, pipeline: CommandPipeline, clock: any WallClock, identifiers: any IdentifierSource, isLimited: Bool,
        random: any RandomSource = SystemRandom()
    ) {
        self.pool = pool
        self.pipeline = pipeline
        self.clock = clock
        self.identifiers = identifiers
        self.isLimited = isLimited
        self.random = random
    }

    private static let columns = """
        id, ticket_number, name, email, phone, subject, message, topic, status, note, handled_by, created_at, updated_at
        """

    /// - Throws: 429 `rate_limited` for a sender who writes too often
    func receive(_ text: ContactText, context: RequestContext, render: @escaping @Sendable (String) -> [UInt8]) async throws -> CommandReply
    {
        let alphabet = Array("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        let ticket = "TKT" + String(random.bytes(12).map { alphabet[Int($0) % alphabet.count] })
        let (id, now, isLimited) = (identifiers.next(ContactMessage.self), clock.now(), isLimited)
        return try await pipeline.run(context) { transaction in
            if isLimited {
                let recent = try transaction.query(
                    """
                    SELECT count(*) FROM onboarding.contact_message
                    WHERE lower(email) = \(text.email.lowercased()) AND created_at > \(now.adding(seconds: -3_600))
                    """
                ).first?.int64(0)
                guard recent ?? 0 < OnboardingPolicy.messagesPerSenderAndHour else {
                    throw Refusal(.tooMany, "rate_limited", "Too many messages; please wait", retryAfterSeconds: 3_600)
                }
            }
            _ = try transaction.execute(
                """
                INSERT INTO onboarding.contact_message (id, ticket_number, name, email, phone, subject, message, topic, status, created_at,
                    updated_at)
                VALUES (\(id), \(ticket), \(text.name), \(text.email), \(text.phone), \(text.subject), \(text.message),
                    \(text.topic.rawValue), 'open', \(now), \(now))
                """)
            return CommandResult(
                status: 202, body: render(ticket),
                audit: [
                    AuditRecord(
                        action: "contact.receive", outcome: .success, actor: nil, subjectType: "contactMessage", subjectID: id.description,
                        context: context)
                ])
        }
    }

    func list(
        status: ContactStatus?, after: Identifier<ContactMessage>?, limit: Int, context: RequestContext
    ) async throws -> [ContactRecord] {
        let bound = after ?? Identifier(bits: .max)
        return try await pool.read(deadline: context.deadline) { transaction in
            try transaction.query(
                """
                SELECT \(raw: Self.columns) FROM onboarding.contact_message
                WHERE id < \(bound) AND (\(status?.rawValue)::text IS NULL OR status = \(status?.rawValue))
                ORDER BY id DESC LIMIT \(Int64(limit))
                """
            ).map(Self.record)
        }
    }

    /// - Throws: 404
    func handle(
        _ id: Identifier<ContactMessage>, status: ContactStatus, note: String?, context: RequestContext
    ) async throws -> ContactRecord {
        let now = clock.now()
        let box = try await pool.transaction(deadline: context.deadline) { transaction -> ContactRecord in
            let rows = try transaction.query(
                """
                UPDATE onboarding.contact_message SET status = \(status.rawValue), note = coalesce(\(note), note),
                    handled_by = \(context.principal?.username), updated_at = \(now)
                WHERE id = \(id) RETURNING \(raw: Self.columns)
                """)
            guard let changed = try rows.first.map(Self.record) else { throw Refusal.notFound() }
            return changed
        }
        return box
    }

    private static func record(_ row: Row) throws -> ContactRecord {
        ContactRecord(
            id: try row.identifier(0), ticketNumber: try row.text(1),
            text: ContactText(
                name: try row.text(2), email: try row.text(3), phone: try row.textOrNil(4), subject: try row.textOrNil(5),
                message: try row.text(6), topic: ContactTopic(rawValue: try row.text(7)) ?? .general),
            status: ContactStatus(rawValue: try row.text(8)) ?? .open, note: try row.textOrNil(9), handledBy: try row.textOrNil(10),
            createdAt: try row.timestamp(11), updatedAt: try row.timestamp(12))
    }
}
