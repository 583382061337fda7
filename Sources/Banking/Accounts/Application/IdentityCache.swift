import Kernel

/// A bounded memory of identities with two generations: what is not asked for while a whole generation fills up is forgotten.
/// Finding costs one or two look-ups, and nothing is ever moved about to keep an order.
struct IdentityCache {
    private struct Entry {
        let identity: AccountIdentity
        let readAt: Timestamp
    }

    private let generationSize: Int
    private var young: [Identifier<Account>: Entry] = [:]
    private var old: [Identifier<Account>: Entry] = [:]
    private var youngNumbers: [String: Identifier<Account>] = [:]
    private var oldNumbers: [String: Identifier<Account>] = [:]

    init(capacity: Int) {
        precondition(capacity >= 2, "a cache holds something")
        generationSize = capacity / 2
    }

    var count: Int { young.count + old.count }

    /// - Parameter oldest: an identity read before is too old, because its name may have changed
    mutating func identity(_ id: Identifier<Account>, readSince oldest: Timestamp) -> AccountIdentity? {
        if let entry = young[id] { return entry.readAt >= oldest ? entry.identity : nil }
        guard let entry = old[id], entry.readAt >= oldest else { return nil }
        insert(entry)
        return entry.identity
    }

    mutating func identity(number: String, readSince oldest: Timestamp) -> AccountIdentity? {
        guard let id = youngNumbers[number] ?? oldNumbers[number] else { return nil }
        return identity(id, readSince: oldest)
    }

    mutating func insert(_ identity: AccountIdentity, readAt instant: Timestamp) {
        insert(Entry(identity: identity, readAt: instant))
    }

    private mutating func insert(_ entry: Entry) {
        if young.count >= generationSize, young[entry.identity.id] == nil {
            old = young
            oldNumbers = youngNumbers
            young.removeAll(keepingCapacity: true)
            youngNumbers.removeAll(keepingCapacity: true)
        }
        young[entry.identity.id] = entry
        youngNumbers[entry.identity.number] = entry.identity.id
    }
}
