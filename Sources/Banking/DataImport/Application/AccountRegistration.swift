import Accounts
import Kernel
import Ledger
import Parties
import Postgres

/// Opens the other bank's accounts with their owners as primary holders and their disponents as joint holders.
struct AccountRegistration: Sendable {
    struct Result: Sendable {
        /// Accounts that exist, by the other bank's number.
        var accounts: [Int64: Identifier<Account>] = [:]
        var tally = FileTally(.accounts)
        var dispositionTally = FileTally(.dispositions)
        var refusals: [RowRefusal] = []
    }

    private static let chunk = 100

    let services: CzechBankImport.Services
    let options: CzechBankImport.Options
    let references: ReferenceStore
    let keys: ImportKeys
    let people: [Int64: CustomerRecord]

    /// - Parameter others: accounts that the transactions name and that an earlier import may have brought
    func run(
        _ file: ParsedFile<AccountRow>, _ dispositions: ParsedFile<DispositionRow>, others: Set<Int64>, on businessDate: BusinessDate,
        observer: @escaping ImportObserver
    ) async throws -> Result {
        var result = Result()
        result.tally.rowsRead = file.rowsRead
        result.dispositionTally.rowsRead = dispositions.rowsRead
        result.refusals = file.refusals
        var holders = HolderPlan(dispositions, people: people)

        let named = others.union(file.rows.map(\.externalID)).union(dispositions.rows.map(\.account))
        let known = try await references.find(.account, named)
        result.accounts = try await existing(known)
        let before = result.accounts

        let waiting = try await waitingToOpen(file.rows, known, holders, on: businessDate, &result)
        try await open(waiting, &holders, &result, observer)
        try await settle(&holders, before: before, &result)

        result.tally.refused = result.refusals.count
        result.dispositionTally.refused = dispositions.refusals.count + holders.refusals.count
        result.refusals += dispositions.refusals + holders.refusals
        return result
    }

    /// What has to be opened, with the identifier it will have.
    private func waitingToOpen(
        _ rows: [AccountRow], _ known: [Int64: ReferenceStore.Reference], _ holders: HolderPlan, on businessDate: BusinessDate,
        _ result: inout Result
    ) async throws -> [(row: AccountRow, id: Identifier<Account>)] {
        var new: [AccountRow] = []
        for row in rows {
            if result.accounts[row.externalID] != nil {
                if known[row.externalID]?.rowDigest == keys.rowDigest(row) {
                    result.tally.takenBefore += 1
                } else {
                    result.refusals.append(row.refused("idempotency_key_reused", "the account was imported with other content"))
                }
            } else if row.openedDate > businessDate {
                result.refusals.append(row.refused("in_future", "date: \(row.openedDate) is after the business date \(businessDate)"))
            } else if holders.owner(of: row.externalID) == nil {
                result.refusals.append(row.refused("customer_not_found", "no disposition names an owner who is a customer"))
            } else {
                new.append(row)
            }
        }
        let claims = new.map {
            ReferenceStore.Claim(externalID: $0.externalID, freshID: services.identifiers.nextBits(), rowDigest: keys.rowDigest($0))
        }
        let claimed = try await references.claim(.account, claims, at: services.clock.now())
        let renewed = claims.compactMap { claim in
            claimed[claim.externalID].flatMap { $0.rowDigest == claim.rowDigest ? nil : ($0.internalID, claim.rowDigest) }
        }
        try await references.note(.account, renewed)
        return try new.map { row in
            guard let reference = claimed[row.externalID] else { throw Refusal.unavailable() }
            return (row, Identifier(bits: reference.internalID))
        }
    }

    private func open(
        _ waiting: [(row: AccountRow, id: Identifier<Account>)], _ holders: inout HolderPlan, _ result: inout Result,
        _ observer: @escaping ImportObserver
    ) async throws {
        var done = 0
        if !waiting.isEmpty { observer(ImportProgress(phase: .accounts, done: 0, total: waiting.count)) }
        for part in waiting.chunks(of: Self.chunk) {
            try Task.checkCancellation()
            do {
                try await open(part, holders)
                result.tally.taken += part.count
                for (row, id) in part { result.accounts[row.externalID] = id }
            } catch let refusal as Refusal where refusal.kind != .unavailable {
                try await openOneByOne(part, holders, &result)
            }
            done += part.count
            observer(ImportProgress(phase: .accounts, done: done, total: waiting.count, refused: result.refusals.count))
        }
    }

