import Kernel
import Ledger
import Postgres

/// Whose eyes an account is seen with.
public enum AccountViewer: Sendable, Equatable {
    case staff
    /// The person or organisation a signed-in user acts for.
    case customer(Identifier<Customer>)

    /// - Throws: 401 without a principal; 403 for a customer's role without a customer
    public init(_ context: RequestContext) throws(Refusal) {
        let principal = try context.requirePrincipal()
        if principal.roles.intersects(.staff) {
            self = .staff
        } else {
            self = .customer(try context.requireCustomer())
        }
    }

    var isStaff: Bool { self == .staff }
}

/// Whether somebody may see or use an account. Somebody else's account is refused like one that does not exist.
public struct AccountAccess: Sendable {
    private let directory: AccountDirectory
    private let pool: ConnectionPool

    public init(directory: AccountDirectory, pool: ConnectionPool) {
        self.directory = directory
        self.pool = pool
    }

    /// The account, for one who may see it: staff, its primary holder, or another holder with the right.
    /// - Parameter reference: identifier or number
    /// - Throws: 404 `account_not_found`
    public func requireViewable(_ reference: String, by viewer: AccountViewer) async throws -> AccountIdentity {
        let identity = try await directory.require(reference)
        guard case .customer(let customer) = viewer, identity.customerID != customer else { return identity }
        guard let rights = try await rights(of: customer, on: identity), rights.canView else { throw Refusal.accountNotFound }
        return identity
    }

    /// The account, for a customer who wants to move money from it. No query is made for the primary holder.
    /// - Throws: 404 `account_not_found`; 403 `forbidden` when the mandate asks for more than one holder
    public func requireTransactable(_ reference: String, by customer: Identifier<Customer>) async throws -> AccountIdentity {
        let identity = try await directory.require(reference)
        if identity.customerID != customer {
            guard let rights = try await rights(of: customer, on: identity), rights.canView else { throw Refusal.accountNotFound }
            guard rights.canTransact else { throw Refusal.forbidden("You may look at this account, but not use it") }
        }
        guard identity.operatingRule == .anyOne else {
            throw Refusal.forbidden("Orders on this account need more than one of its holders")
        }
        return identity
    }

    private func rights(of customer: Identifier<Customer>, on identity: AccountIdentity) async throws -> AccountStore.Rights? {
        try await pool.read { try AccountStore.rights(of: customer, on: identity.id, in: $0) }
    }
}
