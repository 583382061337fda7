import Audit
import Kernel
import Postgres
import TestKit
import Testing

@testable import Ledger

/// Questions about balances at any moment.
@Suite struct BalanceTests {
    private func balance(_ bank: Bank, _ id: Identifier<Account>, _ asOf: AsOf = .now) async throws -> BalanceView? {
        let (reader, now) = (bank.reader, bank.clock.now())
        return try await bank.database.pool.snapshot { try reader.balance(of: id, asOf: asOf, now: now, in: $0) }
    }

    private func refusal(_ bank: Bank, _ id: Identifier<Account>, _ asOf: AsOf) async -> Refusal? {
        do {
            _ = try await balance(bank, id, asOf)
            return nil
        } catch {
            return error as? Refusal
        }
    }

    @Test func tellsTheBalanceNowAtTheCloseOfADayAndAtAnInstant() async throws {
        let clock = ManualClock(.startOfTests)
        try await Bank.open(.init(clock: clock)) { bank in
            let accounts = try await bank.openAccounts(2, balance: 1_000)
            let (amina, juma) = (accounts[0], accounts[1])
            let monday = Bank.openingDay
            clock.advance(seconds: 3_600)
            try await bank.post([.journal(bank.transfer(amina, juma, 100))])
            let noon = clock.now()
            clock.advance(seconds: 3_600)
            try await bank.post([.journal(bank.transfer(amina, juma, 50))])
            clock.advance(seconds: 86_400)
            #expect(try await bank.openDay(monday.adding(days: 1)) == true)
            clock.advance(seconds: 1)
            try await bank.post([.journal(bank.transfer(juma, amina, 30))])
            clock.advance(seconds: 1)

            #expect(try await balance(bank, amina)?.balance == 880)
            #expect(try await balance(bank, amina)?.businessDate == monday.adding(days: 1))
            #expect(try await balance(bank, amina, .closeOf(monday))?.balance == 850)
            #expect(try await balance(bank, amina, .closeOf(monday))?.businessDate == monday)
            #expect(try await balance(bank, amina, .closeOf(monday.adding(days: 1)))?.balance == 880)
            #expect(try await balance(bank, amina, .instant(noon))?.balance == 900)
            #expect(try await balance(bank, amina, .instant(noon.adding(microseconds: -1_000)))?.balance == 1_000)
            #expect(try await balance(bank, amina, .instant(noon.adding(seconds: 60)))?.balance == 900)
            #expect(try await balance(bank, amina, .instant(clock.now()))?.balance == 880)
            let lastAt = try #require(try await balance(bank, amina, .closeOf(monday))?.lastTransactionAt)
            #expect(lastAt == noon.adding(seconds: 3_600))

            #expect(try await balance(bank, amina, .closeOf(monday.adding(days: -1)))?.balance == 0)
            #expect(try await balance(bank, amina, .instant(Timestamp(microseconds: 0)))?.balance == 0)
            #expect(try await balance(bank, amina, .instant(Timestamp(microseconds: 0)))?.lastTransactionAt == nil)
            #expect(await refusal(bank, amina, .closeOf(monday.adding(days: 2)))?.fields.first?.code == "out_of_range")
            #expect(await refusal(bank, amina, .instant(clock.now().adding(microseconds: 1)))?.fields.first?.field == "asOf")
            #expect(try await balance(bank, Identifier(bits: 1)) == nil)
        }
    }

