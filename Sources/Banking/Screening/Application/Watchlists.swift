import Application
import Crypto
import Kernel
import Postgres

/// What an import of a list changed.
public struct WatchlistImport: Sendable, Equatable {
    public let version: String
    public let entries: Int
    public let added: Int
    public let changed: Int
    public let removed: Int
    public let problems: [String]
}

/// Replaces lists, as a whole or not at all.
public struct Watchlists: Sendable {
    private let pool: ConnectionPool
    private let pipeline: CommandPipeline
    private let clock: any WallClock
    private let identifiers: any IdentifierSource

    public init(pool: ConnectionPool, pipeline: CommandPipeline, clock: any WallClock, identifiers: any IdentifierSource) {
        self.pool = pool
        self.pipeline = pipeline
        self.clock = clock
        self.identifiers = identifiers
    }

    /// Reads a file of a list: the UN's XML, OFAC's CSV, or the bank's own CSV.
    /// - Throws: 422 `unsupported_file`
    public static func read(_ bytes: [UInt8], code: WatchlistCode) throws -> WatchlistFile {
        let file: WatchlistFile
        do {
            switch code {
            case .un: file = try UNConsolidatedList.read(bytes)
            case .ofac: file = try OFACList.read(bytes)
            case .local, .pep: file = try OwnList.read(bytes, code: code)
            }
        } catch let failure as UNConsolidatedList.Failure {
            throw Refusal.rule("unsupported_file", failure.description, field: "file")
        } catch let failure as CommaSeparated.Failure {
            throw Refusal.rule("unsupported_file", failure.description, field: "file")
        }
        // A list without anybody on it is a wrong or torn file; taking it over would clear everybody.
        guard !file.entries.isEmpty else { throw Refusal.rule("unsupported_file", "There is no entry in this file", field: "file") }
        return file
    }

    /// Puts a list into force and asks for the whole base to be screened again.
    /// - Throws: 422 `unsupported_file`
    public func load(_ bytes: [UInt8], code: WatchlistCode, context: RequestContext) async throws -> (WatchlistImport, isReplay: Bool) {
        let file = try Self.read(bytes, code: code)
        let entries = try file.entries.map { try ListStore.stored($0) }
        let digest = Array(SHA256.hash(data: bytes))
        let now = clock.now()
        let shortDigest = digest.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let version = file.version ?? "\(BusinessDate(of: now))-\(shortDigest)"
        let (id, job) = (identifiers.nextBits(), identifiers.nextBits())
        let reply = try await pipeline.run(context) { transaction in
            // Two imports of one list follow each other.
            _ = try transaction.query("SELECT id FROM screening.list_version WHERE list_code = \(code.rawValue) AND is_current FOR UPDATE")
            let change = try ListStore.replace(code, with: entries, in: transaction)
            _ = try transaction.execute(
                "UPDATE screening.list_version SET is_current = false WHERE list_code = \(code.rawValue) AND is_current")
            _ = try transaction.execute(
                """
                INSERT INTO screening.list_version (id, list_code, version, published_at, imported_at, imported_by, sha256, entries, added,
                    changed, removed, is_current)
                VALUES (\(id), \(code.rawValue), \(version), \(file.publishedAt), \(now), \(context.principal?.userID), \(digest),
                    \(Int32(entries.count)), \(Int32(change.added)), \(Int32(change.changed)), \(Int32(change.removed)), true)
                """)
            _ = try transaction.execute(RescreenStore.insert(job, by: context.principal, at: now))
            return CommandResult(
                status: 201, body: Array("\(version)\t\(entries.count)\t\(change.added)\t\(change.changed)\t\(change.removed)".utf8),
                audit: [
                    AuditRecord(
                        action: "screening.importList", outcome: .success, actor: context.principal?.userID, subjectType: "watchlist",
                        subjectID: code.rawValue, context: context, detail: [("version", version), ("entries", String(entries.count))])
                ])
        }
        let parts = String(decoding: reply.body, as: UTF8.self).split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, let count = Int(parts[1]), let added = Int(parts[2]), let changed = Int(parts[3]),
            let removed = Int(parts[4])
        else { throw Refusal.unavailable() }
        let summary = WatchlistImport(
            version: parts[0], entries: count, added: added, changed: changed, removed: removed, problems: Array(file.problems.prefix(100)))
        return (summary, reply.isReplay)
    }

    public func current(context: RequestContext) async throws -> [ListVersion] {
        try await pool.read(deadline: context.deadline) { try ListStore.current(in: $0).map(\.list) }
    }
}
