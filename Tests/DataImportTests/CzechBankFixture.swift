import Accounts
import Application
import Audit
import Foundation
import Kernel
import Ledger
import Parties
import Postgres
import Products
import TestKit

@testable import DataImport

/// A folder in the form of the Czech bank's, written for one test.
struct CzechBankFixture {
    var clients = ["1;\"706213\";18", "2;\"450204\";1", "3;\"406009\";1"]
    var accounts = ["1;18;\"POPLATEK MESICNE\";930101", "2;1;\"POPLATEK TYDNE\";930226"]
    var dispositions = ["1;1;1;\"OWNER\"", "2;2;2;\"OWNER\"", "3;3;2;\"DISPONENT\""]
    var transactions = [
        "10;1;930101;\"PRIJEM\";\"VKLAD\";700.00;700.00;\"\";;",
        "11;2;930226;\"PRIJEM\";\"PREVOD Z UCTU\";1100.00;1100.00;\"DUCHOD\";\"AB\";\"41403269\"",
        "12;1;930131;\"PRIJEM\";\"\";2.50;702.50;\"UROK\";;",
        "13;1;930131;\"VYDAJ\";\"VYBER\";14.60;687.90;\"SLUZBY\";;",
        "14;2;930301;\"VYDAJ\";\"PREVOD NA UCET\";300.25;799.80;\"SIPO\";\"YZ\";\"87144583\"",
        "15;2;930302;\"VYBER\";\"VYBER\";900.00;-100.20;\"\";;",
        "16;2;930331;\"VYDAJ\";\"VYBER\";3.00;-103.20;\"SANKC. UROK\";;",
    ]
    /// In front of everything.
    var headers: [CzechBankFile: String] = Dictionary(
        uniqueKeysWithValues: CzechBankFile.allCases.map { file in (file, file.columns.map { "\"\($0)\"" }.joined(separator: ";")) })
    var lineBreak = "\n"
    var missing: Set<CzechBankFile> = []

    /// Many cash deposits over many accounts.
    static func large(accounts count: Int, rows: Int) -> CzechBankFixture {
        var fixture = CzechBankFixture()
        fixture.clients = (1...count).map { "\($0);\"706213\";18" }
        fixture.accounts = (1...count).map { "\($0);18;\"POPLATEK MESICNE\";930101" }
        fixture.dispositions = (1...count).map { "\($0);\($0);\($0);\"OWNER\"" }
        var balances = [Int](repeating: 0, count: count)
        fixture.transactions = (0..<rows).map { index in
            let day = 930_101 + index * 28 / max(1, rows)
            let (account, amount) = (index % count, 10 + index % 7)
            balances[account] += amount
            return "\(1_000 + index);\(account + 1);\(day);\"PRIJEM\";\"VKLAD\";\(amount).00;\(balances[account]).00;\"\";;"
        }
        return fixture
    }

    /// Runs with the folder on disk, which is removed afterwards.
    func withFolder<Value>(
        isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> Value
    ) async throws -> Value {
        let folder = NSTemporaryDirectory() + "/czech-bank-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let lines: [(CzechBankFile, [String])] = [
            (.clients, clients), (.accounts, accounts), (.dispositions, dispositions), (.transactions, transactions),
        ]
        for (file, rows) in lines where !missing.contains(file) {
            let text = ([headers[file] ?? ""] + rows).joined(separator: lineBreak) + lineBreak
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(file.fileName)"))
        }
        return try await body(folder)
    }
}

/// A bank with products and an open day, to import into.
struct ImportingBank {
    let database: TestDatabase
    let engine: PostingEngine
    let services: CzechBankImport.Services
    let clock: any WallClock
    let tariffs: TariffBookCache

    static let migrations = [
        PlatformMigrations.all, AuditMigrations.all, LedgerMigrations.all, PartiesMigrations.all, ProductsMigrations.all,
        AccountsMigrations.all, DataImportMigrations.all,
    ]

    static func withBank<Value>(
        isSeeded: Bool = true, isolation: isolated (any Actor)? = #isolation, _ body: (ImportingBank) async throws -> Value
    ) async throws -> Value {
        try await TestDatabase.withDatabase(migrations: migrations) { database in
            let bank = try await ImportingBank(database, isSeeded: isSeeded)
            let outcome: Result<Value, any Error>
            do { outcome = .success(try await body(bank)) } catch { outcome = .failure(error) }
            await bank.engine.shutdown()
            return try outcome.get()
        }
    }

    private init(_ database: TestDatabase, isSeeded: Bool) async throws {
        let clock = SystemClock()
        let identifiers = TimeOrderedIdentifiers(clock: clock)
        let auditTrail = AuditTrail(clock: clock)
        let pipeline = CommandPipeline(pool: database.pool, clock: clock, audit: auditTrail)
        let tariffs = TariffBookCache(pool: database.pool, clock: clock)
        self.database = database
        self.clock = clock
        self.tariffs = tariffs
        engine = PostingEngine(
            configuration: .init(postgres: database.configuration), clock: clock, auditTrail: auditTrail, logger: .silent)
        services = CzechBankImport.Services(
            pool: database.pool, engine: engine,
            parties: PartyCommands(pool: database.pool, pipeline: pipeline, clock: clock, identifiers: identifiers, observers: []),
            opening: AccountOpening(pool: database.pool, pipeline: pipeline, clock: clock, identifiers: identifiers, tariffs: tariffs),
            clock: clock, identifiers: identifiers)
        let days = BusinessDays(clock: clock)
        _ = try await database.pool.transaction { try days.open(BusinessDate(of: clock.now()), in: $0) }
        if isSeeded {
            try await DemonstrationProducts(pipeline: pipeline, identifiers: identifiers, tariffs: tariffs).seed(
                .system(at: clock.now(), idempotencyKey: "products"))
        }
    }

    func importer(_ options: CzechBankImport.Options = .init()) -> CzechBankImport { CzechBankImport(services: services, options: options) }

    func run(
        _ fixture: CzechBankFixture, _ options: CzechBankImport.Options = .init(), observer: @escaping ImportObserver = { _ in }
    ) async throws -> ImportReport {
        try await fixture.withFolder { try await importer(options).run(folder: $0, observer: observer) }
    }

    /// Our account for the other bank's.
    func account(_ external: Int64, dataset: String = "pkdd99") async throws -> Identifier<Account>? {
        try await ReferenceStore(pool: database.pool, dataset: dataset).find(.account, [external])[external].map {
            Identifier(bits: $0.internalID)
        }
    }

    func state(_ external: Int64) async throws -> AccountState? {
        guard let id = try await account(external) else { return nil }
        return try await database.pool.read { try LedgerAccounts().state(of: id, in: $0) }
    }

    func balance(_ external: Int64) async throws -> Int64? { try await state(external)?.balance }

    /// An account's entries, oldest first.
    func entries(_ external: Int64) async throws -> [EntryView] {
        guard let id = try await account(external) else { return [] }
        let reader = LedgerReader(clock: clock)
        return try await database.pool.read { try reader.entries(of: [id], limit: 1_000, in: $0) }.reversed()
    }

    /// Journals in the whole bank.
    func journalCount() async throws -> Int64 {
        try await database.superuserPool.read { try $0.query("SELECT count(*) FROM ledger.journal").first?.int64(0) ?? 0 }
    }

    func isSound() async throws -> Bool {
        let report = try await LedgerVerifier(clock: clock).verify(in: database.pool)
        return report.isSound
    }
}
