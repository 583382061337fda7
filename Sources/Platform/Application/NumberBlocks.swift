import Kernel
import Postgres

/// Numbers of business keys (account and customer numbers), taken from blocks that a process claims for itself.
///
/// A block is claimed in a transaction of its own, committed before the first of its numbers is used. The table only grows, so no
/// number is ever handed out twice, whatever crashes; numbers of a block that a process did not use up are gaps, and gaps are fine.
/// No two processes wait for each other but at the moment of a claim.
///
/// The table belongs to the caller's room: `(space text, first_number bigint, last_number bigint, claimed_at timestamptz, PRIMARY KEY
/// (space, first_number))`. A space is a row of numbers of its own, such as a branch and class.
public actor NumberBlocks {
    private let pool: ConnectionPool
    private let clock: any WallClock
    private let table: String
    private let blockSize: Int64
    private let greatestNumber: Int64
    private var blocks: [String: ClosedRange<Int64>] = [:]
    private var claims: [String: Task<ClosedRange<Int64>, any Error>] = [:]

    /// - Parameters:
    ///   - table: schema and name
    ///   - greatestNumber: last number that the key's digits can hold
    public init(pool: ConnectionPool, clock: any WallClock, table: String, blockSize: Int64 = 100, greatestNumber: Int64) {
        precondition(blockSize > 0 && greatestNumber >= blockSize, "a block fits into its space")
        self.pool = pool
        self.clock = clock
        self.table = table
        self.blockSize = blockSize
        self.greatestNumber = greatestNumber
    }

    /// A number of the space that nobody had before: 1 at the least.
    /// - Throws: 503 when the space is used up
    public func next(in space: String = "") async throws -> Int64 {
        while true {
            if let block = blocks[space] {
                blocks[space] = block.lowerBound < block.upperBound ? (block.lowerBound + 1)...block.upperBound : nil
                return block.lowerBound
            }
            // Somebody of this process may be at it already; the block will do for both.
            let claim = claims[space] ?? Task { try await self.claim(space) }
            claims[space] = claim
            let claimed: Result<ClosedRange<Int64>, any Error> = await claim.result
            // Whoever comes back first puts the block in place.
            if claims[space] == claim {
                claims[space] = nil
                blocks[space] = try? claimed.get()
            }
            _ = try claimed.get()
        }
    }

    private func claim(_ space: String) async throws -> ClosedRange<Int64> {
        let (table, blockSize, greatestNumber, now) = (table, blockSize, greatestNumber, clock.now())
        while true {
            let claimed = try await pool.transaction { transaction -> ClosedRange<Int64>? in
                let rows = try transaction.query(
                    """
                    INSERT INTO \(raw: table) (space, first_number, last_number, claimed_at)
                    SELECT \(space), coalesce(max(last_number), 0) + 1, coalesce(max(last_number), 0) + \(blockSize), \(now)
                    FROM \(raw: table) WHERE space = \(space)
                    ON CONFLICT (space, first_number) DO NOTHING
                    RETURNING first_number, last_number
                    """)
                guard let row = rows.first else { return nil }
                let (first, last) = (try row.int64(0), min(try row.int64(1), greatestNumber))
                guard first <= last else { throw Refusal.unavailable("All numbers are used up") }
                return first...last
            }
            // Without a row another process claimed the same block a moment before: take the next one.
            if let claimed { return claimed }
        }
    }
}
