import Application
import Audit
import Foundation
import Kernel
import Logging
import Postgres
import TestKit

@testable import Ledger

/// A bank on a database of its own: the books open on the day of `Timestamp.startOfTests`, with one engine or several on them.
struct Bank: Sendable {
    let database: TestDatabase
    let clock: any WallClock
    let engines: [PostingEngine]
    let ids: SequenceIdentifiers
    let teller = Identifier<User>(bits: 7)

    var engine: PostingEngine { engines[0] }
    var reader: LedgerReader { LedgerReader(clock: clock) }

    static let migrations = [PlatformMigrations.all, AuditMigrations.all, LedgerMigrations.all]
    static let openingDay = BusinessDate(of: .startOfTests)

    /// How the engines of a test are made.
    struct Setup: Sendable {
        var engines = 1
        var writers = 2
        var queueCapacity = 10_000
        var sharedBatch = 64
        var loneBatch = 1_024
        var clock: any WallClock = ManualClock(.startOfTests)
        var observer: any PostingObserver = NoPostingObserver()
    }

    /// Runs a test on a fresh bank; the engines are shut down afterwards, whatever happens.
    static func open(_ setup: Setup = Setup(), _ body: (Bank) async throws -> Void) async throws {
        try await TestDatabase.withDatabase(migrations: migrations, poolSize: 6) { database in
            let clock = setup.clock
            _ = try await database.pool.transaction { try BusinessDays(clock: clock).open(openingDay, in: $0) }
            let engines = (0..<setup.engines).map { number in
                var postgres = database.configuration.with(applicationName: "engine \(number)")
                // A test may keep the engine waiting for longer than a bank would.
                postgres.lockTimeoutMilliseconds = 120_000
                postgres.statementTimeoutMilliseconds = 120_000
                postgres.idleInTransactionTimeoutMilliseconds = 120_000
                return PostingEngine(
                    configuration: .init(
                        postgres: postgres, writers: setup.writers, queueCapacity: setup.queueCapacity, sharedBatch: setup.sharedBatch,
                        loneBatch: setup.loneBatch),
                    clock: clock, auditTrail: AuditTrail(clock: clock), logger: .silent, observer: setup.observer)
            }
            let bank = Bank(database: database, clock: clock, engines: engines, ids: SequenceIdentifiers())
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(try await body(bank))
            } catch {
                outcome = .failure(error)
            }
            for engine in engines { await engine.shutdown() }
            try outcome.get()
        }
    }

    // MARK: Accounts

    /// Opens accounts and fills them from the bank's capital.
    func openAccounts(
        _ count: Int, balance: Int64 = 0, currency: Currency = .kes, owner: Identifier<Customer>? = nil, overdraft: Int64 = 0
    ) async throws -> [Identifier<Account>] {
        let accounts = (0..<count).map { _ in
            NewLedgerAccount(
                id: ids.next(), glCode: ChartOfAccounts.currentAccounts, currency: currency, owner: owner, overdraftLimit: overdraft)
        }
        try await database.pool.transaction { try LedgerAccounts().open(accounts, in: $0) }
        if balance != 0 {
            let legs = accounts.flatMap { account in
                [
                    Leg(.account(account.id), amount: balance, currency: currency, type: .opening),
                    Leg(.generalLedger(ChartOfAccounts.capital), amount: -balance, currency: currency, type: .opening),
                ]
            }
            for start in stride(from: 0, to: legs.count, by: 400) {
                let part = Array(legs[start..<min(start + 400, legs.count)])
                _ = try await post([
                    .journal(JournalDraft(kind: .opening, type: .opening, referencePrefix: "OPN", sourceType: "opening", legs: part))
                ])
            }
        }
        return accounts.map(\.id)
    }

    // MARK: Posting

    /// A transfer by the customer's order.
    func transfer(
        _ from: Identifier<Account>, _ to: Identifier<Account>, _ amount: Int64, currency: Currency = .kes, fee: Int64 = 0,
        narration: String? = nil, owner: Identifier<Customer>? = nil
    ) -> JournalDraft {
        var legs = [
            Leg(.account(from), amount: -amount, currency: currency, type: .transfer, authority: .customer(field: "fromAccountNumber")),
            Leg(.account(to), amount: amount, currency: currency, type: .transfer, authority: .customer(field: "toAccountNumber")),
        ]
        if fee > 0 {
            legs.append(
                Leg(
                    .account(from), amount: -fee, currency: currency, type: .fee, ordinal: 2,
                    authority: .customer(field: "fromAccountNumber")))
            legs.append(Leg(.generalLedger(ChartOfAccounts.feeIncome), amount: fee, currency: currency, type: .fee, ordinal: 2))
        }
        return JournalDraft(
            type: .transfer, referencePrefix: "TRF", sourceType: "transfer", narration: narration, legs: legs, owner: owner)
    }

    func unit(
        _ commands: [LedgerCommand], key: String? = nil, body: String = "body", user: Identifier<User>? = nil, channel: Channel = .api,
        deadline: Timestamp? = nil
    ) -> PostingUnit {
        let now = clock.now()
        let principal = Principal(
            userID: user ?? teller, sessionID: Identifier(bits: 1), username: "tester", roles: .staff, customerID: nil, branchCode: nil,
            mustChangePassword: false)
        let context = RequestContext(
            traceID: String(repeating: "a", count: 32), principal: principal, channel: channel, ipAddress: "127.0.0.1", userAgent: "tests",
            receivedAt: now, deadline: deadline ?? now.adding(seconds: 300), idempotencyKey: key ?? "", method: "POST", path: "/api/tests",
            bodyDigest: Self.digest(of: body))
        return PostingUnit(
            commands: commands, context: context, idempotency: key == nil ? nil : IdempotencyKey(context),
            audit: AuditRecord(
                action: "tests.post", outcome: .success, actor: principal.userID, subjectType: "unit", subjectID: key ?? "none",
                context: context, detail: [("commands", "\(commands.count)")]))
    }

    /// 32 bytes that differ when the texts do.
    private static func digest(of text: String) -> [UInt8] {
        var bytes = Array(text.utf8.prefix(32))
        bytes += [UInt8](repeating: 0, count: 32 - bytes.count)
        return bytes
    }

    @discardableResult
    func post(_ commands: [LedgerCommand], key: String? = nil, body: String = "body", on engine: Int = 0) async throws -> PostingReceipt {
        try await engines[engine].post(unit(commands, key: key, body: body))
    }

    /// The outcome of a unit as a value.
    func outcome(of unit: PostingUnit, on engine: Int = 0) async -> Result<PostingReceipt, Refusal> {
        do {
            return .success(try await engines[engine].post(unit))
        } catch let refusal as Refusal {
            return .failure(refusal)
        } catch {
            return .failure(Refusal(.unavailable, "not_a_refusal", "\(error)"))
        }
    }

    // MARK: Looking

    func state(_ id: Identifier<Account>) async throws -> AccountState {
        guard let state = try await database.pool.read({ try LedgerAccounts().state(of: id, in: $0) }) else {
            throw BankError("account \(id) is not in the books")
        }
        return state
    }

    func hold(_ id: Identifier<Hold>) async throws -> HoldState? {
        try await database.pool.read { transaction in try HoldRows.load([id]) { try transaction.query($0) }[id] }
    }

    func count(_ table: String, where condition: SQL = "true") async throws -> Int64 {
        try await database.superuserPool.read {
            try $0.query("SELECT count(*) FROM \(raw: table) WHERE \(condition)").first?.int64(0) ?? 0
        }
    }

    func openDay(_ date: BusinessDate) async throws -> Bool {
        let clock = clock
        return try await database.pool.transaction { try BusinessDays(clock: clock).open(date, in: $0) }
    }

    func asSuperuser(_ sql: SQL) async throws {
        try await database.superuserPool.transaction { _ = try $0.execute(sql) }
    }
}

struct BankError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension Result where Success == PostingReceipt, Failure == Refusal {
    /// `posted`, `replayed`, or the refusal's code.
    var word: String {
        switch self {
        case .success(let receipt): receipt.isReplay ? "replayed" : "posted"
        case .failure(let refusal): refusal.code
        }
    }
}
