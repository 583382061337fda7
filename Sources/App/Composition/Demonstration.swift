import Accounts
import Application
import Identity
import Kernel
import Ledger
import Organisation
import Parties
import Products

/// The demonstration bank of the contract, section 2.2, built through the commands a bank would use.
///
/// Every step has a key or looks first, so a start that was interrupted is completed by the next one, and a second start changes
/// nothing.
struct Demonstration {
    /// Who banks here, under the names of the users who act for them.
    private struct Party {
        let key: String
        let users: [String]
        let customer: NewCustomer
        let accounts: [(product: String, currency: Currency, openingUnits: Int64)]
    }

    let bank: Bank

    func seed() async throws {
        try await bank.demonstrationProducts.seed(.system(at: bank.clock.now(), idempotencyKey: "seed/products"))
        try await DemonstrationBranch(pipeline: bank.pipeline).seed(.system(at: bank.clock.now(), idempotencyKey: "seed/branch"))
        try await openVault()
        var customers: [String: Identifier<Customer>] = [:]
        for party in Self.parties {
            let customer = try await bank.parties.register(
                party.customer, context: .system(at: bank.clock.now(), idempotencyKey: "seed/customer/\(party.key)"))
            for user in party.users { customers[user] = customer.id }
            try await bank.customers.registry.complete(
                customer.id, with: DemonstrationRecords.record(of: party.key, party.customer),
                context: .system(at: bank.clock.now(), idempotencyKey: "seed/record/\(party.key)"))
            for account in party.accounts {
                let key = "\(party.key)/\(account.product)"
                let order = OpeningOrder(
                    kind: party.customer.kind == .individual ? .individual : .business, customer: .id(customer.id),
                    productCode: account.product, currency: account.currency, branchCode: AccountOpening.headOffice)
                let id = try await bank.accountsSeeding.open(order, key: key)
                guard account.openingUnits > 0 else { continue }
                let amount = Money(
                    minorUnits: account.openingUnits * account.currency.minorUnitsPerUnit, currency: account.currency)
                // Shillings come through the central bank, foreign money through the correspondent: the vault keeps its cash.
                let contra = account.currency == .kes ? GLCode(1110) : GLCode(1100)
                try await bank.accountsSeeding.bookOpeningBalance(amount, on: id, against: contra, key: key)
            }
        }
        // Users come last: as soon as somebody can sign in, everything is there.
        try await bank.identity.users.seedDemoUsers(
            customers: customers, context: .system(at: bank.clock.now(), idempotencyKey: "seed/users"))
    }

    /// Capital paid in as cash: the vault of branch 001.
    private func openVault() async throws {
        let context = RequestContext.system(at: bank.clock.now(), idempotencyKey: "seed/vault")
        let amount: Int64 = 25_000_000 * Currency.kes.minorUnitsPerUnit
        let draft = JournalDraft(
            kind: .opening, type: .opening, referencePrefix: "OPN", sourceType: "openingBalance",
            narration: "Capital paid in, vault of branch \(AccountOpening.headOffice)",
            legs: [
                Leg(.generalLedger(GLCode(1001)), amount: -amount, currency: .kes, type: .opening),
                Leg(.generalLedger(GLCode(3001)), amount: amount, currency: .kes, type: .opening),
            ])
        _ = try await bank.engine.post(
            PostingUnit(
                commands: [.journal(draft)], context: context, idempotency: IdempotencyKey(context),
                audit: AuditRecord(
                    action: "ledger.openVault", outcome: .success, actor: nil, subjectType: "branch",
                    subjectID: AccountOpening.headOffice, context: context)))
    }

    private static let parties: [Party] = [
        Party(
            key: "customer1", users: ["customer1"],
            customer: .person(
                firstName: "Amina", lastName: "Wanjiru", email: "amina@example.com", phone: "+254711000001", kycStatus: .verified,
                kycTier: 2),
            accounts: [("CUR01", .kes, 350_000), ("SAV01", .kes, 120_000)]),
        Party(
            key: "customer2", users: ["customer2"],
            customer: .person(
                firstName: "David", lastName: "Otieno", email: "david@example.com", phone: "+254711000002", kycStatus: .verified,
                kycTier: 2),
            accounts: [("CUR01", .kes, 275_000), ("SAV01", .kes, 80_000)]),
        Party(
            key: "corporate", users: ["corporate_maker", "corporate_checker"],
            customer: .organisation(
                name: "Rift Valley Tea Exporters Ltd", email: "accounts@rvtea.example", phone: "+254711000003", segment: .corporate,
                kycStatus: .verified, kycTier: 3),
            accounts: [("CUR01", .kes, 24_000_000), ("FCY01", .usd, 180_000)]),
        Party(
            key: "sme", users: ["sme_owner"],
            customer: .organisation(
                name: "Atieno Tailoring Ltd", email: "naomi@atieno.example", phone: "+254711000005", segment: .sme,
                kycStatus: .verified, kycTier: 2),
            accounts: [("CUR01", .kes, 2_400_000)]),
    ]
}
