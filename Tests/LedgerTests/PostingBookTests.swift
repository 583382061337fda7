import Application
import Kernel
import TestKit
import Testing

@testable import Ledger

/// The decisions of a batch, without a database. What a unit may and may not do is told in `Tests/Scenarios`; here is what a book promises
/// to the engine around it.
@Suite struct PostingBookTests {
    private let ids = SequenceIdentifiers()
    private let today = BusinessDate(of: .startOfTests)

    private func account(_ balance: Int64, lastJournal: UInt128 = 0) -> AccountState {
        AccountState(
            id: ids.next(), glCode: ChartOfAccounts.savingsAccounts, currency: .kes, owner: nil, balance: balance, lastJournal: lastJournal)
    }

    private func book(_ accounts: [AccountState], holds: [HoldState] = [], position: Int64 = 10) -> PostingBook {
        let source = SequenceIdentifiers(first: 1_000_000)
        return PostingBook(
            accounts: accounts, holds: holds, businessDate: today, now: .startOfTests, lane: 3, position: position,
            mint: { source.nextBits() & ~0xFF })
    }

    private func transfer(
        _ from: AccountState, _ to: AccountState, _ amount: Int64, fee: Int64 = 0, authority: Leg.Authority = .customer(field: "from")
    ) -> JournalDraft {
        var legs = [
            Leg(.account(from.id), amount: -amount, currency: .kes, type: .transfer, authority: authority),
            Leg(.account(to.id), amount: amount, currency: .kes, type: .transfer, authority: authority),
        ]
        if fee > 0 {
            legs.append(Leg(.account(from.id), amount: -fee, currency: .kes, type: .fee, ordinal: 2, authority: authority))
            legs.append(Leg(.generalLedger(ChartOfAccounts.feeIncome), amount: fee, currency: .kes, type: .fee, ordinal: 2))
        }
        return JournalDraft(type: .transfer, referencePrefix: "TRF", sourceType: "test", legs: legs)
    }

    @Test func writesDownEveryLineWithTheBalanceAfterIt() throws {
        let (amina, juma) = (account(100_00), account(5_00))
        var book = book([amina, juma])
        let effects = try book.apply([.journal(transfer(amina, juma, 30_00, fee: 1_00))], channel: .personal, initiatedBy: nil)
        let journal = try #require(effects.journals.first)
        #expect(journal.lines.map(\.balanceAfter) == [70_00, 35_00, 69_00, nil])
        #expect(journal.lines.map(\.lineNumber) == [1, 2, 3, 4])
        #expect(journal.lines.map(\.glCode.number) == [2002, 2002, 2002, 4001])
        #expect(journal.lines.map(\.ordinal) == [1, 1, 2, 2])
        #expect(journal.businessDate == today)
        #expect(journal.valueDate == today)
        #expect(journal.lane == 3)
        #expect(journal.position == 11)
        #expect(journal.channel == .personal)
        #expect(journal.charged(.fee) == 1_00)
        #expect(journal.charged(.excise) == 0)
        #expect(journal.transactionID.bits == journal.id.bits | 1)
        #expect(journal.transactionID(ordinal: 2).bits == journal.id.bits | 2)
        #expect(book.changedAccounts == [amina.id, juma.id])
        #expect(book.accounts[amina.id]?.lastJournal == journal.id.bits)
        #expect(book.accounts[amina.id]?.lastTransactionAt == journal.postedAt)
    }

    @Test func takesTheCallersTransactionIdentifierForTheMainTransactionOnly() throws {
        let (amina, juma) = (account(100_00), account(0))
        var book = book([amina, juma])
        var draft = transfer(amina, juma, 30_00, fee: 1_00)
        let own = ids.next(TransactionRecord.self)
        draft.clientTransactionID = own
        let effects = try book.apply([.journal(draft)], channel: .api, initiatedBy: nil)
        let journal = try #require(effects.journals.first)
        #expect(journal.transactionID == own)
        #expect(journal.transactionID(ordinal: 2).bits == journal.id.bits | 2)
    }

