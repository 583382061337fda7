import Kernel
import TestKit
import Testing

@testable import Ledger

/// Units of every kind at the same time on the same few accounts, over two engines with two writers each. Whatever order they went in:
/// nothing is half done, nothing is done twice, and the sums are those of what was acknowledged.
@Suite struct EngineCollisionTests {
    /// Whatever may be refused when others were faster. Contention alone never is. (`journal_not_balanced`: a capture that was made up
    /// before anybody knew on which account its hold would be.)
    private static let lawfulRefusals: Set<String> = [
        "same_account", "account_frozen", "currency_mismatch", "limit_exceeded", "insufficient_funds", "invalid_state", "id_in_use",
        "capture_exceeds_authorisation", "already_reversed", "not_found", "journal_not_balanced",
    ]

    @Test func unitsOfEveryKindCollideAndTheBooksHold() async throws {
        let clock = ManualClock(.startOfTests)
        try await Bank.open(.init(engines: 2, clock: clock)) { bank in
            await checkProperty(runs: 12, shrinkAttempts: 12) { choices in
                var story = try await Story(choices, bank: bank, start: clock.now())
                for _ in 0..<10 { try await story.postSomethingNew(choices, bank: bank) }
                try await Self.collide(choices, &story, bank)
                try await BookInvariants.ensure(bank)
                let report = try await LedgerVerifier(clock: clock).verify(in: bank.database.pool)
                try ensure(report.isSound, report.firstFailure ?? "")
            }
        }
    }

    private static func collide(_ choices: Choices, _ story: inout Story, _ bank: Bank) async throws {
        let before = try await balances(story, bank)
        var units: [(key: String, commands: [LedgerCommand], model: [LedgerModel.Command], engines: [Int])] = []
        for _ in 0..<24 {
            let unit = story.world.unit(choices, model: story.model)
            choices.note("\(unit)")
            let engines = choices.element(of: [[0], [1], [0, 1], [1, 1], [0, 0, 1]])
            units.append((bank.ids.next(User.self).description, story.world.ledgerCommands(unit, model: story.model), unit, engines))
        }
        let work = units
        let outcomes = await withTaskGroup(of: (Int, Result<PostingReceipt, Refusal>).self) { group in
            for (index, unit) in work.enumerated() {
                for engine in unit.engines {
                    group.addTask { (index, await bank.outcome(of: bank.unit(unit.commands, key: unit.key), on: engine)) }
                }
            }
            return await group.reduce(into: [Int: [Result<PostingReceipt, Refusal>]]()) { $0[$1.0, default: []].append($1.1) }
        }
        var moved: [Identifier<Account>: Int64] = [:]
        var reversed: [Identifier<Journal>] = []
        for (index, answers) in outcomes {
            let successes = answers.compactMap { try? $0.get() }
            for case .failure(let refusal) in answers {
                try ensure(lawfulRefusals.contains(refusal.code), "\(work[index].model) was refused with \(refusal.code)")
            }
            guard let receipt = successes.first else { continue }
            try ensureEqual(successes.filter { !$0.isReplay }.count, 1, "one of the twins did it")
            try ensure(successes.allSatisfy { $0.journals == receipt.journals && $0.holds == receipt.holds }, "twins have one receipt")
            // All of a unit or none of it.
            try ensureEqual(receipt.journals.count, work[index].model.compactMap(\.journal).count, "\(work[index].model)")
            for line in receipt.journals.flatMap(\.lines) {
                if let account = line.account { moved[account, default: 0] += line.amount }
            }
            reversed += receipt.journals.compactMap(\.reversalOf)
        }
        try ensureEqual(Set(reversed).count, reversed.count, "nothing is reversed twice")
        let after = try await balances(story, bank)
        for account in story.world.accounts {
            try ensureEqual(after[account], (before[account] ?? 0) + (moved[account] ?? 0), "account \(account) moved as acknowledged")
        }
    }

    private static func balances(_ story: Story, _ bank: Bank) async throws -> [Identifier<Account>: Int64] {
        var balances: [Identifier<Account>: Int64] = [:]
        for account in story.world.accounts { balances[account] = try await bank.state(account).balance }
        return balances
    }
}
