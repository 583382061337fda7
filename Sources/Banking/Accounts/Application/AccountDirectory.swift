import Kernel
import Postgres
import Synchronization

/// Finds accounts by number or identifier on the way of every payment.
///
/// What it hands out never changes (number, currency, holder, type), so it is kept in memory; names are read again every few minutes.
/// An account that is not found is asked for every time, because it may be opened the next moment.
public final class AccountDirectory: Sendable {
    private enum Key: Hashable, Sendable {
        case id(Identifier<Account>)
        case number(String)
    }

    private let coalescer: Coalescer<Key, AccountIdentity>
    private let cache: Mutex<IdentityCache>
    private let clock: any WallClock
    private static let maximumAgeSeconds: Int64 = 300

    /// - Parameters:
    ///   - configuration: a role that may read
    ///   - capacity: how many identities are remembered; each takes about 300 bytes
    public init(configuration: PostgresConfiguration, clock: any WallClock, connections: Int = 1, capacity: Int = 50_000) {
        self.clock = clock
        cache = Mutex(IdentityCache(capacity: capacity))
        coalescer = Coalescer(configuration: configuration.with(applicationName: "wekeza-accounts"), connections: connections) {
            transaction, keys in
            var ids: [Identifier<Account>] = []
            var numbers: [String] = []
            for key in keys {
                switch key {
                case .id(let id): ids.append(id)
                case .number(let number): numbers.append(number)
                }
            }
            var found: [Key: AccountIdentity] = [:]
            for identity in try AccountStore.identities(ids: ids, numbers: numbers, in: transaction) {
                found[.id(identity.id)] = identity
                found[.number(identity.number)] = identity
            }
            return found
        }
    }

    /// The account with this number; nil when there is none, or when the check digit is wrong.
    public func account(number: String) async throws -> AccountIdentity? {
        let oldest = clock.now().adding(seconds: -Self.maximumAgeSeconds)
        // Only numbers with their right check digit are ever in the cache.
        if let known = cache.withLock({ $0.identity(number: number, readSince: oldest) }) { return known }
        guard let number = AccountNumber(number) else { return nil }
        return try await load(.number(number.text))
    }

    public func account(id: Identifier<Account>) async throws -> AccountIdentity? {
        let oldest = clock.now().adding(seconds: -Self.maximumAgeSeconds)
        if let known = cache.withLock({ $0.identity(id, readSince: oldest) }) { return known }
        return try await load(.id(id))
    }

    /// `{account}` of a path: an identifier or a number.
    public func account(reference: String) async throws -> AccountIdentity? {
        if let id = Identifier<Account>(reference) { return try await account(id: id) }
        return try await account(number: reference)
    }

    /// - Throws: 404 `account_not_found`
    public func require(_ reference: String) async throws -> AccountIdentity {
        guard let identity = try await account(reference: reference) else { throw Refusal.accountNotFound }
        return identity
    }

    /// Many at once, for documents; those that do not exist are left out.
    public func accounts(ids: some Sequence<Identifier<Account>>) async throws -> [Identifier<Account>: AccountIdentity] {
        let oldest = clock.now().adding(seconds: -Self.maximumAgeSeconds)
        var found: [Identifier<Account>: AccountIdentity] = [:]
        var missing: [Identifier<Account>] = []
        cache.withLock { cache in
            for id in Set(ids) {
                if let known = cache.identity(id, readSince: oldest) { found[id] = known } else { missing.append(id) }
            }
        }
        guard !missing.isEmpty else { return found }
        try await withThrowingTaskGroup(of: AccountIdentity?.self) { group in
            for id in missing { group.addTask { try await self.load(.id(id)) } }
            for try await identity in group { if let identity { found[identity.id] = identity } }
        }
        return found
    }

    /// Ends the directory's connections.
    public func shutdown() { coalescer.shutdown() }

    private func load(_ key: Key) async throws -> AccountIdentity? {
        let now = clock.now()
        guard let identity = try await coalescer.load(key) else { return nil }
        cache.withLock { $0.insert(identity, readAt: now) }
        return identity
    }
}