    /// After a chunk was refused: each account by itself, so that only the one to blame is refused.
    private func openOneByOne(
        _ part: [(row: AccountRow, id: Identifier<Account>)], _ holders: HolderPlan, _ result: inout Result
    ) async throws {
        for (row, id) in part {
            do {
                try await open([(row, id)], holders)
                result.tally.taken += 1
                result.accounts[row.externalID] = id
            } catch let refusal as Refusal where refusal.code == "id_in_use" {
                // Another import at the same work was faster.
                result.tally.takenBefore += 1
                result.accounts[row.externalID] = id
            } catch let refusal as Refusal where ["product_not_found", "product_not_active", "currency_not_offered"].contains(refusal.code)
            {
                throw ImportFailure.productNotUsable(options.productCode, reason: refusal.detail)
            } catch let refusal as Refusal where refusal.kind != .unavailable {
                result.refusals.append(row.refused(refusal))
            }
        }
    }

    private func open(_ part: [(row: AccountRow, id: Identifier<Account>)], _ holders: HolderPlan) async throws {
        let orders = part.compactMap { row, id -> OpeningOrder? in
            guard let owner = holders.owner(of: row.externalID) else { return nil }
            return OpeningOrder(
                customer: .id(owner.id), productCode: options.productCode, currency: .czk,
                jointHolders: holders.disponents(of: row.externalID).map {
                    // A disponent disposes of the money and owns none of it.
                    OpeningOrder.JointHolder(cifNumber: $0.cifNumber, relationship: HolderPlan.disponent, basisPoints: 0)
                },
                id: id, openedDate: row.openedDate)
        }
        assert(orders.count == part.count, "only accounts with an owner are opened")
        let key = "accounts/\(services.identifiers.next(Account.self))"
        let opened = try await services.opening.openAll(orders, context: keys.context(key: key, at: services.clock.now()))
        assert(opened == part.map(\.id), "accounts have the identifiers they were claimed under")
    }

    /// What became of the dispositions: part of an account opened now, of one that is there with this holder, or refused.
    private func settle(_ holders: inout HolderPlan, before: [Int64: Identifier<Account>], _ result: inout Result) async throws {
        let reader = AccountHoldings()
        var holdings: [Identifier<Account>: [Holding]] = [:]
        for part in Array(Set(holders.rows.compactMap { before[$0.account] })).chunks(of: 1_000) {
            holdings.merge(try await services.pool.read { try reader.holdings(of: part, in: $0) }) { first, _ in first }
        }
        for row in holders.rows {
            if let id = before[row.account] {
                let holding = holdings[id]?.first { $0.customer == people[row.client]?.id }
                if let holding, holding.isPrimary == (row.kind == .owner) {
                    result.dispositionTally.takenBefore += 1
                } else {
                    holders.refuse(row, "idempotency_key_reused", "account \(row.account) was opened without this holder")
                }
            } else if result.accounts[row.account] != nil {
                result.dispositionTally.taken += 1
            } else {
                holders.refuse(row, "account_not_found", "account \(row.account) is not in the bank")
            }
        }
    }

    private func existing(_ known: [Int64: ReferenceStore.Reference]) async throws -> [Int64: Identifier<Account>] {
        var states: Set<Identifier<Account>> = []
        let ledger = LedgerAccounts()
        for part in known.values.map({ Identifier<Account>(bits: $0.internalID) }).chunks(of: 2_000) {
            states.formUnion(try await services.pool.read { try ledger.states(of: part, in: $0) }.keys)
        }
        return known.compactMapValues { reference in
            let id = Identifier<Account>(bits: reference.internalID)
            return states.contains(id) ? id : nil
        }
    }
}

/// Who holds which account, by the dispositions that make sense.
struct HolderPlan: Sendable {
    static let disponent = "disponent"

    /// Dispositions of known clients, each client once an account, one owner an account.
    private(set) var rows: [DispositionRow] = []
    private(set) var refusals: [RowRefusal] = []
    private var owners: [Int64: CustomerRecord] = [:]
    private var others: [Int64: [CustomerRecord]] = [:]

    init(_ file: ParsedFile<DispositionRow>, people: [Int64: CustomerRecord]) {
        var seen: [Int64: Set<Int64>] = [:]
        for row in file.rows {
            guard let customer = people[row.client] else {
                refuse(row, "customer_not_found", "client \(row.client) is not a customer")
                continue
            }
            guard seen[row.account, default: []].insert(row.client).inserted else {
                refuse(row, "duplicate", "client \(row.client) has a part in account \(row.account) already")
                continue
            }
            if row.kind == .owner {
                guard owners[row.account] == nil else {
                    refuse(row, "duplicate", "account \(row.account) has an owner already")
                    continue
                }
                owners[row.account] = customer
            } else {
                others[row.account, default: []].append(customer)
            }
            rows.append(row)
        }
    }

    func owner(of account: Int64) -> CustomerRecord? { owners[account] }
    func disponents(of account: Int64) -> [CustomerRecord] { others[account] ?? [] }

    mutating func refuse(_ row: DispositionRow, _ code: String, _ reason: String) { refusals.append(row.refused(code, reason)) }
}
