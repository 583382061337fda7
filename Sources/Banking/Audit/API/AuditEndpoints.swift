import HTTPEdge
import Kernel
import Postgres

/// What people are called: asked of the room that knows them.
public protocol UserNames: Sendable {
    func names(of ids: [Identifier<User>], in transaction: Transaction) throws -> [Identifier<User>: String]
}

/// The audit trail for those who look at it (contract, section 16). Nothing here changes anything.
public struct AuditEndpoints: Sendable {
    private let pool: ConnectionPool
    private let names: any UserNames

    public init(pool: ConnectionPool, names: any UserNames) {
        self.pool = pool
        self.names = names
    }

    public var all: [Endpoint] { [list, verify] }

    private static let tag = "Administration"
    private static let access = Access.roles(RoleSet([.auditor, .administrator]))

    private struct Filter: QueryParameters, Paged {
        let filter: AuditFilter
        let page: PageRequest

        init(from fields: inout Fields) {
            var filter = AuditFilter()
            (filter.from, filter.to) = fields.optionalDates()
            filter.userID = fields.optionalIdentifier("userId")
            filter.entityType = fields.optionalText("entityType", 0...60)
            filter.entityID = fields.optionalText("entityId", 0...100)
            filter.action = fields.optionalText("action", 0...100)
            self.filter = filter
            page = fields.page()
        }
    }

    private var list: Endpoint {
        Endpoint(
            .get, "/api/administrator/audit-logs", summary: "Who did what, newest first", tag: Self.tag, access: Self.access,
            query: Filter.self, reply: Page<AuditEntryView>.self
        ) { call in
            var place = call.query.page.cursor?.reader
            let before = try place?.uuid()
            let (filter, limit, names) = (call.query.filter, call.query.page.fetchCount, names)
            let (records, known) = try await pool.read(deadline: call.context.deadline) { transaction in
                let records = try AuditReader.list(filter, before: before, limit: limit, in: transaction)
                return (records, try names.names(of: Array(Set(records.compactMap(\.actor))), in: transaction))
            }
            let views = records.map { record in AuditEntryView(record: record, username: record.actor.flatMap { known[$0] }) }
            return Reply(call.page(views) { Cursor().adding(Identifier<AuditEntryView>(bits: $0.record.id)) })
        }
    }

    private var verify: Endpoint {
        Endpoint(
            .get, "/api/administrator/audit-logs/verify", summary: "Check the chain of the audit trail from its beginning",
            tag: Self.tag, access: Self.access, reply: AuditVerificationView.self, options: EndpointOptions(timeLimitSeconds: 120)
        ) { call in
            let finding = try await pool.transaction(deadline: call.context.deadline, isolation: .repeatableRead) { transaction in
                try AuditVerifier().verify(in: transaction)
            }
            return Reply(AuditVerificationView(finding: finding))
        }
    }
}

struct AuditEntryView: Representation {
    let record: ShownAuditRecord
    let username: String?

    static let schemaName = "AuditEntry"
    static let example = AuditEntryView(
        record: ShownAuditRecord(
            id: 0x0190_5c5e_0000_7000_8000_0000_0000_0001, action: "accounts.freeze", outcome: 1, actor: Identifier(bits: 1),
            subjectType: "account", subjectID: "0190", channel: "staff", ipAddress: "192.0.2.1", traceID: "8f0c",
            detail: #"{"reason":"court order"}"#, previousHash: [0], hash: [1]), username: "compliance1")

    func write(to object: inout ObjectWriter) {
        object.identifier("auditId", Identifier<AuditEntryView>(bits: record.id))
        object.timestamp("occurredAt", record.occurredAt)
        object.optionalIdentifier("userId", record.actor)
        object.optionalText("username", username)
        object.text("action", record.action)
        object.text("entityType", record.subjectType)
        object.optionalText("entityId", record.subjectID.isEmpty ? nil : record.subjectID)
        object.text("outcome", record.outcome == 1 ? "succeeded" : record.outcome == 2 ? "refused" : "failed")
        object.optionalText("code", code)
        object.optionalText("ipAddress", record.ipAddress.isEmpty ? nil : record.ipAddress)
        object.text("channel", record.channel)
        object.optionalText("traceId", record.traceID.isEmpty ? nil : record.traceID)
        if !record.detail.isEmpty { object.raw("changes", Array(record.detail.utf8)) }
        object.text("previousHash", Self.hexadecimal(record.previousHash))
        object.text("hash", Self.hexadecimal(record.hash))
    }

    /// Of a refusal, the code with which it was answered.
    private var code: String? {
        guard record.outcome != 1, case .object(let detail)? = try? JSONValue(parsing: record.detail),
            case .text(let code)? = detail["code"]
        else { return nil }
        return code
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}

struct AuditVerificationView: Representation {
    let finding: AuditVerifier.Finding

    static let schemaName = "AuditVerification"
    static let example = AuditVerificationView(finding: .init(recordsChecked: 1_000, firstFailure: "…"))

    /// The record that the verifier's sentence is about, when it is about one.
    private static func identifier(in failure: String?) -> String? {
        let beginning = "audit record "
        guard let failure, failure.hasPrefix(beginning) else { return nil }
        return String(failure.dropFirst(beginning.count).prefix(36))
    }

    func write(to object: inout ObjectWriter) {
        object.text("status", finding.firstFailure == nil ? "ok" : "broken")
        object.integer("entriesChecked", finding.recordsChecked)
        object.optionalText("firstBrokenId", Self.identifier(in: finding.firstFailure))
        object.optionalText("message", finding.firstFailure)
    }
}
