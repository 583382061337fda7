import Kernel
import Ledger
import TestKit
import Testing

@Suite struct ScenarioTests {
    @Test func thereAreScenarios() throws {
        let scenarios = try ScenarioParser.all()
        #expect(scenarios.count > 60)
        #expect(Set(scenarios.map(\.title)).count == scenarios.count, "every story has a title of its own")
    }

    @Test(arguments: try ScenarioParser.all().filter(\.isInMemoryToo))
    func inMemoryUnitByUnit(_ scenario: Scenario) async throws {
        try await ScenarioRunner(scenario, in: InMemoryBooks(isOneBatch: false)).run()
    }

    @Test(arguments: try ScenarioParser.all().filter(\.isInMemoryToo))
    func inMemoryAsOneBatch(_ scenario: Scenario) async throws {
        try await ScenarioRunner(scenario, in: InMemoryBooks(isOneBatch: true)).run()
    }

    /// All stories of a file on one database, one after the other; the books must be sound after each file.
    @Test(arguments: Array(Set(try ScenarioParser.all().map(\.file))).sorted())
    func throughTheEngine(_ file: String) async throws {
        let clock = ManualClock(.startOfTests)
        var setup = Bank.Setup()
        setup.clock = clock
        try await Bank.open(setup) { bank in
            var day = Bank.openingDay
            for (number, scenario) in try ScenarioParser.all().filter({ $0.file == file }).enumerated() {
                let books = EngineBooks(bank: bank, clock: clock, businessDate: day, scenario: number)
                do {
                    try await ScenarioRunner(scenario, in: books).run()
                } catch {
                    Issue.record("\(error)")
                }
                day = books.businessDate
            }
            try await BookInvariants.check(bank)
        }
    }

    @Test(arguments: [
        "accounts  owner\namina  Amina", "scenario  One\namina  Amina  1.00", "scenario  One\npost  from  outcome\ntransfer  amina  and",
        "scenario", "scenario  One\nclock  soon",
    ])
    func theParserRefusesWhatItCannotRead(_ text: String) {
        #expect(throws: ScenarioError.self) { try ScenarioParser.parse(text, file: "wrong.txt") }
    }
}
