import Crypto
import Foundation
import Kernel
import Postgres
import Synchronization

/// A list as it is in force.
public struct ListVersion: Sendable, Equatable {
    public let code: WatchlistCode
    public let version: String
    public let publishedAt: Timestamp?
    public let importedAt: Timestamp
    public let entries: Int32
}

enum ListStore {
    static func current(in transaction: Transaction) throws -> [(id: UInt128, list: ListVersion)] {
        try transaction.query(
            """
            SELECT id, list_code, version, published_at, imported_at, entries FROM screening.list_version WHERE is_current
            ORDER BY list_code
            """
        ).map {
            (
                try $0.uuid(0),
                ListVersion(
                    code: WatchlistCode(rawValue: try $0.text(1)) ?? .local, version: try $0.text(2), publishedAt: try $0.timestampOrNil(3),
                    importedAt: try $0.timestamp(4), entries: try $0.int32(5))
            )
        }
    }

    static func sources(in transaction: Transaction) throws -> [ScreeningIndex.Source] {
        let decoder = JSONDecoder()
        return try transaction.query("SELECT list_code, body FROM screening.entry ORDER BY list_code, entry_id").compactMap { row in
            guard let list = WatchlistCode(rawValue: try row.text(0)) else { return nil }
            let entry = try decoder.decode(WatchlistEntry.self, from: Data(try row.text(1).utf8))
            return ScreeningIndex.Source(list: list, entry: entry)
        }
    }

    struct StoredEntry: Sendable {
        let id: String
        let digest: [UInt8]
        let body: String
    }

    /// The form in which an entry is kept and by which a change of it is noticed.
    static func stored(_ entry: WatchlistEntry) throws -> StoredEntry {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let body = try encoder.encode(entry)
        return StoredEntry(id: entry.id, digest: Array(SHA256.hash(data: body)), body: String(decoding: body, as: UTF8.self))
    }

    /// Replaces a list as a whole.
    static func replace(
        _ code: WatchlistCode, with entries: [StoredEntry], in transaction: Transaction
    ) throws -> (added: Int, changed: Int, removed: Int) {
        var before: [String: [UInt8]] = [:]
        for row in try transaction.query("SELECT entry_id, digest FROM screening.entry WHERE list_code = \(code.rawValue)") {
            before[try row.text(0)] = try row.bytes(1)
        }
        let added = entries.filter { before[$0.id] == nil }.count
        let changed = entries.filter { entry in before[entry.id].map { $0 != entry.digest } ?? false }.count
        let removed = before.count - (entries.count - added)
        _ = try transaction.execute("DELETE FROM screening.entry WHERE list_code = \(code.rawValue)")
        for start in stride(from: 0, to: entries.count, by: 1_000) {
            let chunk = entries[start..<min(start + 1_000, entries.count)]
            _ = try transaction.execute(
                """
                INSERT INTO screening.entry (list_code, entry_id, digest, body)
                SELECT \(code.rawValue), i, d, b
                FROM unnest(\(chunk.map(\.id))::text[], \(chunk.map(\.digest))::bytea[], \(chunk.map(\.body))::text[]) AS u (i, d, b)
                """)
        }
        return (added, changed, removed)
    }
}

/// The names of all lists in memory, rebuilt when a list was replaced. Every screening asks which versions are in force, so that no
/// process goes on with an old list.
final class IndexCache: Sendable {
    struct Current: Sendable {
        let versions: [UInt128]
        let lists: [ListVersion]
        let index: ScreeningIndex
        let digests: [String: [UInt8]]
    }

    private let cached = Mutex<Current?>(nil)

    func current(in transaction: Transaction) throws -> Current {
        let found = try ListStore.current(in: transaction)
        let versions = found.map(\.id)
        if let known = cached.withLock({ $0 }), known.versions == versions { return known }
        var digests: [String: [UInt8]] = [:]
        for row in try transaction.query("SELECT list_code, entry_id, digest FROM screening.entry") {
            digests["\(try row.text(0))/\(try row.text(1))"] = try row.bytes(2)
        }
        let fresh = Current(
            versions: versions, lists: found.map(\.list), index: ScreeningIndex(try ListStore.sources(in: transaction)), digests: digests)
        cached.withLock { $0 = fresh }
        return fresh
    }
}
