import Accounts
import Application
import HTTPEdge
import Identity
import Kernel
import Ledger
import Notifications
import Onboarding
import Parties
import Postgres
import Safeguards
import Screening

/// The rooms of the customer file, put together: Parties, Screening and what they need of Accounts and Identity.
struct CustomerRooms: Sendable {
    let vault: PartyVault
    let registry: PartyRegistry
    let file: PartyFile
    let screening: ScreeningModule
    /// For the exchange of keys.
    let onboardingVault: OnboardingVault
    private let cif: CIFEndpoints
    private let ownIdentity: OwnIdentityEndpoints
    private let onboarding: OnboardingEndpoints

    struct Needs {
        let pool: ConnectionPool
        let readers: ConnectionPool
        let pipeline: CommandPipeline
        let audit: any AuditSink
        let clock: any WallClock
        let identifiers: any IdentifierSource
        let secrets: Secrets
        let observers: [any CustomerStandingObserver]
        let accounts: AccountQueries
        let opening: AccountOpening
        let users: UserCreation
        let messages: MessageOutbox
        /// What a level of verification allows.
        let allowance: @Sendable (Int16) async throws -> TierAllowance
        let isLimited: Bool
        let thresholds: @Sendable () -> ScreeningThresholds
    }

    init(_ needs: Needs) {
        let (pool, pipeline, clock, identifiers) = (needs.pool, needs.pipeline, needs.clock, needs.identifiers)
        vault = PartyVault(keys: needs.secrets.dataKeys, searchKey: needs.secrets.key(for: "wekeza party search"))
        let service = ScreeningService(clock: clock, identifiers: identifiers, thresholds: needs.thresholds)
        registry = PartyRegistry(
            pool: pool, pipeline: pipeline, clock: clock, identifiers: identifiers, vault: vault, screener: service,
            observers: needs.observers)
        file = PartyFile(pool: pool, pipeline: pipeline, audit: needs.audit, clock: clock, identifiers: identifiers, vault: vault)
        screening = ScreeningModule(
            service: service, pool: pool, pipeline: pipeline, clock: clock, identifiers: identifiers,
            parties: PartiesForScreening(vault: vault),
            effects: PartyScreeningEffects(vault: vault, clock: clock, observers: needs.observers), audit: needs.audit)
        let queries = PartyQueries(
            pool: pool, readers: needs.readers, audit: needs.audit, clock: clock, vault: vault,
            contributors: [AccountsOverview(queries: needs.accounts)])
        let access = PortalAccess(
            pool: pool, pipeline: pipeline, users: PortalUsersAdapter(users: needs.users, messages: needs.messages))
        cif = CIFEndpoints(registry: registry, queries: queries, file: file, access: access, clock: clock) {
            try AccountHoldings().hasOpenAccounts($0, in: $1)
        }
        ownIdentity = OwnIdentityEndpoints(
            check: OwnIdentityCheck(registry: registry, queries: queries, file: file, clock: clock, allowance: needs.allowance),
            queries: queries)
        onboardingVault = OnboardingVault(
            keys: needs.secrets.dataKeys, digestKey: needs.secrets.key(for: "wekeza onboarding digests"))
        onboarding = OnboardingEndpoints(
            onboarding: Onboarding(
                Onboarding.Needs(
                    pool: pool, pipeline: pipeline, audit: needs.audit, clock: clock, identifiers: identifiers, vault: onboardingVault,
                    parties: registry, documents: file, screening: service, review: screening.review, accounts: needs.opening,
                    users: needs.users, messages: needs.messages, isLimited: needs.isLimited)),
            contact: ContactDesk(
                pool: pool, pipeline: pipeline, clock: clock, identifiers: identifiers, isLimited: needs.isLimited), clock: clock)
    }

    var endpoints: [Endpoint] { cif.all + ownIdentity.all + screening.endpoints + onboarding.all }
}

/// What Accounts tells about a customer: accounts with their figures, sums by currency, the newest transactions.
struct AccountsOverview: OverviewContributor {
    let queries: AccountQueries

    func sections(of customer: Identifier<Customer>, context: RequestContext) async throws -> [OverviewSection] {
        let accounts = try await queries.accounts(of: customer)
        let transactions = try await queries.recentTransactions(of: customer, limit: 20)
        var sums: [Currency: Int64] = [:]
        for account in accounts { sums[account.identity.currency, default: 0] += account.state.balance }
        let balances = sums.sorted { $0.key.code < $1.key.code }.map {
            CurrencySum(total: Money(minorUnits: $0.value, currency: $0.key)).json()
        }
        return [
            OverviewSection(name: "accounts", items: accounts.map { AccountView($0).json() }),
            OverviewSection(name: "balances", items: balances),
            OverviewSection(name: "recentTransactions", items: transactions.map { TransactionView($0).json() }),
        ]
    }

    private struct CurrencySum: Representation {
        let total: Money
        static let example = CurrencySum(total: Money(minorUnits: 150_000, currency: .kes))

        func write(to object: inout ObjectWriter) { object.moneyAndCurrency(total, amount: "balance") }
    }
}

/// Parties gives customers access, Identity makes users; neither knows the other.
struct PortalUsersAdapter: PortalUsers {
    let users: UserCreation
    let messages: MessageOutbox
    var random: any RandomSource = SystemRandom()

    func prepare(
        _ user: NewPortalUser, context: RequestContext
    ) async throws -> @Sendable (Transaction) throws -> Identifier<User> {
        // No letters or digits that look alike on a small screen.
        let alphabet = Array("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        let password = String(random.bytes(14).map { alphabet[Int($0) % alphabet.count] })
        let prepared = try await users.prepare(
            CreateUser(
                username: user.username, fullName: user.fullName, email: user.email, phone: user.phone, password: password,
                roles: RoleSet(user.role), customerID: user.customerID, mustChangePassword: true))
        let (users, messages) = (users, messages)
        return { transaction in
            try users.insert(prepared, context: context, in: transaction)
            try messages.enqueue(
                OutgoingMessage(
                    channel: .sms, recipient: user.phone, username: user.username, template: "identity.firstPassword",
                    body: """
                        Welcome to Wekeza. Your user name is \(user.username), your first password is \(secret: password). \
                        You will be asked to change it when you sign in.
                        """),
                in: transaction)
            return prepared.id
        }
    }

    func refusal(for error: any Error) -> Refusal? { UserCreation.refusal(for: error) }
}
