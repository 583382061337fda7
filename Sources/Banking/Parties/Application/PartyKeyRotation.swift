import Kernel
import Postgres
import Safeguards

/// Brings everything sealed in this room under the current data key, a chunk at a time while the bank works.
///
/// Interrupted, it goes on where it stopped, because what is done carries the new key's name. Afterwards the earlier key can be taken
/// from the settings.
public struct PartyKeyRotation: Sendable {
    public struct Progress: Sendable, Equatable {
        public var profiles = 0
        public var histories = 0
        public var documents = 0
        public var total: Int { profiles + histories + documents }
    }

    private let pool: ConnectionPool
    private let vault: PartyVault
    private let chunk: Int64

    public init(pool: ConnectionPool, vault: PartyVault, chunk: Int64 = 200) {
        self.pool = pool
        self.vault = vault
        self.chunk = chunk
    }

    /// - Parameter report: called after each chunk with what is done so far
    @discardableResult
    public func run(report: @Sendable (Progress) -> Void = { _ in }) async throws -> Progress {
        var progress = Progress()
        while true {
            let count = try await profiles()
            progress.profiles += count
            report(progress)
            if count == 0 { break }
        }
        while true {
            let count = try await histories()
            progress.histories += count
            report(progress)
            if count == 0 { break }
        }
        while true {
            let count = try await documents()
            progress.documents += count
            report(progress)
            if count == 0 { break }
        }
        return progress
    }

    private func profiles() async throws -> Int {
        let (vault, chunk) = (vault, chunk)
        return try await pool.transaction { transaction in
            let rows = try transaction.query(
                """
                SELECT id, profile_key, profile FROM parties.customer WHERE profile_key <> \(vault.currentKeyID)
                ORDER BY id LIMIT \(chunk) FOR NO KEY UPDATE SKIP LOCKED
                """)
            for row in rows {
                let id: Identifier<Customer> = try row.identifier(0)
                let sealed = try vault.resealProfile(DataKeys.Sealed(keyID: try row.text(1), bytes: try row.bytes(2)), of: id)
                _ = try transaction.execute(
                    "UPDATE parties.customer SET profile_key = \(sealed.keyID), profile = \(sealed.bytes) WHERE id = \(id)")
            }
            return rows.count
        }
    }

    private func histories() async throws -> Int {
        let (vault, chunk) = (vault, chunk)
        return try await pool.transaction { transaction in
            let rows = try transaction.query(
                """
                SELECT customer_id, version, profile_key, profile FROM parties.customer_history WHERE profile_key <> \(vault.currentKeyID)
                ORDER BY customer_id, version LIMIT \(chunk) FOR NO KEY UPDATE SKIP LOCKED
                """)
            for row in rows {
                let (id, version) = (try row.identifier(0, as: Customer.self), try row.int64(1))
                let sealed = try vault.resealProfile(DataKeys.Sealed(keyID: try row.text(2), bytes: try row.bytes(3)), of: id)
                _ = try transaction.execute(
                    """
                    UPDATE parties.customer_history SET profile_key = \(sealed.keyID), profile = \(sealed.bytes)
                    WHERE customer_id = \(id) AND version = \(version)
                    """)
            }
            return rows.count
        }
    }

    /// Only the wrapped keys: the files themselves stay as they are.
    private func documents() async throws -> Int {
        let (vault, chunk) = (vault, chunk)
        return try await pool.transaction { transaction in
            let rows = try transaction.query(
                """
                SELECT id, key_id, wrapped_key FROM parties.document WHERE key_id <> \(vault.currentKeyID)
                ORDER BY id LIMIT \(chunk) FOR NO KEY UPDATE SKIP LOCKED
                """)
            for row in rows {
                let id: Identifier<PartyDocument> = try row.identifier(0)
                let wrapped = try vault.rewrap(DataKeys.Sealed(keyID: try row.text(1), bytes: try row.bytes(2)), id: id)
                _ = try transaction.execute(
                    "UPDATE parties.document SET key_id = \(wrapped.keyID), wrapped_key = \(wrapped.bytes) WHERE id = \(id)")
            }
            return rows.count
        }
    }
}
