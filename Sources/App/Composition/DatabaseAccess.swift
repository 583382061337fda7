import Accounts
import Application
import Audit
import CloseOfDay
import DataImport
import Deposits
import Identity
import Jobs
import Kernel
import Ledger
import Notifications
import Onboarding
import Organisation
import Parties
import Payments
import Postgres
import Products
import Screening
import Statements

/// The database of this run: a server somebody named, or the private cluster in the data directory.
struct DatabaseAccess: Sendable {
    /// Owns the schema: migrations only.
    let owner: PostgresConfiguration
    /// What the bank works as. It may add to the journal and to the audit trail, and can change neither.
    let application: PostgresConfiguration
    private let cluster: PrivateCluster?

    static let migrator = Migrator([
        PlatformMigrations.all, JobsMigrations.all, AuditMigrations.all, LedgerMigrations.all, NotificationsMigrations.all,
        IdentityMigrations.all, OrganisationMigrations.all, PartiesMigrations.all, ScreeningMigrations.all, OnboardingMigrations.all,
        ProductsMigrations.all,
        AccountsMigrations.all, DepositsMigrations.all, CloseOfDayMigrations.all, PaymentsMigrations.all, DataImportMigrations.all,
        StatementsMigrations.all,
    ])

    static func open(_ settings: Settings) async throws -> DatabaseAccess {
        if let url = settings.databaseURL {
            let owner = PostgresConfiguration(url: url)
            var application = owner
            // One login, two roles: every session of the bank gives the owner's rights away before its first statement.
            application.settings["role"] = "wekeza_app"
            return DatabaseAccess(owner: owner, application: application, cluster: nil)
        }
        let cluster = try await PrivateCluster.start(dataDirectory: settings.dataDirectory)
        let owner = cluster.ownerConfiguration
        return DatabaseAccess(owner: owner, application: owner.with(user: "wekeza_app"), cluster: cluster)
    }

    /// For commands that ask the rooms about themselves and never about their data.
    static let nowhere = DatabaseAccess(
        owner: PostgresConfiguration(url: "postgresql:///"), application: PostgresConfiguration(url: "postgresql:///"), cluster: nil)

    /// Brings the schema up to date.
    /// - Returns: names of the migrations applied now
    func migrate() async throws -> [String] {
        let connection = DedicatedConnection(configuration: owner.with(applicationName: "wekeza-migrate"))
        defer { connection.close() }
        return try await Self.migrator.migrate(connection)
    }

    /// Starts a private cluster again that was killed. A named server has its own keeper.
    /// - Returns: whether it was gone
    func restartIfGone() async throws -> Bool { try await cluster?.restartIfGone() ?? false }

    /// Leaves the private cluster; the last program to leave stops it.
    func close() async { await cluster?.stop() }
}
