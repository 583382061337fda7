import Kernel
import Parties
import Postgres

/// Makes customers of the other bank's clients.
struct ClientRegistration: Sendable {
    struct Result: Sendable {
        /// By the other bank's number.
        var people: [Int64: CustomerRecord] = [:]
        var tally = FileTally(.clients)
        var refusals: [RowRefusal] = []
    }

    private static let chunk = 500
    /// The other bank knew who they are, so they may use their accounts; limits of a first tier would hold their own money back.
    private static let tier: Int16 = 2

    let services: CzechBankImport.Services
    let references: ReferenceStore
    let keys: ImportKeys

    /// - Parameter others: clients that other files name and that an earlier import may have brought
    func run(
        _ file: ParsedFile<ClientRow>, others: Set<Int64>, observer: @escaping ImportObserver
    ) async throws -> Result {
        var result = Result()
        result.tally.rowsRead = file.rowsRead
        result.refusals = file.refusals
        let claims = file.rows.map {
            ReferenceStore.Claim(externalID: $0.externalID, freshID: services.identifiers.nextBits(), rowDigest: keys.rowDigest($0))
        }
        let claimed = try await references.claim(.client, claims, at: services.clock.now())
        let known = try await references.find(.client, others).merging(claimed) { _, claimed in claimed }
        let existing = try await customers(known.values.map { Identifier(bits: $0.internalID) })
        for (external, reference) in known { result.people[external] = existing[Identifier(bits: reference.internalID)] }

        var missing: [(row: ClientRow, id: Identifier<Customer>)] = []
        var renewed: [(internalID: UInt128, rowDigest: UInt128)] = []
        for (row, claim) in zip(file.rows, claims) {
            guard let reference = claimed[row.externalID] else { throw Refusal.unavailable() }
            let isSame = reference.rowDigest == claim.rowDigest
            if result.people[row.externalID] == nil {
                missing.append((row, Identifier(bits: reference.internalID)))
                if !isSame { renewed.append((reference.internalID, claim.rowDigest)) }
            } else if isSame {
                result.tally.takenBefore += 1
            } else {
                result.refusals.append(row.refused("idempotency_key_reused", "the client was imported with other content"))
            }
        }
        try await references.note(.client, renewed)
        try await register(missing, into: &result, observer)
        result.tally.refused = result.refusals.count
        return result
    }

    private func register(
        _ missing: [(row: ClientRow, id: Identifier<Customer>)], into result: inout Result, _ observer: @escaping ImportObserver
    ) async throws {
        var done = 0
        if !missing.isEmpty { observer(ImportProgress(phase: .clients, done: 0, total: missing.count)) }
        for part in missing.chunks(of: Self.chunk) {
            try Task.checkCancellation()
            let made = try await register(part)
            for (row, id) in part { result.people[row.externalID] = made.people[id] }
            result.tally.taken += made.count
            result.tally.takenBefore += part.count - made.count
            done += part.count
            observer(ImportProgress(phase: .clients, done: done, total: missing.count, refused: result.refusals.count))
        }
    }

    /// Registers a chunk in one commit. Another import at the same work may be faster; what it made is left out then.
    private func register(
        _ part: [(row: ClientRow, id: Identifier<Customer>)]
    ) async throws -> (people: [Identifier<Customer>: CustomerRecord], count: Int) {
        var left = part
        var people: [Identifier<Customer>: CustomerRecord] = [:]
        for _ in 0..<5 {
            let newcomers = left.map { row, id in
                NewCustomer.person(
                    id: id, firstName: "Client", lastName: String(row.externalID), kycStatus: .verified, kycTier: Self.tier)
            }
            do {
                let key = "clients/\(services.identifiers.next(Customer.self))"
                for record in try await services.parties.register(newcomers, context: keys.context(key: key, at: services.clock.now())) {
                    people[record.id] = record
                }
                return (people, left.count)
            } catch let refusal as Refusal where refusal.code == "id_in_use" {
                people.merge(try await customers(left.map(\.id))) { _, new in new }
                left.removeAll { people[$0.id] != nil }
                if left.isEmpty { return (people, 0) }
            }
        }
        throw Refusal.unavailable()
    }

    private func customers(_ ids: [Identifier<Customer>]) async throws -> [Identifier<Customer>: CustomerRecord] {
        var found: [Identifier<Customer>: CustomerRecord] = [:]
        let directory = PartyDirectory()
        for part in ids.chunks(of: 2_000) {
            found.merge(try await services.pool.read { try directory.customers(part, in: $0) }) { first, _ in first }
        }
        return found
    }
}
