import Kernel
import Postgres
import Safeguards

extension IdentityModule {
    /// Brings authenticator secrets under the current data key, a chunk in a commit; for `rotate-keys`.
    /// - Returns: how many were sealed anew
    public func resealSecondFactors(chunk: Int64 = 200) async throws -> Int {
        let services = services
        var total = 0
        while true {
            let done = try await services.pool.transaction { transaction in
                let rows = try transaction.query(
                    """
                    SELECT user_id, key_id, sealed_secret FROM identity.second_factor WHERE key_id <> \(services.dataKeys.currentKeyID)
                    ORDER BY user_id LIMIT \(chunk) FOR NO KEY UPDATE SKIP LOCKED
                    """)
                for row in rows {
                    let user: Identifier<User> = try row.identifier(0)
                    let sealed = DataKeys.Sealed(keyID: try row.text(1), bytes: try row.bytes(2))
                    let secret = try services.openSecret(sealed, of: user)
                    try SecondFactorStore.reseal(try services.sealSecret(secret, of: user), of: user, in: transaction)
                }
                return rows.count
            }
            total += done
            if done == 0 { return total }
        }
    }
}