    @Test func aRefusedUnitLeavesNoTrace() throws {
        let (amina, juma) = (account(100_00), account(0))
        var book = book([amina, juma])
        let hold = HoldDraft(id: ids.next(), account: amina.id, amount: 10_00, currency: .kes, reason: "test", expiresAt: nil)
        #expect(throws: Refusal.self) {
            try book.apply(
                [.placeHold(hold), .journal(transfer(amina, juma, 50_00)), .journal(transfer(amina, juma, 50_00))], channel: .api,
                initiatedBy: nil)
        }
        #expect(book.accounts == [amina.id: amina, juma.id: juma])
        #expect(book.holds.isEmpty)
        #expect(book.changedAccounts.isEmpty)
        #expect(book.changedHolds.isEmpty)
        #expect(book.position == 10)
        let effects = try book.apply([.journal(transfer(amina, juma, 100_00))], channel: .api, initiatedBy: nil)
        #expect(effects.journals.first?.position == 11)
    }

    @Test func holdsFiveHundredLinesAndNotOneMore() throws {
        let accounts = (0..<501).map { _ in account(0) }
        var book = book(accounts)
        func draft(_ count: Int) -> JournalDraft {
            let credits = accounts.prefix(count - 1).map { Leg(.account($0.id), amount: 1, currency: .kes, type: .interest) }
            let debit = Leg(.generalLedger(ChartOfAccounts.interestExpense), amount: -Int64(count - 1), currency: .kes, type: .interest)
            return JournalDraft(type: .interest, referencePrefix: "INT", sourceType: "test", legs: credits + [debit])
        }
        let effects = try book.apply([.journal(draft(500))], channel: .batch, initiatedBy: nil)
        #expect(effects.journals.first?.lines.count == 500)
        #expect(code { try book.apply([.journal(draft(501))], channel: .batch, initiatedBy: nil) } == "journal_not_balanced")
    }

    @Test func refusesAmountsThatTheBooksCannotHold() throws {
        let (amina, juma) = (account(0), account(0))
        var book = book([amina, juma])
        let largest = Int64(PostingRules.maximumAmountMagnitude)
        for amount in [largest + 1, .max] {
            let draft = JournalDraft(
                type: .adjustment, referencePrefix: "ADJ", sourceType: "test",
                legs: [
                    Leg(.account(amina.id), amount: -amount, currency: .kes, type: .adjustment),
                    Leg(.account(juma.id), amount: amount, currency: .kes, type: .adjustment),
                ])
            #expect(code { try book.apply([.journal(draft)], channel: .api, initiatedBy: nil) } == "limit_exceeded")
        }
        #expect(book.changedAccounts.isEmpty)
        // As often as it takes: the balance reaches its end and stays there.
        var refusal: String?
        for _ in 0..<500 where refusal == nil {
            let draft = transfer(amina, juma, largest, authority: .bank)
            refusal = code { try book.apply([.journal(draft)], channel: .api, initiatedBy: nil) }
        }
        #expect(refusal == "limit_exceeded")
        let states = [amina, juma].compactMap { book.accounts[$0.id]?.balance.magnitude }
        #expect(states.allSatisfy { $0 <= PostingRules.maximumBalanceMagnitude })
    }

    @Test func refusesHoldsThatTheBooksCannotHold() throws {
        let amina = account(0)
        var book = book([amina])
        func hold(_ amount: Int64) -> LedgerCommand {
            .placeHold(
                HoldDraft(
                    id: ids.next(), account: amina.id, amount: amount, currency: .kes, reason: "test", expiresAt: nil, authority: .bank)
            )
        }
        #expect(code { try book.apply([hold(.max)], channel: .api, initiatedBy: nil) } == "limit_exceeded")
        var refusal: String?
        for _ in 0..<500 where refusal == nil {
            refusal = code { try book.apply([hold(Int64(PostingRules.maximumAmountMagnitude))], channel: .api, initiatedBy: nil) }
        }
        #expect(refusal == "limit_exceeded")
    }

    @Test func refusesAReferencePrefixThatIsNone() {
        let (amina, juma) = (account(100_00), account(0))
        var book = book([amina, juma])
        for prefix in ["", "AB", "ABCD", "é"] {
            var draft = transfer(amina, juma, 1_00)
            draft.referencePrefix = prefix
            #expect(code { try book.apply([.journal(draft)], channel: .api, initiatedBy: nil) } == "journal_not_balanced")
        }
    }

    private func code(_ body: () throws -> PostingBook.Effects) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? Refusal)?.code ?? "\(error)"
        }
    }
}

