import Accounts
import HTTPEdge
import Kernel
import Ledger
import Postgres

/// The room Statements, put together: what an account did, in the forms that people and other programs read.
public struct StatementsModule: Sendable {
    public let endpoints: [Endpoint]
    /// For whoever sends or prints statements.
    public let produce: ProduceStatement
    /// For the close of day: `makeMonthly` when a month is over.
    public let stored: StoredStatements

    /// - Parameters:
    ///   - pool: for the statements that are made and kept
    ///   - key: makes the codes by which the bank knows its own statements
    public init(
        pool: ConnectionPool, readers: ConnectionPool, queries: AccountQueries, businessDay: BusinessDayCache, key: [UInt8],
        clock: any WallClock
    ) {
        let reader = LedgerReader(clock: clock)
        produce = ProduceStatement(queries: queries, businessDay: businessDay, pool: readers, reader: reader, key: key)
        stored = StoredStatements(pool: pool, readers: readers, queries: queries, reader: reader, clock: clock)
        endpoints = StatementEndpoints(produce: produce, stored: stored, clock: clock).all
    }
}
