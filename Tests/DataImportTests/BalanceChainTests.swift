import Kernel
import TestKit
import Testing

@testable import DataImport

@Suite struct BalanceChainTests {
    /// Steps from (day, amount, recorded) in minor units.
    private func steps(_ rows: [(Int32, Int64, Int64)]) -> [BalanceChain.Step] {
        rows.enumerated().map { index, row in
            BalanceChain.Step(
                row: index + 2, externalID: Int64(index + 1), account: 1, date: BusinessDate(epochDay: row.0), amount: row.1,
                recorded: row.2)
        }
    }

    private func check(_ rows: [(Int32, Int64, Int64)], from start: Int64 = 0) -> BalanceChain {
        var chain = BalanceChain()
        chain.check(steps(rows), from: start)
        return chain
    }

    @Test func exactBalancesChain() {
        let chain = check([(1, 70_000, 70_000), (2, -20_000, 50_000), (3, 125, 50_125)])
        #expect(chain.exceptions.isEmpty && chain.rowsChecked == 3 && chain.daysReordered == 0 && chain.largestDrift == 0)
    }

    @Test func roundingIsTolerated() {
        let chain = check([(1, 70_007, 70_010), (2, 1_004, 71_010), (3, 96, 71_110), (4, 10, 71_130)])
        #expect(chain.exceptions.isEmpty)
        #expect(chain.largestDrift == 13)
    }

    @Test func oneBeyondTheToleranceIsAnException() {
        let chain = check([(1, 70_000, 70_010), (2, 1_000, 71_021)])
        #expect(chain.exceptions.map(\.step.row) == [3])
        #expect(chain.exceptions.map(\.difference) == [11])
        #expect(chain.exceptions.map(\.computed) == [71_010])
    }

    @Test func aDayIsPutIntoBookingOrder() {
        let chain = check([(1, 70_000, 70_000), (2, -500, 89_500), (2, 20_000, 90_000), (3, 100, 89_600)])
        #expect(chain.exceptions.isEmpty)
        #expect(chain.daysReordered == 1)
    }

    @Test func theOrderWithFewestBreaksIsFound() {
        // Only 3, 1, 4, 2 chains; the greedy choice of row 2 first leads nowhere.
        let chain = check([(1, 100, 400), (1, 100, 200), (1, 300, 300), (1, -300, 100)])
        #expect(chain.exceptions.isEmpty)
    }

    @Test func aWrongFigureIsOneException() {
        let chain = check([(1, 1_000, 1_000), (2, 500, 9_999), (3, 500, 10_499), (4, -499, 10_000)])
        #expect(chain.exceptions.map(\.step.row) == [3])
        let missing = check([(1, 1_000, 1_000), (3, 500, 2_500), (4, 500, 3_000)])
        #expect(missing.exceptions.map(\.step.row) == [3])
    }

    @Test func aStartFromEarlierRowsHasTheirTolerance() {
        var chain = BalanceChain()
        chain.check(steps([(1, 100, 1_150), (2, 100, 1_250)]), from: 1_000, startTolerance: 60)
        #expect(chain.exceptions.isEmpty)
        var strict = BalanceChain()
        strict.check(steps([(1, 100, 1_150)]), from: 1_000)
        #expect(strict.exceptions.count == 1)
    }

    @Test func aDayOfManyEqualRowsEnds() {
        let rows = (1...300).map { (Int32(1), Int64(100), Int64($0) * 100) }
        #expect(check(rows.reversed()).exceptions.isEmpty)
        #expect(check((1...30).map { _ in (1, 100, 777) }).exceptions.count == 30)
        #expect(check((1...5_000).map { _ in (1, 100, 777) }).rowsChecked == 5_000)
    }

    /// However a day's rows are shuffled, the chain is found again.
    @Test func shuffledDaysChain() async {
        await checkProperty(runs: 200) { choices in
            var balance: Int64 = 0
            var rows: [(Int32, Int64, Int64)] = []
            for day in 1...Int32(choices.integer(1...6)) {
                var today: [(Int32, Int64, Int64)] = []
                for _ in 0..<choices.integer(1...6) {
                    let amount = Int64(choices.integer(1...50)) * (choices.boolean() ? 100 : -100)
                    balance += amount
                    today.append((day, amount, balance))
                }
                while !today.isEmpty { rows.append(today.remove(at: choices.integer(0...(today.count - 1)))) }
            }
            #expect(check(rows).exceptions.isEmpty)
        }
    }
}
