import Kernel

/// A value as callers see it. One definition writes the JSON and, run on `example`, describes the schema.
///
/// ```swift
/// struct HoldView: Representation {
///     let hold: Hold
///     static let example = HoldView(hold: .example)
///
///     func write(to object: inout ObjectWriter) {
///         object.identifier("holdId", hold.id)
///         object.moneyAndCurrency(hold.amount)
///         object.choice("status", hold.status)
///         object.optionalTimestamp("expiresAt", hold.expiresAt)
///     }
/// }
/// ```
public protocol Representation: Sendable {
    /// Name of the schema in the OpenAPI document; unique over the whole program. The type's own name unless stated.
    static var schemaName: String { get }
    /// A plausible value in which every optional field is filled.
    static var example: Self { get }
    func write(to object: inout ObjectWriter)
}

extension Representation {
    public static var schemaName: String { String(describing: Self.self) }

    /// The JSON object in UTF-8, for the idempotency store, events and tests.
    public func json() -> [UInt8] {
        var writer = ObjectWriter()
        writer.bytes.reserveCapacity(512)
        writer.append(self)
        return writer.bytes
    }

    static func schema(in registry: SchemaRegistry) -> Schema {
        registry.define(schemaName, type: Self.self) {
            let recorder = SchemaRecorder(registry: registry)
            var writer = ObjectWriter(recorder: recorder)
            example.write(to: &writer)
            return recorder.schema
        }
    }
}

/// The reply of an endpoint that answers without a body.
public struct NoContent: Representation {
    public static let example = NoContent()

    public init() {}

    public func write(to object: inout ObjectWriter) {}
}

/// One page of a list: `{"items": […], "nextCursor": string|null}`.
public struct Page<Item: Representation>: Representation {
    public let items: [Item]
    public let nextCursor: String?

    public static var schemaName: String { Item.schemaName + "Page" }
    public static var example: Page { Page(items: [.example], nextCursor: "Zm9yIGV4YW1wbGU") }

    public init(items: [Item], nextCursor: String?) {
        self.items = items
        self.nextCursor = nextCursor
    }

    public func write(to object: inout ObjectWriter) {
        object.array("items", items)
        object.optionalText("nextCursor", nextCursor)
        // The contract shows nextCursor on every page, null on the last.
        if nextCursor == nil { object.null("nextCursor") }
    }
}

/// The answer to an operation that waits for approval (contract, 1.6), without the fields that its section adds.
public struct PendingApproval: Representation {
    public let workflowID: UInt128
    public let entityType: String
    public let entityID: UInt128

    public static let example = PendingApproval(
        workflowID: 0x0190_5c5e_0000_7000_8000_0000_0000_0001, entityType: "transfer",
        entityID: 0x0190_5c5e_0000_7000_8000_0000_0000_0002)

    public init(workflowID: UInt128, entityType: String, entityID: UInt128) {
        self.workflowID = workflowID
        self.entityType = entityType
        self.entityID = entityID
    }

    public func write(to object: inout ObjectWriter) {
        object.text("status", "pendingApproval")
        object.identifier("workflowId", Identifier<PendingApproval>(bits: workflowID))
        object.text("entityType", entityType)
        object.identifier("entityId", Identifier<PendingApproval>(bits: entityID))
    }
}
