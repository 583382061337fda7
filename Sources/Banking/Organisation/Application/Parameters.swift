import Application
import Kernel
import Postgres
import Synchronization

/// The figures that steer the bank, by date. What is in force is at hand without asking the database; a change is known at once in the
/// process that made it and within `refresh`'s pace in every other.
public final class Parameters: Sendable {
    /// Hands a new value on to the room that it steers, in the transaction of the change.
    public typealias Steer = @Sendable (_ value: String, _ from: BusinessDate, Transaction) throws -> Void
    typealias Render = @Sendable (Parameter) -> CommandResult

    private let pool: ConnectionPool
    private let pipeline: CommandPipeline
    private let clock: any WallClock
    private let businessDate: @Sendable () async throws -> BusinessDate
    private let steered: [String: Steer]
    private let afterChange: @Sendable () -> Void
    private let values = Mutex<[String: String]>([:])

    /// - Parameters:
    ///   - steered: keys whose values live in other rooms
    ///   - afterChange: called once a change is committed
    public init(
        pool: ConnectionPool, pipeline: CommandPipeline, clock: any WallClock,
        businessDate: @escaping @Sendable () async throws -> BusinessDate, steered: [String: Steer] = [:],
        afterChange: @escaping @Sendable () -> Void = {}
    ) {
        self.pool = pool
        self.pipeline = pipeline
        self.clock = clock
        self.businessDate = businessDate
        self.steered = steered
        self.afterChange = afterChange
    }

    /// A whole number in force now.
    public func integer(_ key: String) -> Int64 {
        let text = values.withLock { $0[key] } ?? ParameterDefinition.named(key)?.defaultValue ?? ""
        guard let number = Int64(text) else { preconditionFailure("\(key) is no parameter with whole numbers") }
        return number
    }

    /// A value in force now, in the spelling in which it is kept.
    public func text(_ key: String) -> String {
        guard let definition = ParameterDefinition.named(key) else { preconditionFailure("\(key) is no parameter") }
        return values.withLock { $0[key] } ?? definition.defaultValue
    }

    /// The value that a day has, by what is entered now: for rules over several parameters.
    public static func value(_ key: String, on date: BusinessDate, in transaction: Transaction) throws -> String {
        guard let definition = ParameterDefinition.named(key) else { preconditionFailure("\(key) is no parameter") }
        return ParameterStore.parameter(definition, try ParameterStore.entries(of: key, in: transaction), on: date).value
    }

    /// Reads what is in force. For a job that runs every second or so.
    public func refresh() async throws {
        let date = try await businessDate()
        let entries = try await pool.read { try ParameterStore.entries(in: $0) }
        let grouped = Dictionary(grouping: entries, by: \.key)
        let current = Dictionary(
            uniqueKeysWithValues: ParameterDefinition.all.map {
                ($0.key, ParameterStore.parameter($0, grouped[$0.key] ?? [], on: date).value)
            })
        values.withLock { $0 = current }
    }

    func list(context: RequestContext) async throws -> [Parameter] {
        let date = try await businessDate()
        let grouped = Dictionary(
            grouping: try await pool.read(deadline: context.deadline) { try ParameterStore.entries(in: $0) }, by: \.key)
        return ParameterDefinition.all.map { ParameterStore.parameter($0, grouped[$0.key] ?? [], on: date) }
    }

    /// - Throws: 404 `not_found`
    func parameter(_ key: String, context: RequestContext) async throws -> Parameter {
        guard let definition = ParameterDefinition.named(key) else { throw Refusal.notFound() }
        let date = try await businessDate()
        let entries = try await pool.read(deadline: context.deadline) { try ParameterStore.entries(of: key, in: $0) }
        return ParameterStore.parameter(definition, entries, on: date)
    }

    struct Change: Sendable {
        let value: String
        let effectiveDate: BusinessDate?
        let reason: String
        let version: Int32
    }

    /// - Throws: 404 `not_found`; 422 with the fault of `value` or `effectiveDate`; 409 `version_conflict`
    func change(_ key: String, _ change: Change, context: RequestContext, render: @escaping Render) async throws -> CommandReply {
        guard let definition = ParameterDefinition.named(key) else { throw Refusal.notFound() }
        let today = try await businessDate()
        let from = change.effectiveDate ?? today
        var faults: [Refusal.Field] = []
        let value = definition.normal(change.value)
        if value == nil { faults.append(.init("value", "invalid_format", "This is no value for \(key) (\(definition.kind.rawValue))")) }
        if from < today { faults.append(.init("effectiveDate", "in_past", "What has happened stays as it is")) }
        guard faults.isEmpty, let value else { throw Refusal.validation(faults) }
        let conflict = Refusal(.conflict, "version_conflict", "Somebody has changed this parameter in the meantime; please look again")
        let (clock, steer) = (clock, steered[key])
        let reply: CommandReply
        do {
            reply = try await pipeline.run(context, isIdempotent: false) { transaction in
                let entries = try ParameterStore.entries(of: key, in: transaction)
                let old = ParameterStore.parameter(definition, entries, on: today)
                guard old.version == change.version else { throw conflict }
                let entry = ParameterStore.Entry(key: key, version: old.version + 1, value: value, effectiveDate: from)
                try ParameterStore.insert(entry, reason: change.reason, by: context.principal?.userID, at: clock.now(), in: transaction)
                try steer?(value, from, transaction)
                var result = render(ParameterStore.parameter(definition, entries + [entry], on: today))
                result.audit = [
                    AuditRecord(
                        action: "organisation.parameterChange", outcome: .success, actor: context.principal?.userID,
                        subjectType: "parameter", subjectID: key, context: context,
                        detail: [
                            ("from", old.value), ("to", value), ("effectiveDate", from.description), ("reason", change.reason),
                        ])
                ]
                return result
            }
        } catch let error as PostgresError where error.isUniqueViolation(constraint: "parameter_value_pkey") {
            throw conflict
        }
        try? await refresh()
        afterChange()
        return reply
    }
}
