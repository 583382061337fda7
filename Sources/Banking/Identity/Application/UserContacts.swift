import Kernel
import Postgres

/// Where the users of a customer are reached, for the room in which customers change that.
public struct UserContacts: Sendable {
    public init() {}

    /// How many users may sign in.
    public func activeUsers(in transaction: Transaction) throws -> Int64 {
        try transaction.query("SELECT count(*) FROM identity.user_account WHERE disabled_at IS NULL").first?.int64(0) ?? 0
    }

    /// Somebody who may sign in, and where messages reach that person.
    public struct Reach: Sendable, Equatable {
        public let userID: Identifier<User>
        public let customerID: Identifier<Customer>?
        public let username: String
        public let fullName: String
        public let email: String
        public let phone: String?
    }

    /// Users who are not disabled, by themselves or by the customers they act for.
    public func reach(
        customers: [Identifier<Customer>], users: [Identifier<User>], in transaction: Transaction
    ) throws -> [Reach] {
        try transaction.query(
            """
            SELECT user_id, customer_id, username, full_name, email, phone FROM identity.user_account
            WHERE (customer_id = ANY(\(customers)::uuid[]) OR user_id = ANY(\(users)::uuid[])) AND disabled_at IS NULL
            ORDER BY user_id
            """
        ).map { row in
            Reach(
                userID: try row.identifier(0), customerID: try row.identifierOrNil(1), username: try row.text(2),
                fullName: try row.text(3), email: try row.text(4), phone: try row.textOrNil(5))
        }
    }

    /// A person moved: codes and notices to the person's users go to the new places from this commit on.
    /// - Throws: 409 `email_taken` when another user has the address
    public func follow(
        _ customer: Identifier<Customer>, email: String?, phone: String?, at instant: Timestamp, in transaction: Transaction
    ) throws {
        do {
            _ = try transaction.execute(
                """
                UPDATE identity.user_account SET email = coalesce(\(email), email), phone = coalesce(\(phone), phone),
                    version = version + 1, updated_at = \(instant)
                WHERE customer_id = \(customer)
                """)
        } catch let error as PostgresError where error.isUniqueViolation(constraint: "user_account_email_unique") {
            throw Refusal(
                .conflict, "email_taken", "Another user has this e-mail address",
                fields: [.init("email", "email_taken", "Another user has this e-mail address")])
        }
    }
}
