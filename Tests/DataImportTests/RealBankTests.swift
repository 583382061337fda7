import Foundation
import Kernel
import Testing

@testable import DataImport

/// The real bank's year, where it lies beside the repository.
@Suite struct RealBankTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/data/czech-bank")
        .standardized.path
    static let isThere = FileManager.default.fileExists(atPath: folder + "/transactions.csv")

    /// Amounts and accounts taken out of the file in another way than the import does.
    private static func sums() throws -> (rows: Int, byAccount: [Int64: Int64]) {
        var sums: [Int64: Int64] = [:]
        let lines = try String(contentsOfFile: folder + "/transactions.csv", encoding: .utf8).split(separator: "\n").dropFirst()
        for line in lines {
            let fields = line.split(separator: ";", omittingEmptySubsequences: false)
            let account = try #require(Int64(fields[1]))
            let amount = try #require(Int64(fields[5].replacing(".", with: "")))
            sums[account, default: 0] += fields[3] == "\"PRIJEM\"" ? amount : -amount
        }
        return (lines.count, sums)
    }

    @Test(.enabled(if: isThere, "the folder shared/data/czech-bank is not beside the repository"))
    func aYearIsTakenOverToTheLastHaler() async throws {
        let (rows, sums) = try Self.sums()
        try await ImportingBank.withBank { bank in
            let report = try await bank.importer().run(folder: Self.folder)
            #expect(report.refusals == [])
            #expect(report.tally(.transactions).taken == rows)
            #expect(report.sums.accountsCompared == report.tally(.accounts).taken)
            #expect(report.sums.differences.isEmpty && report.isBalanced)
            #expect(report.sums.balanceTotal == sums.values.reduce(Int128(0)) { $0 + Int128($1) })
            #expect(report.balanceRows == rows && report.balanceExceptions == [])
            for (account, sum) in sums { #expect(try await bank.balance(account) == sum) }
            #expect(try await bank.isSound())

            let again = try await bank.importer().run(folder: Self.folder)
            #expect(again.files.map(\.taken) == [0, 0, 0, 0] && again.refusals == [] && again.isBalanced)
            #expect(try await bank.journalCount() == Int64(rows))
        }
    }
}
