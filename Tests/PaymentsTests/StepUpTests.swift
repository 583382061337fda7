import Accounts
import HTTPEdge
import Kernel
import Ledger
import Postgres
import Testing

/// The second factor of a transfer (contract, 1.7): what it is bound to, when it is spent, and what needs none.
@Suite struct StepUpTests {
    private struct Stage {
        let bank: Bank
        let client: InProcessClient
        let from: AccountIdentity
        let to: AccountIdentity
    }

    private func onStage(_ body: (Stage) async throws -> Void) async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let stage = Stage(
                bank: bank, client: bank.signedIn(amina), from: try await bank.account(of: amina, 90_000_000),
                to: try await bank.account(of: brian))
            try await body(stage)
        }
    }

    private func confirmed(_ call: TransferCall, _ stage: Stage) async throws -> TransferCall {
        let challenge = await stage.client.transfer(call)
        #expect(challenge.outcome == "403 step_up_required")
        var call = call
        call.stepUpToken = try stage.bank.gate.confirm(challenge.text("challengeId"))
        return call
    }

    @Test func isAskedForAboveTheThresholdOnly() async throws {
        try await onStage { stage in
            #expect(await stage.client.transfer(TransferCall(from: stage.from, to: stage.to, "50000.00")).outcome == "201")
            let challenge = await stage.client.transfer(TransferCall(from: stage.from, to: stage.to, "50000.01"))
            #expect(challenge.outcome == "403 step_up_required")
            #expect(challenge.text("action", "type") == "transfer")
            #expect(challenge.text("action", "amount") == "50000.01")
            #expect(challenge.text("action", "currency") == "KES")
            #expect(challenge.text("action", "payee") == stage.to.number)
            let transfers = try await stage.bank.transferCount()
            #expect(transfers == 1)
        }
    }

    @Test func aConfirmationIsGoodForOneTransferAndItsReplays() async throws {
        try await onStage { stage in
            let call = try await confirmed(TransferCall(from: stage.from, to: stage.to, "60000.00"), stage)
            let first = await stage.client.transfer(call)
            #expect(first.outcome == "201")
            // A replay needs no second confirmation, neither the spent one nor any.
            var bare = call
            bare.stepUpToken = nil
            for repeated in [call, bare] {
                let again = await stage.client.transfer(repeated)
                #expect(again.body == first.body)
                #expect(again.headers["Idempotent-Replayed"] == "true")
            }
            // Under another key it is another transfer.
            var second = call
            second.key = Bank.freshKey()
            #expect(await stage.client.transfer(second).outcome == "403 step_up_required")
            #expect(try await stage.bank.transferCount() == 1)
        }
    }

    @Test func aConfirmationIsBoundToWhatWasConfirmed() async throws {
        try await onStage { stage in
            let chege = try await stage.bank.person("Chege", "Mwangi")
            let elsewhere = try await stage.bank.account(of: chege, 90_000_000)
            let call = try await confirmed(TransferCall(from: stage.from, to: stage.to, "60000.00"), stage)
            var larger = call
            larger.amount = "60000.01"
            var smaller = call
            smaller.amount = "50000.01"
            var other = call
            other.to = elsewhere.number
            for changed in [larger, smaller, other] { #expect(await stage.client.transfer(changed).outcome == "403 step_up_required") }
            // Somebody else cannot use it either.
            var foreign = TransferCall(from: elsewhere, to: stage.to, "60000.00")
            foreign.stepUpToken = call.stepUpToken
            #expect(await stage.bank.signedIn(chege).transfer(foreign).outcome == "403 step_up_required")
            #expect(try await stage.bank.transferCount() == 0)
            #expect(await stage.client.transfer(call).outcome == "201")
        }
    }

    @Test func aRefusedTransferGivesTheConfirmationBack() async throws {
        try await onStage { stage in
            let call = try await confirmed(TransferCall(from: stage.from, to: stage.to, "60000.00"), stage)
            try await stage.bank.arrange { _ = try LedgerAccounts().freeze(stage.from.id, scope: .debits, in: $0) }
            #expect(await stage.client.transfer(call).outcome == "422 account_frozen fromAccountNumber")
            try await stage.bank.arrange { _ = try LedgerAccounts().unfreeze(stage.from.id, in: $0) }
            var again = call
            again.key = Bank.freshKey()
            #expect(await stage.client.transfer(again).outcome == "201")
        }
    }

    @Test func oneConfirmationAndManyKeysAtOnceIsOneTransfer() async throws {
        try await onStage { stage in
            let call = try await confirmed(TransferCall(from: stage.from, to: stage.to, "60000.00"), stage)
            let client = stage.client
            let outcomes = await withTaskGroup(of: String.self) { group in
                for _ in 0..<10 {
                    var attempt = call
                    attempt.key = Bank.freshKey()
                    group.addTask { [attempt] in await client.transfer(attempt).outcome }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == "201" } == 1)
            #expect(outcomes.count { $0 == "403 step_up_required" } == 9)
            #expect(try await stage.bank.transferCount() == 1)
        }
    }

    @Test func everythingElseRefusesFirst() async throws {
        try await onStage { stage in
            // Nobody is asked for a code for what could not happen anyway.
            #expect(
                await stage.client.transfer(TransferCall(from: stage.from, to: stage.to, "500000.01")).outcome
                    == "422 limit_exceeded amount")
            #expect(stage.bank.gate.challengeCount == 0)
        }
    }
}