    @Test func anAnswerForAClosedDayNeverChanges() async throws {
        let clock = ManualClock(.startOfTests)
        try await Bank.open(.init(clock: clock)) { bank in
            let accounts = try await bank.openAccounts(2, balance: 1_000)
            let monday = Bank.openingDay
            let holds = (0..<4).map { _ in bank.ids.next(Hold.self) }
            for hold in holds {
                try await bank.post([
                    .placeHold(HoldDraft(id: hold, account: accounts[0], amount: 100, currency: .kes, reason: "h", expiresAt: nil))
                ])
            }
            let capture = bank.transfer(accounts[0], accounts[1], 40)
            try await bank.post([.captureHold(holds[0], amount: 40, isFinal: false, capture)])
            try await bank.post([.releaseHold(holds[3])])
            // The clock stands still, so identifiers run ahead of it: the line between the days must be drawn by them.
            #expect(try await bank.openDay(monday.adding(days: 1)) == true)
            let close = try #require(try await balance(bank, accounts[0], .closeOf(monday)))
            #expect(close.balance == 960)
            #expect(close.holdAmount == 260)
            #expect(close.available == 700)

            try await bank.post([.captureHold(holds[0], amount: 40, isFinal: false, capture)])
            #expect(try await balance(bank, accounts[0], .closeOf(monday)) == close)
            try await bank.post([.captureHold(holds[0], amount: 10, isFinal: true, bank.transfer(accounts[0], accounts[1], 10))])
            try await bank.post([.captureHold(holds[1], amount: 40, isFinal: true, capture)])
            try await bank.post([.releaseHold(holds[2])])
            try await bank.post([
                .placeHold(HoldDraft(id: bank.ids.next(), account: accounts[0], amount: 7, currency: .kes, reason: "new", expiresAt: nil))
            ])
            var backDated = bank.transfer(accounts[0], accounts[1], 5)
            backDated.valueDate = monday.adding(days: -3)
            try await bank.post([.journal(backDated)])
            #expect(try await balance(bank, accounts[0], .closeOf(monday)) == close)
            let now = try #require(try await balance(bank, accounts[0]))
            #expect(now.holdAmount == 7)
            #expect(now.balance == 1_000 - 40 - 40 - 10 - 40 - 5)
            #expect(try await bank.openDay(monday.adding(days: 2)) == true)
            #expect(try await balance(bank, accounts[0], .closeOf(monday)) == close)
            #expect(try await balance(bank, accounts[0], .closeOf(monday.adding(days: 1)))?.holdAmount == 7)
            try await BookInvariants.check(bank)
        }
    }

    /// Limit and status are those of the moment that is asked about, whatever becomes of the account.
    @Test func thePastKeepsItsLimitAndItsStatus() async throws {
        let clock = ManualClock(.startOfTests)
        try await Bank.open(.init(clock: clock)) { bank in
            let ledger = LedgerAccounts(clock: clock)
            let account = NewLedgerAccount(
                id: bank.ids.next(), glCode: ChartOfAccounts.currentAccounts, currency: .kes, owner: nil, overdraftLimit: 200)
            func change(_ body: @escaping @Sendable (Transaction) throws -> Void) async throws {
                try await bank.database.pool.transaction { try body($0) }
            }
            try await change { try ledger.open(account, in: $0) }
            let monday = Bank.openingDay
            clock.advance(seconds: 60)
            let opened = clock.now()
            clock.advance(seconds: 60)
            try await change { _ = try ledger.freeze(account.id, scope: .all, in: $0) }
            clock.advance(seconds: 60)
            let frozen = clock.now()
            clock.advance(seconds: 86_400)
            #expect(try await bank.openDay(monday.adding(days: 1)) == true)
            let close = try #require(try await balance(bank, account.id, .closeOf(monday)))
            #expect(close.status == .frozen && close.overdraftLimit == 200 && close.available == 200)
            try await change { _ = try ledger.unfreeze(account.id, in: $0) }
            try await change { _ = try ledger.setOverdraftLimit(50, of: account.id, in: $0) }
            clock.advance(seconds: 60)
            let tuesday = clock.now()
            clock.advance(seconds: 86_400)
            #expect(try await bank.openDay(monday.adding(days: 2)) == true)
            let template = JournalDraftTemplate(referencePrefix: "CLS", sourceType: "closing", narration: "closed")
            let before = try await bank.state(account.id)
            try await bank.post([.sweepAndClose(account.id, to: nil, template)])
            #expect(try await bank.state(account.id).version == before.version + 1, "a closing is a new version too")

            #expect(try await balance(bank, account.id, .closeOf(monday)) == close)
            #expect(try await balance(bank, account.id, .instant(opened))?.status == .active)
            #expect(try await balance(bank, account.id, .instant(frozen))?.status == .frozen)
            #expect(try await balance(bank, account.id, .instant(tuesday))?.available == 50)
            #expect(try await balance(bank, account.id, .closeOf(monday.adding(days: 1)))?.status == .active)
            #expect(try await balance(bank, account.id, .closeOf(monday.adding(days: 1)))?.overdraftLimit == 50)
            #expect(try await balance(bank, account.id)?.status == .closed)
            #expect(try await balance(bank, account.id, .closeOf(monday.adding(days: -1)))?.available == 0)
            #expect(try await LedgerVerifier(clock: clock).verify(in: bank.database.pool).isSound == true)
        }
    }

