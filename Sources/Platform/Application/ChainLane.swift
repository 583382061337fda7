import Kernel
import Postgres

/// The head of one lane of a hash chain: the newest row's identifier, position and hash.
///
/// A chain is a set of lanes. A writer takes the first lane nobody holds, extends it and lets it go with its commit, so writers never
/// wait for each other's disk flush and yet every row has exactly one predecessor. The row of the head is what an auditor pins down:
/// a row removed from the end of a lane leaves the head pointing at nothing.
public struct ChainLane: Sendable, Equatable {
    public let number: Int16
    public let position: Int64
    /// Identifiers within a lane only grow, which is what lets a verifier walk all lanes in one pass in identifier order.
    public let lastIdentifier: UInt128
    public let hash: [UInt8]

    public init(number: Int16, position: Int64, lastIdentifier: UInt128, hash: [UInt8]) {
        self.number = number
        self.position = position
        self.lastIdentifier = lastIdentifier
        self.hash = hash
    }

    public init(row: Row) throws {
        number = try row.int16(0)
        position = try row.int64(1)
        lastIdentifier = try row.uuid(2)
        hash = try row.bytes(3)
    }

    /// More lanes than writers over all processes: a writer that finds none free would have to wait for one.
    public static let count: Int16 = 16

    /// Takes a free lane of the chain for the length of the transaction. No row when every lane is taken.
    public static func takeFree(chain: String) -> SQL {
        """
        SELECT lane, position, last_id, hash FROM platform.chain_lane
        WHERE chain = \(chain) ORDER BY lane LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
        """
    }

    /// Waits for one particular lane: the way out when none is free.
    public static func wait(chain: String, lane: Int16) -> SQL {
        "SELECT lane, position, last_id, hash FROM platform.chain_lane WHERE chain = \(chain) AND lane = \(lane) FOR NO KEY UPDATE"
    }

    /// Holds every lane, so that nothing can be appended anywhere until the transaction ends. Used to draw a line between two days.
    public static func takeAll(chain: String) -> SQL {
        "SELECT lane, position, last_id, hash FROM platform.chain_lane WHERE chain = \(chain) ORDER BY lane FOR NO KEY UPDATE"
    }

    /// Stores the new head.
    public func save(chain: String) -> SQL {
        """
        UPDATE platform.chain_lane SET position = \(position), last_id = \(lastIdentifier), hash = \(hash)
        WHERE chain = \(chain) AND lane = \(number)
        """
    }

    /// Stores new heads, each only if the lane is still where its writer left it: for writers that keep to a lane and remember its head
    /// instead of reading it. Otherwise the statement divides by zero, and the transaction comes to nothing.
    public static func advance(_ heads: [(chain: String, from: ChainLane, to: ChainLane)]) -> SQL {
        """
        WITH moved AS (
            UPDATE platform.chain_lane AS l SET position = u.p, last_id = u.i, hash = u.h
            FROM unnest(\(heads.map(\.chain))::text[], \(heads.map(\.from.number))::smallint[], \(heads.map(\.from.position))::bigint[],
                \(heads.map(\.from.lastIdentifier))::uuid[], \(heads.map(\.to.position))::bigint[],
                \(heads.map(\.to.lastIdentifier))::uuid[], \(heads.map(\.to.hash))::bytea[]) AS u (c, n, fp, fi, p, i, h)
            WHERE l.chain = u.c AND l.lane = u.n AND l.position = u.fp AND l.last_id = u.fi RETURNING 1
        )
        SELECT 1 / (count(*) = \(Int64(heads.count)))::integer FROM moved
        """
    }

    /// Makes sure that nothing that was decided on this head can be written any more.
    public func fence(chain: String) -> SQL {
        """
        UPDATE platform.chain_lane SET last_id = \(lastIdentifier + 0x100)
        WHERE chain = \(chain) AND lane = \(number) AND position = \(position) AND last_id = \(lastIdentifier)
        """
    }

    /// Takes a lane inside a plain transaction, waiting when all are busy.
    public static func take(chain: String, in transaction: Transaction) throws -> ChainLane {
        if let row = try transaction.query(takeFree(chain: chain)).first { return try ChainLane(row: row) }
        let lane = Int16.random(in: 0..<count)
        guard let row = try transaction.query(wait(chain: chain, lane: lane)).first else {
            throw Refusal.unavailable("The chain \(chain) has no lanes; run the migrations")
        }
        return try ChainLane(row: row)
    }
}

/// Identifiers for rows of a chain: UUIDv7 whose 12 bits after the time count rows of one millisecond, then the lane, then randomness,
/// then 8 bits for the row's own parts. They grow strictly within a lane.
public struct ChainIdentifiers: Sendable {
    private var millisecond: UInt64
    private var ordinal: UInt64
    private let lane: Int16

    /// - Parameter floor: every identifier will be greater than this one, whatever the clock says.
    public init(lane: Int16, now: Timestamp, floor: UInt128) {
        precondition(lane >= 0 && lane < 64, "six bits hold the lane")
        self.lane = lane
        let floorMillisecond = UInt64(truncatingIfNeeded: floor >> 80)
        let nowMillisecond = UInt64(now.microseconds / 1_000)
        if nowMillisecond > floorMillisecond {
            millisecond = nowMillisecond
            ordinal = 0
        } else {
            // A clock that went back, or a row of the same millisecond: the next millisecond is still free.
            millisecond = floorMillisecond + 1
            ordinal = 0
        }
    }

    /// The next identifier; its lowest 8 bits are zero.
    public mutating func next() -> UInt128 {
        if ordinal == 0x1000 {
            millisecond += 1
            ordinal = 0
        }
        let random = UInt128(SystemEntropy.bits64() >> 16)
        var bits = UInt128(millisecond) << 80
        bits |= 0x7 << 76
        bits |= UInt128(ordinal) << 64
        bits |= 0x2 << 62
        bits |= UInt128(UInt16(lane)) << 56
        bits |= random << 8
        ordinal += 1
        return bits
    }
}
