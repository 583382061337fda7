import Accounts
import Kernel
import Ledger

/// The ledger shows numbers to the bookkeeper, and only the accounts know them.
struct AccountNumbersAdapter: AccountNumbers {
    let directory: AccountDirectory

    func numbers(of accounts: [Identifier<Account>]) async throws -> [Identifier<Account>: String] {
        try await directory.accounts(ids: accounts).mapValues(\.number)
    }

    func account(numbered number: String) async throws -> Identifier<Account>? {
        try await directory.account(number: number)?.id
    }
}
