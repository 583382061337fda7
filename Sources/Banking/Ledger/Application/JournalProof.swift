import Crypto
import Kernel
import Postgres

/// The ends of all lanes of the journal, and the one digest over them that `verify` reports.
public struct ChainHead: Sendable, Equatable {
    public struct Lane: Sendable, Equatable {
        public let number: Int16
        public let position: Int64
        public let hash: [UInt8]
    }

    /// In the order of their numbers.
    public let lanes: [Lane]

    /// SHA-256 over the lanes' hashes one after the other, in hexadecimal.
    public var digest: String {
        var hash = SHA256()
        for lane in lanes { hash.update(data: lane.hash) }
        return Self.hexadecimal(hash.finalize())
    }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// What an outsider needs to convince himself that a journal is in the books, unchanged and in its place: the bytes that were hashed, the
/// hash before them, and the journals that follow in the same lane up to its head.
public struct JournalProof: Sendable, Equatable {
    public let journal: PostedJournal
    public let previousHash: [UInt8]
    /// The journals behind it in its lane, in their order: each one's hash covers the hash before it.
    public let path: [PostedJournal]
    /// Whether the path reaches the lane's head. Otherwise the proof of its last journal goes on from there.
    public let isComplete: Bool
    public let head: ChainHead
}

extension GeneralLedger {
    /// - Parameters:
    ///   - limit: how many journals the path may have
    ///   - transaction: a REPEATABLE READ transaction, so that journals and heads are of one moment
    /// - Returns: nil when there is no such journal
    public func proof(of id: Identifier<Journal>, limit: Int, in transaction: Transaction) throws -> JournalProof? {
        guard let journal = try JournalRows.load([id], { try transaction.query($0) })[id] else { return nil }
        // Identifiers grow within a lane, so their order is the lane's own.
        let rows = try transaction.query(
            """
            SELECT \(raw: JournalRows.columns) FROM ledger.journal WHERE id > \(id) AND lane = \(journal.lane)
            ORDER BY id LIMIT \(Int64(limit))
            """)
        let path = try rows.map { try JournalRows.journal($0) }
        let lanes = try transaction.query(
            "SELECT lane, position, hash FROM platform.chain_lane WHERE chain = \(BatchInput.chain) ORDER BY lane"
        ).map { ChainHead.Lane(number: try $0.int16(0), position: try $0.int64(1), hash: try $0.bytes(2)) }
        let end = lanes.first { $0.number == journal.lane }
        return JournalProof(
            journal: journal, previousHash: try previousHash(of: journal, in: transaction), path: path,
            isComplete: end?.position == (path.last ?? journal).position, head: ChainHead(lanes: lanes))
    }
}
