import Audit
import Identity
import Kernel
import Postgres

/// The audit trail knows people by identifier; Identity knows what they are called.
struct UserNamesAdapter: UserNames {
    let users: UserCreation

    func names(of ids: [Identifier<User>], in transaction: Transaction) throws -> [Identifier<User>: String] {
        try users.names(of: ids, in: transaction)
    }
}
