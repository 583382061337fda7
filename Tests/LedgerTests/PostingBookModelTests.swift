import Kernel
import TestKit
import Testing

@testable import Ledger

/// The posting book against the model, in memory: thousands of short stories in a second.
@Suite struct PostingBookModelTests {
    @Test func decidesAsTheModelDoes() async {
        await checkProperty(runs: 2_000) { choices in
            let ids = SequenceIdentifiers()
            let modelAccounts = ModelWorld.accounts(choices)
            var model = LedgerModel(accounts: Dictionary(uniqueKeysWithValues: modelAccounts.enumerated().map { ($0, $1) }))
            let states = modelAccounts.map { Self.state($0, id: ids.next()) }
            var world = ModelWorld(
                accounts: states.map(\.id), currencies: states.map(\.currency), ids: ids, start: .startOfTests)
            var book = Self.book(accounts: states, holds: [], reversed: [], now: .startOfTests, first: 1)
            var batches: Int64 = 1
            var reversed: Set<Identifier<Journal>> = []
            for _ in 0..<choices.integer(1...25) {
                if choices.chance(percent: 20) {
                    // A new batch, perhaps later.
                    model.now += choices.integer(0...60)
                    batches += 1
                    book = Self.book(
                        accounts: Array(book.accounts.values), holds: Array(book.holds.values), reversed: reversed,
                        now: Timestamp.startOfTests.adding(seconds: model.now), first: batches * 1_000)
                }
                let unit = world.unit(choices, model: model)
                choices.note("\(unit)")
                let commands = world.ledgerCommands(unit, model: model)
                let expected = model.apply(unit)
                let actual = Self.outcome { try book.apply(commands, channel: .api, initiatedBy: nil) }
                try ensureEqual(actual.code, expected, "\(unit)")
                if let effects = actual.effects {
                    world.remember(effects.journals, of: unit)
                    reversed.formUnion(effects.journals.compactMap(\.reversalOf))
                    try Self.checkLines(effects.journals)
                }
                try Self.compare(book, model, world)
            }
        }
    }

    private static func state(_ account: LedgerModel.ModelAccount, id: Identifier<Account>) -> AccountState {
        AccountState(
            id: id, glCode: ChartOfAccounts.currentAccounts, currency: account.currency, owner: nil,
            status: account.freeze == .none ? .active : .frozen, freezeScope: account.freeze, balance: account.balance,
            overdraftLimit: account.overdraft, minimumBalance: account.minimum, maximumBalance: account.maximum)
    }

    private static func book(
        accounts: [AccountState], holds: [HoldState], reversed: Set<Identifier<Journal>>, now: Timestamp, first: Int64
    ) -> PostingBook {
        let source = SequenceIdentifiers(first: first * 1_000)
        return PostingBook(
            accounts: accounts, holds: holds, reversed: reversed, businessDate: BusinessDate(of: .startOfTests), now: now, lane: 0,
            position: first, mint: { source.nextBits() & ~0xFF })
    }

    private static func outcome(_ body: () throws -> PostingBook.Effects) -> (code: String?, effects: PostingBook.Effects?) {
        do {
            return (nil, try body())
        } catch {
            return ((error as? Refusal)?.code ?? "\(error)", nil)
        }
    }

    private static func checkLines(_ journals: [PostedJournal]) throws {
        for journal in journals {
            try ensureEqual(journal.lines.reduce(0) { $0 + $1.amount }, 0, "a journal balances")
            try ensureEqual(Set(journal.lines.map(\.currency)).count, 1, "and is of one currency")
            try ensure(journal.lines.allSatisfy { ($0.account == nil) == ($0.balanceAfter == nil) }, "accounts have balances")
        }
    }

    private static func compare(_ book: PostingBook, _ model: LedgerModel, _ world: ModelWorld) throws {
        for (number, id) in world.accounts.enumerated() {
            guard let state = book.accounts[id], let expected = model.accounts[number] else { throw PropertyFailure("account \(number)") }
            try ensureEqual(state.balance, expected.balance, "the balance of account \(number)")
            try ensureEqual(state.holdAmount, expected.held, "the held amount of account \(number)")
            try ensureEqual(state.available, expected.balance - expected.held + expected.overdraft, "available on \(number)")
            try ensureEqual(state.isOverdrawnByBank, expected.free < 0, "the mark of account \(number)")
        }
        for (number, expected) in model.holds {
            guard let id = world.holds[number], let state = book.holds[id] else { throw PropertyFailure("hold \(number) is missing") }
            try ensureEqual(state.amount, expected.amount, "hold \(number)")
            try ensureEqual(state.capturedAmount, expected.captured, "captured of hold \(number)")
            try ensureEqual(state.status, expected.status, "the state of hold \(number)")
        }
        try ensureEqual(book.holds.count, model.holds.count, "holds that nobody placed")
    }
}
