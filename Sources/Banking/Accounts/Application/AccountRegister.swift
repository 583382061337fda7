import Kernel
import Postgres
import Products

/// An account with the terms it was opened under, for rooms that keep books about many accounts.
public struct RegisteredAccount: Sendable, Equatable {
    public let id: Identifier<Account>
    public let customer: Identifier<Customer>
    public let type: AccountType
    public let productCode: String
    public let productVersion: Int32
    public let currency: Currency

    public init(
        id: Identifier<Account>, customer: Identifier<Customer>, type: AccountType, productCode: String, productVersion: Int32,
        currency: Currency
    ) {
        self.id = id
        self.customer = customer
        self.type = type
        self.productCode = productCode
        self.productVersion = productVersion
        self.currency = currency
    }
}

/// Hears of an account in the commit that opens it. The composition root connects the rooms that keep books about accounts.
public protocol AccountOpeningObserver: Sendable {
    func opened(_ account: RegisteredAccount, product: Product, in transaction: Transaction) throws
}

/// The accounts of the bank in pages, by identifier.
public enum AccountRegister {
    /// How many accounts there are now: what waits for approval, was rejected or is closed is none.
    public static func count(in transaction: Transaction) throws -> Int64 {
        try transaction.query(
            "SELECT count(*) FROM accounts.account WHERE status NOT IN ('pendingApproval', 'rejected', 'closed')"
        ).first?.int64(0) ?? 0
    }

    public static func page(after last: Identifier<Account>?, limit: Int, in transaction: Transaction) throws -> [RegisteredAccount] {
        try transaction.query(
            """
            SELECT id, customer_id, account_type, product_code, product_version, currency FROM accounts.account
            WHERE id > \(last ?? Identifier(bits: 0)) ORDER BY id LIMIT \(Int64(limit))
            """
        ).compactMap { row in
            guard let type = AccountType(rawValue: try row.text(2)) else { return nil }
            return RegisteredAccount(
                id: try row.identifier(0), customer: try row.identifier(1), type: type, productCode: try row.text(3),
                productVersion: try row.int32(4), currency: try row.currency(5))
        }
    }
}
