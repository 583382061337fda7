import Kernel
import Ledger
import TestKit

/// The rules of the books once more, as plainly as they can be put: dictionaries of numbers. What the ledger does must be what this says.
struct LedgerModel: Equatable {
    struct ModelAccount: Equatable {
        var balance: Int64
        var held: Int64 = 0
        var overdraft: Int64 = 0
        var minimum: Int64 = 0
        var maximum: Int64?
        var freeze = FreezeScope.none
        var currency = Currency.kes

        /// What may leave by an order of the customer.
        var free: Int64 { balance - held + overdraft - minimum }
    }

    struct ModelHold: Equatable {
        let account: Int
        var amount: Int64
        var captured: Int64 = 0
        var status = HoldStatus.active
        var expiresAt: Int64?
    }

    /// Accounts, holds and journals go by numbers of their own.
    enum Command: Equatable {
        case transfer(journal: Int, from: Int, to: Int, amount: Int64, fee: Int64)
        /// The bank takes or gives: nothing is checked.
        case bankEntry(journal: Int, account: Int, amount: Int64)
        /// `isForeign`: in a currency that the account is not kept in.
        case hold(Int, account: Int, amount: Int64, expiresAt: Int64?, isForeign: Bool)
        case capture(journal: Int, hold: Int, to: Int, amount: Int64, isFinal: Bool)
        case release(Int)
        case expire(Int)
        case reverse(journal: Int, original: Int)
    }

    var accounts: [Int: ModelAccount]
    var holds: [Int: ModelHold] = [:]
    /// What each posted journal moved, by account.
    var journals: [Int: [(account: Int, amount: Int64)]] = [:]
    var reversed: Set<Int> = []
    var now: Int64 = 0

    static func == (left: LedgerModel, right: LedgerModel) -> Bool { left.accounts == right.accounts && left.holds == right.holds }

    /// Takes the commands of a unit, all or none.
    /// - Returns: nil when they were taken, the refusal's code otherwise
    mutating func apply(_ unit: [Command]) -> String? {
        let before = self
        for command in unit {
            if let code = apply(command) {
                self = before
                return code
            }
        }
        return nil
    }

    private mutating func apply(_ command: Command) -> String? {
        switch command {
        case .transfer(let journal, let from, let to, let amount, let fee):
            if let code = refusal(of: amount, fee: fee, from: from, to: to) { return code }
            move(journal, [(from, -amount), (to, amount)] + (fee > 0 ? [(from, -fee)] : []))
        case .bankEntry(let journal, let account, let amount): move(journal, [(account, amount)])
        case .hold(let hold, let account, let amount, let expiresAt, let isForeign):
            if holds[hold] != nil { return "id_in_use" }
            guard let state = accounts[account] else { return "account_not_found" }
            if state.freeze != .none { return "account_frozen" }
            if isForeign { return "currency_mismatch" }
            if state.free < amount { return "insufficient_funds" }
            accounts[account]?.held += amount
            holds[hold] = ModelHold(account: account, amount: amount, expiresAt: expiresAt)
        case .capture(let journal, let hold, let to, let amount, let isFinal):
            guard let state = holds[hold] else { return "not_found" }
            if state.status != .active { return "invalid_state" }
            if let expiresAt = state.expiresAt, expiresAt <= now { return "invalid_state" }
            if amount > state.amount { return "capture_exceeds_authorisation" }
            let freed = isFinal ? state.amount : amount
            holds[hold]?.amount -= freed
            holds[hold]?.captured += amount
            if freed == state.amount { holds[hold]?.status = .captured }
            accounts[state.account]?.held -= freed
            if let code = refusal(of: amount, fee: 0, from: state.account, to: to) { return code }
            move(journal, [(state.account, -amount), (to, amount)])
        case .release(let hold): return end(hold, .released)
        case .expire(let hold):
            if let state = holds[hold], state.status == .active, state.expiresAt.map({ $0 > now }) ?? true { return "invalid_state" }
            return end(hold, .expired)
        case .reverse(let journal, let original):
            if !reversed.insert(original).inserted { return "already_reversed" }
            move(journal, (journals[original] ?? []).map { ($0.account, -$0.amount) })
        }
        return nil
    }

