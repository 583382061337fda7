import Accounts
import Kernel
import Ledger
import Parties
import Postgres

/// Whom an account number belongs to, as far as a payer may know.
struct Recipient: Sendable {
    let accountNumber: String
    let displayName: String
    let currency: Currency
    let acceptsCredits: Bool
}

struct ResolveRecipient: Sendable {
    let directory: AccountDirectory
    let pool: ConnectionPool

    /// - Throws: 404 `account_not_found`
    func resolve(_ accountNumber: String, context: RequestContext) async throws -> Recipient {
        let missing = Refusal.notFound("account_not_found", "There is no such account")
        guard let account = try await directory.account(number: accountNumber) else { throw missing }
        let state = try await pool.read(deadline: context.deadline) { try LedgerAccounts().state(of: account.id, in: $0) }
        guard let state, state.status != .pendingApproval, state.status != .rejected else { throw missing }
        return Recipient(
            accountNumber: account.number, displayName: PartyName.masked(account.name), currency: account.currency,
            acceptsCredits: state.status != .closed && state.freezeScope != .all)
    }
}
