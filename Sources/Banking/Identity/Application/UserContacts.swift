import Kernel
import Postgres

/// Where the users of a customer are reached, for the room in which customers change that.
public struct UserContacts: Sendable {
    public init() {}

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
