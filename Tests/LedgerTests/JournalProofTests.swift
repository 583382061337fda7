import Crypto
import Kernel
import Postgres
import TestKit
import Testing

@testable import Ledger

/// A proof convinces somebody who has nothing but it. (Tests/EndToEnd/test_books.py checks one with another program.)
@Suite struct JournalProofTests {
    private func proof(_ bank: Bank, _ id: Identifier<Journal>, limit: Int = 100) async throws -> JournalProof? {
        let clock = bank.clock
        return try await bank.database.pool.snapshot { try GeneralLedger(clock: clock).proof(of: id, limit: limit, in: $0) }
    }

    private func hash(_ previous: [UInt8], _ journal: PostedJournal) -> [UInt8] {
        Array(SHA256.hash(data: previous + JournalEncoding.bytes(of: journal)))
    }

    @Test func everyJournalLeadsToItsHead() async throws {
        try await Bank.open(.init(engines: 2)) { bank in
            let accounts = try await bank.openAccounts(4, balance: 10_000)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<24 {
                    group.addTask {
                        let (from, to) = (accounts[index % 4], accounts[(index + 1) % 4])
                        let draft = bank.transfer(from, to, 10 + Int64(index), narration: "No \(index)")
                        try await bank.post([.journal(draft)], on: index % 2)
                    }
                }
                try await group.waitForAll()
            }
            let report = try await LedgerVerifier(clock: bank.clock).verify(in: bank.database.pool)
            let ids = try await bank.database.pool.read { transaction in
                try transaction.query("SELECT id FROM ledger.journal").map { try $0.identifier(0, as: Journal.self) }
            }
            #expect(ids.count == 25)
            for id in ids {
                let proof = try #require(try await proof(bank, id))
                var reached = hash(proof.previousHash, proof.journal)
                #expect(reached == proof.journal.hash)
                for step in proof.path {
                    reached = hash(reached, step)
                    #expect(reached == step.hash)
                }
                #expect(proof.isComplete)
                #expect(proof.head.lanes.first { $0.number == proof.journal.lane }?.hash == reached)
                #expect(proof.head.digest == report.chainHead)
            }
        }
    }

    /// A short path ends before the head, and the proof of its last journal goes on.
    @Test func longPathsComeInPieces() async throws {
        try await Bank.open(.init(writers: 1)) { bank in
            let accounts = try await bank.openAccounts(2, balance: 10_000)
            for _ in 0..<7 { try await bank.post([.journal(bank.transfer(accounts[0], accounts[1], 1))]) }
            let first = try await bank.database.pool.read {
                try $0.query("SELECT id FROM ledger.journal ORDER BY id LIMIT 1").first?.uuid(0)
            }
            var at = Identifier<Journal>(bits: try #require(first))
            var seen: [Int64] = []
            while true {
                let piece = try #require(try await proof(bank, at, limit: 3))
                if seen.isEmpty { seen.append(piece.journal.position) }
                seen += piece.path.map(\.position)
                guard !piece.isComplete, let last = piece.path.last else { break }
                at = last.id
            }
            #expect(seen == Array(1...8))
            #expect(try await proof(bank, Identifier(bits: 1)) == nil)
        }
    }
}