    @Test func aBackDatedEntryCountsFromItsValueDate() async throws {
        let clock = ManualClock(.startOfTests)
        try await Bank.open(.init(clock: clock)) { bank in
            let accounts = try await bank.openAccounts(2, balance: 1_000)
            let today = Bank.openingDay
            let before = clock.now().adding(seconds: 60)
            clock.advance(seconds: 3_600)
            var draft = bank.transfer(accounts[0], accounts[1], 100)
            draft.valueDate = today.adding(days: -10)
            let journal = try #require(try await bank.post([.journal(draft)]).journals.first)
            #expect(journal.businessDate == today)
            #expect(journal.valueDate == today.adding(days: -10))
            draft.valueDate = today.adding(days: 3)
            try await bank.post([.journal(draft)])
            clock.advance(seconds: 1)

            let (reader, now) = (bank.reader, clock.now())
            func valued(_ date: BusinessDate, knownAt: Timestamp) async throws -> Int64 {
                try await bank.database.pool.snapshot {
                    try reader.valueDatedBalance(of: accounts[0], on: date, knownAt: knownAt, in: $0)
                }
            }
            #expect(try await valued(today, knownAt: now) == 900)
            #expect(try await valued(today, knownAt: before) == 1_000, "nobody knew of it then")
            #expect(try await valued(today.adding(days: -1), knownAt: now) == -100)
            #expect(try await valued(today.adding(days: -10), knownAt: now) == -100)
            #expect(try await valued(today.adding(days: -11), knownAt: now) == 0)
            #expect(try await valued(today.adding(days: 2), knownAt: now) == 900)
            #expect(try await valued(today.adding(days: 3), knownAt: now) == 800)
            // The booked balance does not care.
            #expect(try await bank.state(accounts[0]).balance == 800)
            #expect(try await balance(bank, accounts[0], .closeOf(today.adding(days: -1)))?.balance == 0)
        }
    }

    @Test func booksThatWereNeverOpenedAnswer503() async throws {
        try await TestDatabase.withDatabase(migrations: Bank.migrations) { database in
            let reader = LedgerReader(clock: ManualClock(.startOfTests))
            let error = await #expect(throws: Refusal.self) { try await database.pool.read { try reader.businessDate(in: $0) } }
            #expect(error?.kind == .unavailable)
            let clock = ManualClock(.startOfTests)
            let engine = PostingEngine(
                configuration: .init(postgres: database.configuration), clock: clock, auditTrail: .init(clock: clock), logger: .silent)
            let bank = Bank(database: database, clock: clock, engines: [engine], ids: SequenceIdentifiers())
            let unit = bank.unit([.releaseHold(bank.ids.next())])
            guard case .failure(let refusal) = await bank.outcome(of: unit) else {
                Issue.record("nothing can be posted before the books are open")
                return
            }
            #expect(refusal.status == 503)
            await engine.shutdown()
        }
    }
}

/// Histories: pages, filters, search.
@Suite struct HistoryTests {
    private func entries(
        _ bank: Bank, _ accounts: [Identifier<Account>], _ filter: EntryFilter = EntryFilter(), limit: Int = 200,
        before cursor: EntryCursor? = nil
    ) async throws -> [EntryView] {
        let reader = bank.reader
        return try await bank.database.pool.read {
            try reader.entries(of: accounts, filter: filter, limit: limit, before: cursor, in: $0)
        }
    }

    @Test func pagesGoOnWhateverIsAddedMeanwhile() async throws {
        try await Bank.open { bank in
            let accounts = try await bank.openAccounts(2, balance: 10_000)
            for index in 0..<25 { try await bank.post([.journal(bank.transfer(accounts[0], accounts[1], Int64(index + 1), fee: 1))]) }
            let whole = try await entries(bank, [accounts[0]])
            #expect(whole.count == 51)
            var paged: [EntryView] = []
            var cursor: EntryCursor?
            while true {
                let page = try await entries(bank, [accounts[0]], limit: 7, before: cursor)
                paged += page
                guard let last = page.last else { break }
                cursor = last.cursor
                // New rows appear above, never in the pages that follow.
                try await bank.post([.journal(bank.transfer(accounts[0], accounts[1], 1))])
            }
            #expect(paged == whole)
            for (later, earlier) in zip(paged, paged.dropFirst()) {
                #expect(later.cursor > earlier.cursor)
                #expect(later.balanceAfter - later.amount == earlier.balanceAfter, "balances chain without gaps")
            }
        }
    }