    private func refusal(of amount: Int64, fee: Int64, from: Int, to: Int) -> String? {
        guard let source = accounts[from] else { return "account_not_found" }
        guard let destination = accounts[to] else { return "destination_not_found" }
        if from == to { return "same_account" }
        if source.freeze != .none || destination.freeze == .all { return "account_frozen" }
        if source.currency != destination.currency { return "currency_mismatch" }
        if let maximum = destination.maximum, destination.balance + amount > maximum { return "limit_exceeded" }
        return source.free < amount + fee ? "insufficient_funds" : nil
    }

    private mutating func end(_ hold: Int, _ status: HoldStatus) -> String? {
        guard let state = holds[hold] else { return "not_found" }
        if state.status != .active { return "invalid_state" }
        accounts[state.account]?.held -= state.amount
        holds[hold]?.amount = 0
        holds[hold]?.status = status
        return nil
    }

    private mutating func move(_ journal: Int, _ amounts: [(account: Int, amount: Int64)]) {
        for (account, amount) in amounts { accounts[account]?.balance += amount }
        journals[journal] = amounts
    }
}

/// Makes up units for a model and says them in the ledger's words.
struct ModelWorld {
    let accounts: [Identifier<Account>]
    /// In the order of the accounts.
    let currencies: [Currency]
    private(set) var holds: [Int: Identifier<Hold>] = [:]
    var posted: [Int: PostedJournal] = [:]
    private var nextHold = 0
    private var nextJournal = 0
    private let ids: SequenceIdentifiers
    private let start: Timestamp

    init(accounts: [Identifier<Account>], currencies: [Currency], ids: SequenceIdentifiers, start: Timestamp) {
        precondition(accounts.count == currencies.count, "each account has a currency")
        self.accounts = accounts
        self.currencies = currencies
        self.ids = ids
        self.start = start
    }

    /// A handful of accounts that meet often: plain ones, one with an overdraft, one with a minimum, one that must not hold much, frozen
    /// ones, and some in currencies with two decimals and with none.
    static func accounts(_ choices: Choices) -> [LedgerModel.ModelAccount] {
        var accounts = [
            LedgerModel.ModelAccount(balance: 100), LedgerModel.ModelAccount(balance: 100, overdraft: 50),
            LedgerModel.ModelAccount(balance: 100, minimum: 30), LedgerModel.ModelAccount(balance: 0),
            LedgerModel.ModelAccount(balance: 20, maximum: 120),
        ]
        if choices.chance(percent: 50) {
            accounts += [
                LedgerModel.ModelAccount(balance: 100, currency: .usd),
                LedgerModel.ModelAccount(balance: 60, overdraft: 20, currency: .usd),
            ]
        }
        if choices.chance(percent: 20) { accounts.append(LedgerModel.ModelAccount(balance: 90, currency: .ugx)) }
        if choices.chance(percent: 30) { accounts.append(LedgerModel.ModelAccount(balance: 100, freeze: .debits)) }
        if choices.chance(percent: 20) { accounts.append(LedgerModel.ModelAccount(balance: 100, freeze: .all)) }
        return accounts
    }

    mutating func unit(_ choices: Choices, model: LedgerModel) -> [LedgerModel.Command] {
        let count = choices.chance(percent: 20) ? choices.integer(2...3) : 1
        return (0..<count).map { _ in command(choices, model: model) }
    }

    private mutating func command(_ choices: Choices, model: LedgerModel) -> LedgerModel.Command {
        func account() -> Int { choices.integer(0...(accounts.count - 1)) }
        func amount() -> Int64 { choices.integer(1...160) }
        func anyHold() -> Int { choices.integer(0...max(0, nextHold - 1)) }
        nextJournal += 1
        let originals = posted.keys.filter { (model.journals[$0]?.count ?? 0) > 1 }.sorted()
        switch choices.weighted([(10, 0), (4, 1), (6, 2), (3, 3), (2, 4), (3, 5), (2, 6)]) {
        case 1:
            let expires: Int64? = choices.chance(percent: 40) ? model.now + choices.integer(1...100) : nil
            let isOld = nextHold > 0 && choices.chance(percent: 10)
            let hold = isOld ? anyHold() : nextHold
            if !isOld { nextHold += 1 }
            if holds[hold] == nil { holds[hold] = ids.next() }
            return .hold(
                hold, account: account(), amount: amount(), expiresAt: expires, isForeign: choices.chance(percent: 5))
        case 2 where nextHold > 0:
            return .capture(
                journal: nextJournal, hold: anyHold(), to: account(), amount: amount(), isFinal: choices.boolean())
        case 3 where nextHold > 0: return .release(anyHold())
        case 4 where nextHold > 0: return .expire(anyHold())
        case 5 where !originals.isEmpty: return .reverse(journal: nextJournal, original: choices.element(of: originals))
        case 6: return .bankEntry(journal: nextJournal, account: account(), amount: choices.boolean() ? -amount() : amount())
        default:
            return .transfer(
                journal: nextJournal, from: account(), to: account(), amount: amount(), fee: choices.chance(percent: 30) ? 5 : 0)
        }
    }