@Suite struct JournalReferenceTests {
    @Test func isThreeCapitalsAndTwentyCharactersOfCrockford() {
        var identifiers = ChainIdentifiers(lane: 5, now: .startOfTests, floor: 0)
        let reference = JournalReference.text(prefix: "TRF", journal: Identifier(bits: identifiers.next()))
        #expect(reference.wholeMatch(of: /TRF[0-9A-HJKMNP-TV-Z]{20}/) != nil)
    }

    @Test func leadsBackToItsJournalAndToNoOther() async {
        await checkProperty(runs: 500) { choices in
            let lane = Int16(choices.integer(0...63))
            let now = Timestamp(microseconds: choices.integer(0...4_000_000_000_000_000))
            var identifiers = ChainIdentifiers(lane: lane, now: now, floor: 0)
            var bits: [UInt128] = []
            for _ in 0..<choices.integer(1...20) { bits.append(identifiers.next()) }
            let references = bits.map { JournalReference.text(prefix: "TRF", journal: Identifier(bits: $0)) }
            try ensureEqual(Set(references).count, bits.count, "references are unique")
            for (reference, own) in zip(references, bits) {
                guard let range = JournalReference.journals(for: reference) else { throw PropertyFailure("\(reference) leads nowhere") }
                try ensureEqual(bits.filter { range.contains($0) }, [own], "\(reference)")
            }
        }
    }

    @Test(arguments: ["", "TRF", "TRF0123456789ABCDEFGHI", "TRF0123456789ABCDEFGHIL", "TRF0123456789ABCDEFGHJK0", "TRF0123456789abcdefghj"])
    func knowsWhatIsNoReference(text: String) {
        #expect(JournalReference.journals(for: text) == nil)
    }
}

@Suite struct ChainIdentifiersTests {
    @Test func growAboveEverythingBeforeThem() async {
        await checkProperty(runs: 300) { choices in
            let now = Timestamp(microseconds: choices.integer(1_000_000...4_000_000_000_000_000))
            let ahead = choices.integer(Int64(-5_000)...5_000)
            let floor = TimeOrderedIdentifiers.version7(
                at: now.adding(microseconds: ahead * 1_000), random: UInt128(choices.draw(upTo: .max)) << 64 | UInt128.max >> 64)
            let lane = Int16(choices.integer(0...63))
            var identifiers = ChainIdentifiers(lane: lane, now: now, floor: floor)
            var last = floor
            for _ in 0..<50 {
                let next = identifiers.next()
                try ensure(next > last, "identifiers only grow")
                try ensureEqual(next & 0xFF, 0, "the last 8 bits are the row's own")
                try ensureEqual(Int16(next >> 56 & 0x3F), lane, "the lane")
                try ensureEqual(next >> 76 & 0xF, 7, "version 7")
                try ensureEqual(next >> 62 & 0x3, 2, "the variant of the standard")
                last = next
            }
        }
    }

    @Test func moveIntoTheNextMillisecondWhenOneIsFull() {
        var identifiers = ChainIdentifiers(lane: 0, now: .startOfTests, floor: 0)
        let all = (0..<10_000).map { _ in identifiers.next() }
        #expect(all == all.sorted())
        #expect(Set(all.map { $0 >> 64 }).count == all.count)
        #expect(Set(all.map { $0 >> 80 }).count == 3)
    }
}

@Suite struct StoredReceiptTests {
    @Test func oneJournalNeedsNoBytes() {
        let receipt = StoredReceipt(journals: [7], holdChanges: [])
        #expect(receipt.bytes == nil)
        #expect(receipt.effect == 7)
        #expect(StoredReceipt(effect: 7, bytes: nil) == receipt)
    }

    @Test func readsBackWhatItWrites() async {
        await checkProperty(runs: 300) { choices in
            func identifier(_ choices: Choices) -> UInt128 { UInt128(choices.draw(upTo: .max)) << 64 | UInt128(choices.draw(upTo: .max)) }
            let journals = choices.array(count: 0...6, identifier)
            let changes = choices.array(count: 0...6, identifier)
            let receipt = StoredReceipt(journals: journals, holdChanges: changes, closedAccount: 9)
            try ensureEqual(StoredReceipt(effect: receipt.effect, bytes: receipt.bytes), receipt)
        }
    }
}
