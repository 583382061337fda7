import Kernel
import Postgres
import TestKit
import Testing

@testable import Ledger

/// The engine on PostgreSQL against the model. Runs share a database; each has accounts of its own.
@Suite struct EngineModelTests {
    /// One unit after the other, with keys that come again now and then.
    @Test func postsAsTheModelDoes() async throws {
        let clock = ManualClock(.startOfTests)
        try await Bank.open(.init(clock: clock)) { bank in
            await checkProperty(runs: 40, shrinkAttempts: 60) { choices in
                let start = clock.now()
                var story = try await Story(choices, bank: bank, start: start)
                for _ in 0..<choices.integer(1...18) {
                    if choices.chance(percent: 15) {
                        story.model.now += choices.integer(0...60)
                        clock.set(start.adding(seconds: story.model.now))
                    }
                    if !story.units.isEmpty, choices.chance(percent: 15) {
                        try await story.repeatAnOldKey(choices, bank: bank)
                    } else {
                        try await story.postSomethingNew(choices, bank: bank)
                    }
                    try await story.compare(bank)
                    try await BookInvariants.ensure(bank)
                }
            }
        }
    }

    /// Rounds of units at the same time on two engines, some of them twice: whatever order they went in, it was a lawful one.
    @Test func concurrentUnitsGoInSomeLawfulOrder() async throws {
        try await Bank.open(.init(engines: 2)) { bank in
            await checkProperty(runs: 16, shrinkAttempts: 20) { choices in
                let modelAccounts = ModelWorld.accounts(choices)
                let accounts = try await Story.open(modelAccounts, bank: bank)
                var model = LedgerModel(accounts: Dictionary(uniqueKeysWithValues: modelAccounts.enumerated().map { ($0, $1) }))
                for _ in 0..<choices.integer(1...3) {
                    model = try await round(choices, bank: bank, accounts: accounts, model: model)
                    for (number, account) in accounts.enumerated() {
                        try ensureEqual(try await bank.state(account).balance, model.accounts[number]?.balance, "account \(number)")
                    }
                    try await BookInvariants.ensure(bank)
                }
            }
        }
    }

    /// One round; the model after it.
    private func round(
        _ choices: Choices, bank: Bank, accounts: [Identifier<Account>], model: LedgerModel
    ) async throws -> LedgerModel {
        let currencies = accounts.indices.map { model.accounts[$0]?.currency ?? .kes }
        var world = ModelWorld(accounts: accounts, currencies: currencies, ids: bank.ids, start: .startOfTests)
        var units: [(key: String, commands: [LedgerModel.Command], engines: [Int])] = []
        while units.count < 24 {
            let commands = world.unit(choices, model: model).filter { $0.journal != nil && $0.isIndependent }
            if commands.isEmpty { continue }
            let engines = choices.element(of: [[0], [1], [0, 1], [1, 1], [0, 0, 1]])
            units.append((bank.ids.next(User.self).description, commands, engines))
        }
        let receipts = await withTaskGroup(of: (Int, Result<PostingReceipt, Refusal>).self) { group in
            for (index, unit) in units.enumerated() {
                let commands = world.ledgerCommands(unit.commands, model: model)
                for engine in unit.engines {
                    group.addTask { (index, await bank.outcome(of: bank.unit(commands, key: unit.key), on: engine)) }
                }
            }
            return await group.reduce(into: [Int: [Result<PostingReceipt, Refusal>]]()) { $0[$1.0, default: []].append($1.1) }
        }
        var acknowledged: [(first: Identifier<Journal>, commands: [LedgerModel.Command])] = []
        for (index, outcomes) in receipts {
            let successes = outcomes.compactMap { try? $0.get() }
            for outcome in outcomes {
                if case .failure(let refusal) = outcome { try ensure(refusal.kind != .unavailable, "\(refusal)") }
            }
            guard let receipt = successes.first, let journal = receipt.journals.first else { continue }
            try ensure(successes.allSatisfy { $0.journals == receipt.journals }, "twins have one receipt")
            try ensureEqual(successes.filter { !$0.isReplay }.count, 1, "one of the twins did it")
            acknowledged.append((journal.id, units[index].commands))
        }
        // Identifiers grow along every account, so this order is one in which everything can have happened.
        var after = model
        for unit in acknowledged.sorted(by: { $0.first < $1.first }) {
            try ensureEqual(after.apply(unit.commands), nil, "\(unit.commands) was posted and must have been allowed")
        }
        return after
    }
}

