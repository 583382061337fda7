import Application
import Audit
import HTTPEdge
import Kernel
import Logging
import Observability
import Postgres
import Safeguards
import Screening
import TestKit

@testable import Parties

/// The customer file over HTTP, with real tables and nobody in it. A bearer token is the name of a role, or `customer:` and an identifier.
struct CustomerDesk {
    static let migrations = [PlatformMigrations.all, AuditMigrations.all, PartiesMigrations.all, ScreeningMigrations.all]

    let database: TestDatabase
    let clock: ManualClock
    let client: InProcessClient
    let registry: PartyRegistry
    let screening: ScreeningModule
    let users = Shared<[NewPortalUser]>([])
    let vault: PartyVault

    var pool: ConnectionPool { database.pool }

    static let oldKey = [UInt8](repeating: 1, count: 32)

    static func run(_ body: (CustomerDesk) async throws -> Void) async throws {
        try await TestDatabase.withDatabase(migrations: migrations, poolSize: 4) { try await body(CustomerDesk($0)) }
    }

    private init(_ database: TestDatabase) {
        self.database = database
        let clock = ManualClock(SystemClock().now().adding(seconds: 7_200))
        self.clock = clock
        let identifiers = TimeOrderedIdentifiers(clock: SystemClock())
        let trail = AuditTrail(clock: clock)
        let pipeline = CommandPipeline(pool: database.pool, clock: clock, audit: trail)
        let vault = PartyVault(keys: DataKeys(current: Self.oldKey), searchKey: [UInt8](repeating: 9, count: 32))
        self.vault = vault
        let service = ScreeningService(clock: clock, identifiers: identifiers)
        registry = PartyRegistry(
            pool: database.pool, pipeline: pipeline, clock: clock, identifiers: identifiers, vault: vault, screener: service, observers: [])
        screening = ScreeningModule(
            service: service, pool: database.pool, pipeline: pipeline, clock: clock, identifiers: identifiers,
            parties: PartiesForScreening(vault: vault), effects: PartyScreeningEffects(vault: vault, clock: clock, observers: []),
            audit: trail)
        let queries = PartyQueries(pool: database.pool, readers: database.pool, audit: trail, clock: clock, vault: vault)
        let file = PartyFile(
            pool: database.pool, pipeline: pipeline, audit: trail, clock: clock, identifiers: identifiers, vault: vault)
        let access = PortalAccess(pool: database.pool, pipeline: pipeline, users: NotedUsers(users: users))
        let check = OwnIdentityCheck(registry: registry, queries: queries, file: file, clock: clock) { tier in
            TierAllowance(perTransaction: Money(minorUnits: Int64(tier + 1) * 100_000, currency: .kes), daily: nil, balance: nil)
        }
        let endpoints =
            CIFEndpoints(registry: registry, queries: queries, file: file, access: access, clock: clock) { _, _ in false }.all
            + OwnIdentityEndpoints(check: check, queries: queries).all + screening.endpoints
        var configuration = EdgeConfiguration(cursorKey: [UInt8](repeating: 7, count: 32))
        configuration.rateLimits.isEnabled = false
        let server = HTTPServer(
            endpoints: endpoints, authenticator: ByRole(), rateLimiter: InProcessRateLimiter(clock: clock), configuration: configuration,
            metrics: MetricsRegistry(), logger: .silent, clock: clock, errorTranslator: { _ in nil })
        client = InProcessClient(server)
    }

    private struct ByRole: Authenticator {
        func authenticate(bearerToken: String, context: RequestContext) async throws -> Principal {
            if bearerToken.hasPrefix("customer:"), let customer = Identifier<Customer>(String(bearerToken.dropFirst(9))) {
                return Principal(
                    userID: Identifier(bits: customer.bits), sessionID: Identifier(bits: customer.bits), username: "customer",
                    roles: RoleSet(.customer), customerID: customer, branchCode: nil, mustChangePassword: false)
            }
            guard let role = Role(rawValue: bearerToken) else {
                throw Refusal(.unauthenticated, "invalid_token", "The token is not valid")
            }
            let number = UInt128(bearerToken.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) })
            return Principal(
                userID: Identifier(bits: number), sessionID: Identifier(bits: number), username: bearerToken, roles: RoleSet(role),
                customerID: nil, branchCode: "001", mustChangePassword: false)
        }
    }

    struct NotedUsers: PortalUsers {
        let users: Shared<[NewPortalUser]>

        func prepare(
            _ user: NewPortalUser, context: RequestContext
        ) async throws -> @Sendable (Transaction) throws -> Identifier<User> {
            let users = users
            return { _ in
                users.withLock { $0.append(user) }
                return Identifier(bits: 77)
            }
        }

        func refusal(for error: any Error) -> Refusal? { nil }
    }

    // MARK: Calls

    func send(
        _ method: HTTPMethod, _ uri: String, as role: String = "ComplianceOfficer", json: String? = nil, key: String? = nil
    ) async -> InProcessResponse {
        await client.signedIn(role).send(method, uri, json: json, headers: key.map { [("Idempotency-Key", $0)] } ?? [])
    }

    static func individual(
        _ first: String = "Jane", _ last: String = "Wanjiru", idNumber: String = "12345678", born: String = "1990-04-05", extra: String = ""
    ) -> String {
        """
        {"firstName":"\(first)","lastName":"\(last)","dateOfBirth":"\(born)","nationality":"KE","primaryEmail":"jane@example.com",
        "primaryPhone":"0711000009","kraPin":"A123456789Z","sourceOfFunds":"salary",
        "primaryAddress":{"addressLine1":"Moi Avenue 12","city":"Nairobi","country":"KE"},
        "primaryIdentification":{"documentType":"nationalId","documentNumber":"\(idNumber)","issuingCountry":"KE"}\(extra)}
        """
    }

    static func corporate(_ name: String = "Baraka Traders Ltd", owners: String = "[]", director: String = "Peter Kamau") -> String {
        let names = director.split(separator: " ")
        return """
            {"companyName":"\(name)","registrationNumber":"CPR/2020/\(name.utf8.count)","incorporationDate":"2020-01-02",
            "companyType":"limitedCompany","kraPin":"P051234567Z","primaryEmail":"info@baraka.example","primaryPhone":"+254711000010",
            "registeredAddress":{"addressLine1":"Kenyatta Avenue 1","city":"Nakuru","country":"KE"},
            "directors":[{"firstName":"\(names[0])","lastName":"\(names[1])","identificationNumber":"22334455","nationality":"KE",
            "role":"Chair","shareholdingPercentage":"60"}],"beneficialOwners":\(owners)}
            """
    }

    /// Registers somebody and gives the CIF number.
    func register(_ json: String = CustomerDesk.individual(), kind: String = "individual") async -> String {
        let reply = await send(.post, "/api/cif/\(kind)", as: "Teller", json: json)
        return reply.text("cifNumber") ?? "refused: \(reply.text)"
    }

    func verify(_ cif: String, tier: Int = 2) async -> InProcessResponse {
        _ = await send(.put, "/api/cif/\(cif)/kyc-status", json: #"{"newStatus":"inProgress"}"#)
        return await send(.put, "/api/cif/\(cif)/kyc-status", json: #"{"newStatus":"verified","kycTier":\#(tier)}"#)
    }
}
