import Kernel

/// Who may call an endpoint. Ownership of objects is the handler's business.
public enum Access: Sendable, Equatable {
    /// No token is needed; one that is sent is not looked at.
    case everyone
    /// No token is needed; one that is sent is checked, and the handler may find a principal.
    case everyoneOrSignedIn
    /// Every signed-in user, whatever the roles.
    case signedIn
    /// One of these roles. A GET for any staff role also admits Auditor and Administrator (contract, 2.1).
    case roles(RoleSet)

    /// With the readers that every staff GET admits.
    func effective(for method: HTTPMethod) -> Access {
        guard case .roles(let roles) = self, method == .get, roles.intersects(.staff) else { return self }
        return .roles(roles.union(.readers))
    }
}

/// Turns a bearer token into the person behind it, as the session table knows that person at this moment.
public protocol Authenticator: Sendable {
    /// - Throws: `Refusal` 401 `invalid_token` for anything that is not a valid token of a living session
    func authenticate(bearerToken: String, context: RequestContext) async throws -> Principal
}
