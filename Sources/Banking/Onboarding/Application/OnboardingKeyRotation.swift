import Kernel
import Postgres
import Safeguards

/// Brings open applications and their files under the current data key; for `rotate-keys`. Finished ones hold nothing any more.
public struct OnboardingKeyRotation: Sendable {
    private let pool: ConnectionPool
    private let vault: OnboardingVault

    public init(pool: ConnectionPool, vault: OnboardingVault) {
        self.pool = pool
        self.vault = vault
    }

    /// - Returns: how many applications and files were sealed anew
    public func run() async throws -> Int {
        var total = 0
        while true {
            let done = try await chunk()
            total += done
            if done == 0 { return total }
        }
    }

    private func chunk() async throws -> Int {
        let vault = vault
        return try await pool.transaction { transaction in
            let current = vault.keys.currentKeyID
            let applications = try transaction.query(
                """
                SELECT id, key_id, sealed FROM onboarding.application WHERE key_id <> \(current) ORDER BY id LIMIT 100
                FOR NO KEY UPDATE SKIP LOCKED
                """)
            for row in applications {
                let id: Identifier<OnboardingApplication> = try row.identifier(0)
                let applicant = try vault.applicant(DataKeys.Sealed(keyID: try row.text(1), bytes: try row.bytes(2)), id)
                try ApplicationStore(vault: vault).write(applicant, of: id, in: transaction)
            }
            // One file a commit: each may have ten megabytes.
            let files = try transaction.query(
                "SELECT id, key_id, content FROM onboarding.file WHERE key_id <> \(current) ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED"
            )
            for row in files {
                let id: Identifier<OnboardingFile> = try row.identifier(0)
                let bytes = try vault.file(DataKeys.Sealed(keyID: try row.text(1), bytes: try row.bytes(2)), id)
                let sealed = try vault.sealFile(bytes, id)
                _ = try transaction.execute(
                    "UPDATE onboarding.file SET key_id = \(sealed.keyID), content = \(sealed.bytes) WHERE id = \(id)")
            }
            return applications.count + files.count
        }
    }
}