    @Test func severalAccountsAreMergedNewestFirst() async throws {
        try await Bank.open { bank in
            let accounts = try await bank.openAccounts(3, balance: 1_000)
            for index in 0..<12 { try await bank.post([.journal(bank.transfer(accounts[index % 3], accounts[(index + 1) % 3], 1))]) }
            let all = try await entries(bank, accounts)
            #expect(all.map(\.cursor) == all.map(\.cursor).sorted(by: >))
            #expect(all.count == 27)
            let page = try await entries(bank, accounts, limit: 5)
            #expect(page == Array(all.prefix(5)))
            let next = try await entries(bank, accounts, limit: 5, before: page.last?.cursor)
            #expect(next == Array(all.dropFirst(5).prefix(5)))
            #expect(try await entries(bank, [], limit: 5).isEmpty)
            #expect(try await entries(bank, accounts, limit: 0).isEmpty)
        }
    }

    @Test func showsTheOtherSideTheChargesAndTheReversal() async throws {
        try await Bank.open { bank in
            let accounts = try await bank.openAccounts(2, balance: 1_000)
            let journal = try #require(
                try await bank.post([.journal(bank.transfer(accounts[0], accounts[1], 100, fee: 7, narration: "Rent May"))]).journals.first)
            let debit = try #require(try await entries(bank, [accounts[0]]).first { $0.type == .transfer })
            #expect(debit.amount == -100)
            #expect(debit.fee == 7)
            #expect(debit.excise == 0)
            #expect(debit.counterpartyAccount == accounts[1])
            #expect(debit.transactionID == journal.transactionID)
            #expect(debit.reference == journal.reference)
            #expect(debit.narration == "Rent May")
            #expect(debit.postedAt == journal.postedAt)
            #expect(debit.initiatedBy == bank.teller)
            #expect(!debit.isReversed)
            let fee = try #require(try await entries(bank, [accounts[0]]).first)
            #expect(fee.type == .fee)
            #expect(fee.amount == -7)
            #expect(fee.fee == 0)
            #expect(fee.transactionID == journal.transactionID(ordinal: 2))
            #expect(fee.counterpartyAccount == nil)
            let credit = try #require(try await entries(bank, [accounts[1]]).first)
            #expect(credit.amount == 100)
            #expect(credit.fee == 0)
            #expect(credit.counterpartyAccount == accounts[0])
            #expect(credit.transactionID == debit.transactionID)

            var reversal = bank.transfer(accounts[1], accounts[0], 100)
            reversal.kind = .reversal
            reversal.reversalOf = journal.id
            let mirror = try #require(try await bank.post([.journal(reversal)]).journals.first)
            let after = try await entries(bank, [accounts[0]])
            #expect(after.first?.reversalOf == journal.id)
            #expect(after.filter { $0.journal == journal.id }.allSatisfy { $0.isReversed && $0.reversedBy == mirror.id })
            let reader = bank.reader
            let known = try await bank.database.pool.read { try reader.reversals(of: [journal.id, mirror.id], in: $0) }
            #expect(known == [journal.id: mirror.id])
        }
    }

    @Test func filtersByDayKindSideAmountTextAndChannel() async throws {
        let clock = ManualClock(.startOfTests)
        try await Bank.open(.init(clock: clock)) { bank in
            let accounts = try await bank.openAccounts(2, balance: 1_000)
            let (amina, juma) = (accounts[0], accounts[1])
            let monday = Bank.openingDay
            try await bank.post([.journal(bank.transfer(amina, juma, 100, fee: 5, narration: "Rent 50% of_May"))])
            _ = try await bank.engine.post(bank.unit([.journal(bank.transfer(juma, amina, 40, narration: "Back"))], channel: .sme))
            clock.advance(seconds: 86_400)
            #expect(try await bank.openDay(monday.adding(days: 3)) == true)
            var named = bank.transfer(amina, juma, 250)
            named.beneficiaryName = "Juma Otieno"
            let last = try #require(try await bank.post([.journal(named)]).journals.first)

            func amounts(_ change: (inout EntryFilter) -> Void) async throws -> [Int64] {
                var filter = EntryFilter()
                change(&filter)
                return try await entries(bank, [amina], filter).map(\.amount)
            }
            #expect(try await amounts { _ in } == [-250, 40, -5, -100, 1_000])
            #expect(try await amounts { $0.from = monday.adding(days: 1) } == [-250])
            #expect(try await amounts { $0.to = monday } == [40, -5, -100, 1_000])
            #expect(try await amounts { $0.to = monday.adding(days: 2) } == [40, -5, -100, 1_000], "days on which nothing was open")
            #expect(try await amounts { ($0.from, $0.to) = (monday.adding(days: 1), monday.adding(days: 2)) } == [])
            #expect(try await amounts { $0.from = monday.adding(days: 4) } == [])
            #expect(try await amounts { $0.to = monday.adding(days: -1) } == [])
            #expect(try await amounts { $0.types = [.fee, .opening] } == [-5, 1_000])
            #expect(try await amounts { $0.isCredit = true } == [40, 1_000])
            #expect(try await amounts { $0.isCredit = false } == [-250, -5, -100])
            #expect(try await amounts { $0.channel = .sme } == [40])
            #expect(try await amounts { $0.text = "rent" } == [-5, -100])
            #expect(try await amounts { $0.text = "50%" } == [-5, -100])
            #expect(try await amounts { $0.text = "50_" } == [], "a wild card is a character like any other")
            #expect(try await amounts { $0.text = "of_may" } == [-5, -100])
            #expect(try await amounts { $0.text = "otieno" } == [-250])
            #expect(try await amounts { $0.text = last.reference } == [-250])
            #expect(try await amounts { $0.text = last.reference.lowercased() } == [-250])
            #expect(try await amounts { $0.text = "'; DROP TABLE ledger.journal; --" } == [])
            #expect(try await amounts { $0.isReversed = true } == [])
            #expect(try await amounts { $0.isReversed = false }.count == 5)
        }
    }

    @Test func findsTransactionsByReferenceAndByIdentifier() async throws {
        try await Bank.open { bank in
            let accounts = try await bank.openAccounts(2, balance: 1_000)
            var draft = bank.transfer(accounts[0], accounts[1], 10, fee: 1)
            let own = bank.ids.next(TransactionRecord.self)
            draft.clientTransactionID = own
            let withOwn = try #require(try await bank.post([.journal(draft)], key: "k1").journals.first)
            draft.clientTransactionID = nil
            let minted = try #require(try await bank.post([.journal(draft)], key: "k2").journals.first)
            let reader = bank.reader

            func find(_ id: Identifier<TransactionRecord>) async throws -> (journal: Identifier<Journal>, ordinal: UInt8)? {
                try await bank.database.pool.read { transaction in
                    try reader.transaction(id, in: transaction).map { ($0.journal.id, $0.ordinal) }
                }
            }
            #expect(try await find(own)?.journal == withOwn.id)
            #expect(try await find(own)?.ordinal == 1)
            #expect(try await find(withOwn.transactionID(ordinal: 2))?.ordinal == 2)
            #expect(try await find(Identifier(bits: withOwn.id.bits | 1)) == nil, "the minted name of a transaction that has its own")
            #expect(try await find(minted.transactionID)?.journal == minted.id)
            #expect(try await find(minted.transactionID(ordinal: 2))?.ordinal == 2)
            #expect(try await find(minted.transactionID(ordinal: 3)) == nil)
            #expect(try await find(Identifier(bits: minted.id.bits)) == nil)
            #expect(try await find(Identifier(bits: 0)) == nil)

            func search(_ reference: String) async throws -> Set<Identifier<Journal>> {
                try await bank.database.pool.read {
                    Set(try reader.search(filter: EntryFilter(), reference: reference, limit: 50, in: $0).map(\.journal))
                }
            }
            #expect(try await search(minted.reference) == [minted.id])
            #expect(try await search("ABC" + minted.reference.dropFirst(3)) == [])
            #expect(try await search("TRF") == [])
            let everything = try await bank.database.pool.read { try reader.search(filter: EntryFilter(), limit: 200, in: $0) }
            #expect(everything.count == 8)
        }
    }
}
