import Application
import Kernel
import Ledger
import Parties
import Postgres
import Products

/// An account that is opened in the commit of its first money: what the posting engine opens, and this room's rows beside it.
public struct PreparedAccount: Sendable {
    public let identity: AccountIdentity
    public let ledger: NewLedgerAccount
    /// This room's rows, for the commit that opens the account.
    public let statements: [SQL]
}

extension AccountOpening {
    /// Prepares the account of a deposit. Nothing is stored until the posting that opens it commits.
    /// - Throws: 404 `customer_not_found`
    public func prepareDepositAccount(
        of customer: Identifier<Customer>, product: Product, currency: Currency, branchCode: String, openedDate: BusinessDate,
        openedBy: Identifier<User>?
    ) async throws -> PreparedAccount {
        guard let type = product.type.accountType, !type.isTransactional, let glNumber = product.glNumber else {
            preconditionFailure("a deposit's product has an account of its own")
        }
        let id: Identifier<Account> = identifiers.next()
        let serial = try await numbers.next(in: "\(branchCode)-\(type.numberClass)")
        let number = AccountNumber(branchCode: branchCode, numberClass: type.numberClass, serial: serial)
        let found = try await pool.read { transaction in
            (
                try PartyDirectory().customer(customer, in: transaction),
                try AccountStore.knownLimitHolder(of: customer, in: transaction)
            )
        }
        guard let owner = found.0 else { throw Refusal.notFound("customer_not_found", "There is no such customer") }
        let identity = AccountIdentity(
            id: id, number: number.text, currency: currency, accountType: type, productCode: product.code, branchCode: branchCode,
            customerID: customer, limitHolder: found.1 ?? id, operatingRule: .anyOne, name: owner.fullName)
        let record = AccountRecord(
            identity: identity, alias: nil, openedDate: openedDate, closedDate: nil, workflowID: nil, openedBy: openedBy, version: 1)
        let row = AccountStore.NewRow(
            record: record, status: .active, productVersion: product.version, purpose: nil, sourceOfFunds: nil, boardResolution: nil,
            holdings: try Ownership.holdings(primary: customer, joint: []), signatories: [], createdAt: clock.now())
        let ledger = NewLedgerAccount(
            id: id, glCode: GLCode(glNumber), currency: currency, owner: customer, limitHolder: identity.limitHolder,
            requiresKYC: !owner.isVerified, isCustomerBlocked: owner.isBlocked)
        return PreparedAccount(identity: identity, ledger: ledger, statements: AccountStore.insert(row))
    }
}
