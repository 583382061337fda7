import Accounts
import HTTPEdge
import Kernel
import Ledger
import Postgres
import Products

/// The room Statements, put together: what an account did, in the forms that people and other programs read, and what of it the bank
/// confirms in writing.
public struct StatementsModule: Sendable {
    public let endpoints: [Endpoint]
    /// For the close of day.
    public let monthly: MonthlyStatements

    /// - Parameters:
    ///   - pool: for the statements that are made and kept
    ///   - key: makes the codes by which the bank knows its own statements
    ///   - certificateKey: makes the codes of certificates, which others have checked
    ///   - accountsInPart: how many accounts a worker takes at a time at the end of a month
    ///   - entriesInPage: how many entries of a statement are in memory at a time; what is longer is sent in pieces
    public init(
        pool: ConnectionPool, readers: ConnectionPool, queries: AccountQueries, tariffs: TariffBookCache, businessDay: BusinessDayCache,
        key: [UInt8], certificateKey: [UInt8], clock: any WallClock, accountsInPart: Int = 20_000,
        entriesInPage: Int = 2_000
    ) {
        let reader = LedgerReader(clock: clock)
        let produce = ProduceStatement(
            queries: queries, businessDay: businessDay, pool: readers, reader: reader, key: key, entriesInPage: entriesInPage)
        monthly = MonthlyStatements(pool: pool, readers: readers, reader: reader, clock: clock, partSize: accountsInPart)
        let certificates = DrawUpCertificates(
            queries: queries, businessDay: businessDay, tariffs: tariffs, readers: readers, reader: reader, key: certificateKey)
        endpoints =
            StatementEndpoints(produce: produce, stored: StoredStatements(readers: readers, queries: queries), clock: clock).all
            + CertificateEndpoints(certificates: certificates).all
    }
}
