import Application
import Kernel
import Postgres

/// The contract refuses a reused key before it looks whether the things named exist. The engine sees the key only with an order whose
/// accounts exist; for the others this is asked, and only once the order is lost anyway.
struct UsedKeys: Sendable {
    let pool: ConnectionPool

    /// - Throws: 422 `idempotency_key_reused` when the request's key was used with another body
    func refuseReuse(_ context: RequestContext) async throws {
        let key = IdempotencyKey(context)
        let stored = try await pool.read(deadline: context.deadline) { transaction in
            try IdempotencyStore.outcomes(try transaction.query(IdempotencyStore.find([key.digest])))[key.digest]
        }
        if let stored, stored.bodyDigest != key.bodyDigest { throw IdempotencyKey.reused() }
    }
}
