import Accounts
import HTTPEdge
import Kernel
import Ledger
import Postgres
import Testing

/// Keys, replays and parallel requests: one effect, never none, never two (contract, 1.5).
@Suite struct TransferCertaintyTests {
    @Test func aReplayAnswersTheSameBytes() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 1_000_000), try await bank.account(of: brian))
            let client = bank.signedIn(amina)
            var call = TransferCall(from: from, to: to, "1000.00")
            call.narration = "Ada ya shule – \u{1F4DA}"
            let first = await client.transfer(call)
            // The world goes on: balances, the day and the state of the account change.
            #expect(await client.transfer(TransferCall(from: from, to: to, "2000.00")).status == 201)
            let days = BusinessDays(clock: bank.clock)
            try await bank.arrange { transaction in
                _ = try LedgerAccounts().freeze(from.id, scope: .all, in: transaction)
                _ = try days.open(BusinessDate(of: Bank.opening).adding(days: 1), in: transaction)
            }
            bank.clock.advance(seconds: 3_600)
            let again = await client.transfer(call)
            #expect(again.status == 201)
            #expect(again.body == first.body)
            #expect(again.headers["Location"] == first.headers["Location"])
            #expect(again.headers["Idempotent-Replayed"] == "true")
            #expect(try await bank.transferCount() == 2)
            // The same JSON value in another spelling is the same request.
            let spelled = await client.post(
                InProcessClient.portalTransfer,
                "{ \"currency\":\"KES\", \"amount\":\"1000.00\",\"narration\":\"Ada ya shule \\u2013 \\ud83d\\udcda\", "
                    + "\"toAccountNumber\":\"\(to.number)\", \"fromAccountNumber\":\"\(from.number)\"}", key: call.key)
            #expect(spelled.body == first.body)
        }
    }

    @Test func aKeyIsGoodForOneBodyOfOnePersonOnOnePath() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 1_000_000), try await bank.account(of: brian, 1_000_000))
            let client = bank.signedIn(amina)
            var call = TransferCall(from: from, to: to, "100.00")
            #expect(await client.transfer(call).status == 201)
            call.amount = "100.01"
            #expect(await client.transfer(call).outcome == "422 idempotency_key_reused Idempotency-Key")
            // Another path and another person have scopes of their own.
            call.amount = "100.00"
            #expect(await client.transfer(call, path: "/api/transactions/transfer").headers["Idempotent-Replayed"] == nil)
            var back = TransferCall(from: to, to: from, "100.00")
            back.key = call.key
            #expect(await bank.signedIn(brian).transfer(back).status == 201)
            #expect(try await bank.transferCount() == 3)
        }
    }

    @Test func aRefusalIsNotKept() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina), try await bank.account(of: brian, 1_000_000))
            let call = TransferCall(from: from, to: to, "100.00")
            #expect(await bank.signedIn(amina).transfer(call).outcome == "422 insufficient_funds amount")
            #expect(await bank.signedIn(brian).transfer(TransferCall(from: to, to: from, "100.00")).status == 201)
            let client = bank.signedIn(amina)
            #expect(await client.transfer(call).status == 201)
        }
    }

    @Test func twentyTimesTheSameKeyAtOnceIsOneTransfer() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 1_000_000), try await bank.account(of: brian))
            let client = bank.signedIn(amina)
            let call = TransferCall(from: from, to: to, "1000.00")
            let replies = await withTaskGroup(of: InProcessResponse.self) { group in
                for _ in 0..<20 { group.addTask { await client.transfer(call) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(replies.allSatisfy { $0.status == 201 })
            #expect(Set(replies.map(\.body)).count == 1)
            #expect(replies.count { $0.headers["Idempotent-Replayed"] == nil } == 1)
            #expect(try await bank.transferCount() == 1)
            #expect(try await bank.balance(to) == 100_000)
        }
    }

    @Test func theDaysLimitHoldsOverAllAccountsAtOnce() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (first, second) = (try await bank.account(of: amina, 90_000_000), try await bank.account(of: amina, 90_000_000))
            let to = try await bank.account(of: brian)
            let client = bank.signedIn(amina)
            // 25 × 48,000.00 from two accounts at once: twenty fit into 1,000,000.00, and none above the threshold of the second factor.
            let outcomes = await withTaskGroup(of: String.self) { group in
                for number in 0..<25 {
                    group.addTask {
                        await client.transfer(TransferCall(from: number.isMultiple(of: 2) ? first : second, to: to, "48000.00")).outcome
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == "201" } == 20)
            #expect(outcomes.count { $0 == "422 limit_exceeded amount" } == 5)
            #expect(try await bank.balance(to) == 20 * 4_800_000)
            // What is left of the day is 40,000.00, to the cent; charges do not count.
            #expect(await client.transfer(TransferCall(from: first, to: to, "40000.01")).outcome == "422 limit_exceeded amount")
            #expect(await client.transfer(TransferCall(from: first, to: to, "40000.00")).outcome == "201")
            #expect(await client.transfer(TransferCall(from: second, to: to, "0.01")).outcome == "422 limit_exceeded amount")
            // The next business date begins with nothing used.
            let days = BusinessDays(clock: bank.clock)
            try await bank.arrange { transaction in
                _ = try days.open(BusinessDate(of: Bank.opening).adding(days: 1), in: transaction)
            }
            #expect(await client.transfer(TransferCall(from: second, to: to, "48000.00")).outcome == "201")
        }
    }

    @Test func limitsCountForeignMoneyAtTheDaysMidRate() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let from = try await bank.account(of: amina, 5_000_000, currency: .usd)
            let to = try await bank.account(of: brian, currency: .usd)
            let client = bank.signedIn(amina)
            // 129.25 shillings a dollar: 386.84 USD are 49,999.07, 386.85 USD are 50,000.36.
            var call = TransferCall(from: from, to: to, "386.84")
            call.currency = "USD"
            #expect(await client.transfer(call).outcome == "201")
            #expect(try await bank.state(from).outgoingAmount == 4_999_907)
            (call.amount, call.key) = ("386.85", Bank.freshKey())
            #expect(await client.transfer(call).outcome == "403 step_up_required")
            // 3,868.48 USD are 500,001.04.
            (call.amount, call.key) = ("3868.48", Bank.freshKey())
            #expect(await client.transfer(call).outcome == "422 limit_exceeded amount")
        }
    }

    @Test func parallelTransfersAreAsIfOneAfterTheOther() async throws {
        try await Bank.run { bank in
            let people = [try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno")]
            let accounts = [try await bank.account(of: people[0], 100_000), try await bank.account(of: people[1], 100_000)]
            let clients = people.map { bank.signedIn($0) }
            // Both directions at once, more than there is: some are refused, nothing is lost, nobody sees a conflict.
            let outcomes = await withTaskGroup(of: String.self) { group in
                for number in 0..<60 {
                    let side = number % 2
                    group.addTask {
                        await clients[side].transfer(TransferCall(from: accounts[side], to: accounts[1 - side], "300.00")).outcome
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(outcomes).isSubset(of: ["201", "422 insufficient_funds amount"]))
            let balances = [try await bank.balance(accounts[0]), try await bank.balance(accounts[1])]
            #expect(balances.allSatisfy { $0 >= 0 })
            #expect(balances[0] + balances[1] == 200_000)
            #expect(try await bank.transferCount() == Int64(outcomes.count { $0 == "201" }))
        }
    }
}
