import Identity
import Kernel
import Payments
import Postgres

/// A customer who moves takes the sign-in along; Payments does not know users, Identity does not know customers' records.
struct ContactAdapter: ContactFollower {
    let clock: any WallClock

    func contactChanged(of customer: Identifier<Customer>, email: String?, phone: String?, in transaction: Transaction) throws {
        try UserContacts().follow(customer, email: email, phone: phone, at: clock.now(), in: transaction)
    }
}
