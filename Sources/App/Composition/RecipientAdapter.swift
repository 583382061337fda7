import Identity
import Kernel
import Notifications
import Parties
import Postgres

/// Notifications writes to people; Identity knows where they are reached, Parties in which language.
struct RecipientAdapter: RecipientDirectory {
    func recipients(
        customers: [Identifier<Customer>], users: [Identifier<User>], in transaction: Transaction
    ) throws -> [Recipient] {
        let people = try UserContacts().reach(customers: customers, users: users, in: transaction)
        guard !people.isEmpty else { return [] }
        let languages = try PartyContacts().languages(of: Array(Set(people.compactMap(\.customerID))), in: transaction)
        return people.map { person in
            let language = person.customerID.flatMap { languages[$0] } ?? .en
            return Recipient(
                userID: person.userID, customerID: person.customerID, username: person.username, fullName: person.fullName,
                email: person.email, phone: person.phone, language: language == .sw ? .sw : .en)
        }
    }
}
