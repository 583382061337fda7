import Kernel
import Postgres
import TestKit
import Testing

@testable import Identity

/// What is remembered between requests is never out of date, whoever changed it and however the transactions overlapped.
@Suite struct SessionMemoryTests {
    private let memory = SessionMemory()

    private func live(_ ids: [Identifier<Session>], _ bank: Harness) async throws -> Set<Identifier<Session>> {
        let memory = memory
        return Set(try await bank.database.pool.read { try memory.live(ids, in: $0) }.keys)
    }

    private func sessions(_ bank: Harness, _ count: Int) async throws -> [Identifier<Session>] {
        var made: [Identifier<Session>] = []
        for number in 0..<count {
            let name = "user\(number)"
            try await bank.customer(name)
            _ = try await bank.tokens(name)
        }
        made = try await bank.database.pool.read { transaction in
            try transaction.query("SELECT session_id FROM identity.session ORDER BY session_id").map { try $0.identifier(0) }
        }
        return made
    }

    @Test func remembersUntilSomethingChanges() async throws {
        try await Harness.run { bank in
            let ids = try await sessions(bank, 3)
            #expect(try await live(ids, bank) == Set(ids))
            #expect(memory.count == 3)
            #expect(try await live(ids, bank) == Set(ids))

            try await bank.execute("UPDATE identity.session SET ended_at = now(), end_reason = 'logout' WHERE session_id = \(ids[0])")
            #expect(try await live([ids[1]], bank) == [ids[1]])
            #expect(memory.count == 2, "a change is taken in by whatever question comes next")
            #expect(try await live(ids, bank) == [ids[1], ids[2]])

            try await bank.execute(
                """
                UPDATE identity.user_account SET disabled_at = now()
                WHERE user_id = (SELECT user_id FROM identity.session WHERE session_id = \(ids[1]))
                """)
            #expect(try await live(ids, bank) == [ids[2]])
            try await bank.execute("UPDATE identity.user_account SET disabled_at = NULL")
            #expect(try await live(ids, bank) == [ids[1], ids[2]], "who may come in again is let in at once")
        }
    }

    @Test func givesTheRightsOfThisMoment() async throws {
        try await Harness.run { bank in
            let ids = try await sessions(bank, 1)
            _ = try await live(ids, bank)
            try await bank.execute("UPDATE identity.user_account SET roles = '{Teller}', last_login_at = now() + interval '1 day'")
            let memory = memory
            let found = try await bank.database.pool.read { try memory.live(ids, in: $0) }
            #expect(found[ids[0]]?.principal.roles == RoleSet(.teller))
        }
    }

    /// A transaction that began before the last question and ended after it has a lower number than others already seen.
    @Test func seesWhatWasCommittedOutOfOrder() async throws {
        try await Harness.run { bank in
            let ids = try await sessions(bank, 2)
            #expect(try await live(ids, bank).count == 2)
            let slow = DedicatedConnection(configuration: bank.database.superuserConfiguration)
            defer { slow.close() }
            let target = ids[0]
            try await slow.run { connection in
                try connection.begin()
                _ = try connection.execute(
                    "UPDATE identity.session SET ended_at = now(), end_reason = 'logout' WHERE session_id = \(target)")
            }
            // Others come and go meanwhile, each with a higher number.
            for _ in 0..<3 {
                try await bank.execute("UPDATE identity.user_account SET must_change_password = NOT must_change_password")
                #expect(try await live(ids, bank).count == 2)
            }
            try await slow.run { try $0.commit() }
            #expect(try await live(ids, bank) == [ids[1]])
        }
    }

    @Test func forgetsWhenTheQuestionFails() async throws {
        try await Harness.run { bank in
            let ids = try await sessions(bank, 2)
            _ = try await live(ids, bank)
            #expect(memory.count == 2)
            let memory = memory
            await #expect(throws: (any Error).self) {
                try await bank.database.pool.transaction { transaction in
                    _ = try? transaction.query("SELECT 1/0")
                    // A failed transaction answers nothing more.
                    _ = try memory.live(ids, in: transaction)
                }
            }
            #expect(memory.count == 0)
            #expect(try await live(ids, bank).count == 2)
        }
    }

    @Test func beingSeenIsNoChange() async throws {
        try await Harness.run { bank in
            let ids = try await sessions(bank, 1)
            let before = try await bank.count("SELECT count(*) FROM identity.change")
            try await bank.execute("UPDATE identity.session SET last_seen_at = last_seen_at + interval '1 minute'")
            try await bank.execute("UPDATE identity.user_account SET last_login_at = now() + interval '1 minute'")
            #expect(try await bank.count("SELECT count(*) FROM identity.change") == before)
            try await bank.execute("DELETE FROM identity.session WHERE session_id = \(ids[0])")
            #expect(try await bank.count("SELECT count(*) FROM identity.change") == before + 1)
            #expect(try await live(ids, bank).isEmpty)
        }
    }

    @Test func staysWithinItsCapacity() async throws {
        let small = SessionMemory(capacity: 2)
        try await Harness.run { bank in
            let ids = try await sessions(bank, 4)
            for _ in 0..<3 {
                for id in ids {
                    let found = try await bank.database.pool.read { try small.live([id], in: $0) }
                    #expect(found[id] != nil)
                    #expect(small.count <= 2)
                }
            }
        }
    }
}
