import Accounts
import Kernel
import Ledger
import Postgres

/// The figures of a monthly statement as they were when it was made. They never change; the entries that make them up do not either.
public struct StoredStatement: Sendable, Equatable {
    public let account: Identifier<Account>
    public let fromDate: BusinessDate
    public let toDate: BusinessDate
    public let number: String
    public let openingBalance: Money
    public let closingBalance: Money
    public let entryCount: Int64
    public let createdAt: Timestamp
    /// What the account was called and where it was kept then.
    public let accountName: String
    public let branchCode: String

    func says(_ period: AccountPeriod) -> Bool {
        openingBalance.minorUnits == period.openingBalance && closingBalance.minorUnits == period.closingBalance
            && entryCount == period.creditCount + period.debitCount
    }
}

/// The monthly statements that the bank has made.
public struct StoredStatements: Sendable {
    let readers: ConnectionPool
    let queries: AccountQueries

    func list(
        of reference: String, viewer: AccountViewer, before: BusinessDate?, limit: Int, context: RequestContext
    ) async throws -> [StoredStatement] {
        let account = try await queries.account(reference, viewer: viewer)
        return try await readers.read(deadline: context.deadline) {
            try StatementStore.list(of: account.record.id, before: before, limit: limit, in: $0)
        }
    }

    /// - Throws: 404 `account_not_found`, `not_found`
    func find(_ number: String, of reference: String, viewer: AccountViewer, context: RequestContext) async throws -> StoredStatement {
        let account = try await queries.account(reference, viewer: viewer)
        let found = try await readers.read(deadline: context.deadline) { transaction -> StoredStatement? in
            guard let closing = StatementNumber.date(number) else { return nil }
            return try StatementStore.find(account: account.record.id, closing: closing, in: transaction)
        }
        guard let found else { throw Refusal.notFound("not_found", "There is no such statement") }
        return found
    }
}