    func ledgerCommands(_ unit: [LedgerModel.Command], model: LedgerModel) -> [LedgerCommand] {
        unit.map { command in
            switch command {
            case .transfer(_, let from, let to, let amount, let fee): .journal(transfer(from, to, amount, fee))
            case .bankEntry(_, let account, let amount):
                .journal(
                    JournalDraft(
                        kind: .adjustment, type: .adjustment, referencePrefix: "ADJ", sourceType: "model",
                        legs: [
                            Leg(.account(accounts[account]), amount: amount, currency: currencies[account], type: .adjustment),
                            Leg(
                                .generalLedger(ChartOfAccounts.suspense), amount: -amount, currency: currencies[account], type: .adjustment
                            ),
                        ]))
            case .hold(let hold, let account, let amount, let expiresAt, let isForeign):
                .placeHold(
                    HoldDraft(
                        id: holds[hold] ?? Identifier(bits: 0), account: accounts[account], amount: amount,
                        currency: isForeign ? .gbp : currencies[account], reason: "model",
                        expiresAt: expiresAt.map { start.adding(seconds: $0) }))
            case .capture(_, let hold, let to, let amount, let isFinal):
                .captureHold(
                    holds[hold] ?? Identifier(bits: 0), amount: amount, isFinal: isFinal,
                    transfer(source(of: hold, in: unit, model: model), to, amount, 0))
            case .release(let hold): .releaseHold(holds[hold] ?? Identifier(bits: 0))
            case .expire(let hold): .expireHold(holds[hold] ?? Identifier(bits: 0))
            case .reverse(_, let original): .journal(reversal(of: original))
            }
        }
    }

    /// Remembers the journals of a unit, in the order in which its commands made them.
    mutating func remember(_ journals: [PostedJournal], of unit: [LedgerModel.Command]) {
        for (number, journal) in zip(unit.compactMap(\.journal), journals) { posted[number] = journal }
    }

    /// The account that a hold is on, or will be on after an earlier command of the unit.
    private func source(of hold: Int, in unit: [LedgerModel.Command], model: LedgerModel) -> Int {
        if let known = model.holds[hold] { return known.account }
        for case .hold(let other, let account, _, _, _) in unit where other == hold { return account }
        return 0
    }

    private func transfer(_ from: Int, _ to: Int, _ amount: Int64, _ fee: Int64) -> JournalDraft {
        let currency = currencies[from]
        var legs = [
            Leg(.account(accounts[from]), amount: -amount, currency: currency, type: .transfer, authority: .customer(field: "from")),
            Leg(.account(accounts[to]), amount: amount, currency: currency, type: .transfer, authority: .customer(field: "to")),
        ]
        if fee > 0 {
            legs.append(
                Leg(.account(accounts[from]), amount: -fee, currency: currency, type: .fee, ordinal: 2, authority: .customer(field: "from"))
            )
            legs.append(Leg(.generalLedger(ChartOfAccounts.feeIncome), amount: fee, currency: currency, type: .fee, ordinal: 2))
        }
        return JournalDraft(type: .transfer, referencePrefix: "TRF", sourceType: "model", legs: legs)
    }

    private func reversal(of original: Int) -> JournalDraft {
        let lines = posted[original]?.lines ?? []
        let legs = lines.map { line in
            Leg(
                line.account.map { .account($0) } ?? .generalLedger(line.glCode), amount: -line.amount, currency: line.currency,
                type: .reversal, ordinal: line.ordinal)
        }
        return JournalDraft(
            kind: .reversal, type: .reversal, referencePrefix: "REV", sourceType: "model", legs: legs, reversalOf: posted[original]?.id)
    }
}

extension LedgerModel.Command {
    /// The number of the journal that the command makes, when it makes one.
    var journal: Int? {
        switch self {
        case .transfer(let journal, _, _, _, _), .bankEntry(let journal, _, _), .capture(let journal, _, _, _, _),
            .reverse(let journal, _):
            journal
        case .hold, .release, .expire: nil
        }
    }
}