extension LedgerModel.Command {
    /// Needs nothing that another command makes.
    fileprivate var isIndependent: Bool {
        switch self {
        case .transfer, .bankEntry: true
        case .hold, .capture, .release, .expire, .reverse: false
        }
    }
}

/// A model and a world that go through the same units.
struct Story {
    struct Unit {
        let key: String
        let commands: [LedgerCommand]
        let receipt: PostingReceipt
    }

    var model: LedgerModel
    var world: ModelWorld
    var units: [Unit] = []

    init(_ choices: Choices, bank: Bank, start: Timestamp) async throws {
        let modelAccounts = ModelWorld.accounts(choices)
        let accounts = try await Self.open(modelAccounts, bank: bank)
        model = LedgerModel(accounts: Dictionary(uniqueKeysWithValues: modelAccounts.enumerated().map { ($0, $1) }))
        world = ModelWorld(accounts: accounts, currencies: modelAccounts.map(\.currency), ids: bank.ids, start: start)
    }

    static func open(_ accounts: [LedgerModel.ModelAccount], bank: Bank) async throws -> [Identifier<Account>] {
        var ids: [Identifier<Account>] = []
        for account in accounts {
            let id = bank.ids.next(Account.self)
            let new = NewLedgerAccount(
                id: id, glCode: ChartOfAccounts.currentAccounts, currency: account.currency, owner: nil, minimumBalance: account.minimum,
                overdraftLimit: account.overdraft, maximumBalance: account.maximum)
            try await bank.database.pool.transaction { try LedgerAccounts().open(new, in: $0) }
            if account.balance > 0 {
                let legs = [
                    Leg(.account(id), amount: account.balance, currency: account.currency, type: .opening),
                    Leg(.generalLedger(ChartOfAccounts.capital), amount: -account.balance, currency: account.currency, type: .opening),
                ]
                try await bank.post([
                    .journal(JournalDraft(kind: .opening, type: .opening, referencePrefix: "OPN", sourceType: "opening", legs: legs))
                ])
            }
            if account.freeze != .none {
                try await bank.database.pool.transaction { _ = try LedgerAccounts().freeze(id, scope: account.freeze, in: $0) }
            }
            ids.append(id)
        }
        return ids
    }

    mutating func postSomethingNew(_ choices: Choices, bank: Bank) async throws {
        let unit = world.unit(choices, model: model)
        choices.note("\(unit)")
        let commands = world.ledgerCommands(unit, model: model)
        let key = bank.ids.next(User.self).description
        let expected = model.apply(unit)
        switch await bank.outcome(of: bank.unit(commands, key: key)) {
        case .success(let receipt):
            try ensureEqual(nil, expected, "\(unit) was posted")
            try ensure(!receipt.isReplay, "a new key is no replay")
            world.remember(receipt.journals, of: unit)
            units.append(Unit(key: key, commands: commands, receipt: receipt))
        case .failure(let refusal): try ensureEqual(refusal.code, expected, "\(unit)")
        }
    }

    func repeatAnOldKey(_ choices: Choices, bank: Bank) async throws {
        let old = choices.element(of: units)
        choices.note("again \(old.key)")
        if choices.boolean() {
            let outcome = await bank.outcome(of: bank.unit(old.commands, key: old.key, body: "another body"))
            try ensureEqual(outcome.word, "idempotency_key_reused")
        } else {
            let receipt = try await bank.outcome(of: bank.unit(old.commands, key: old.key)).get()
            try ensure(receipt.isReplay, "an old key is a replay")
            try ensureEqual(receipt.journals, old.receipt.journals)
            try ensureEqual(receipt.holds, old.receipt.holds)
        }
    }

    func compare(_ bank: Bank) async throws {
        for (number, id) in world.accounts.enumerated() {
            let state = try await bank.state(id)
            guard let expected = model.accounts[number] else { throw PropertyFailure("account \(number)") }
            try ensureEqual(state.balance, expected.balance, "the balance of account \(number)")
            try ensureEqual(state.holdAmount, expected.held, "the held amount of account \(number)")
            try ensureEqual(state.isOverdrawnByBank, expected.free < 0, "the mark of account \(number)")
        }
        for (number, expected) in model.holds {
            guard let id = world.holds[number], let state = try await bank.hold(id) else {
                throw PropertyFailure("hold \(number) is missing")
            }
            try ensureEqual(state.amount, expected.amount, "hold \(number)")
            try ensureEqual(state.capturedAmount, expected.captured, "captured of hold \(number)")
            try ensureEqual(state.status, expected.status, "the state of hold \(number)")
        }
    }
}
