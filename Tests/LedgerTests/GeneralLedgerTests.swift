import Kernel
import Postgres
import TestKit
import Testing

@testable import Ledger

@Suite struct GeneralLedgerTests {
    private func trialBalance(_ bank: Bank, asOf: BusinessDate? = nil) async throws -> [TrialBalanceLine] {
        let clock = bank.clock
        return try await bank.database.pool.snapshot { try GeneralLedger(clock: clock).trialBalance(asOf: asOf, in: $0).lines }
    }

    private func fold(_ bank: Bank) async throws {
        let clock = bank.clock
        try await bank.database.pool.transaction { try GeneralLedger(clock: clock).foldMovements(in: $0) }
    }

    @Test func theTrialBalanceIsZeroInEveryCurrencyAndRepeatable() async throws {
        try await Bank.open { bank in
            let shillings = try await bank.openAccounts(2, balance: 1_000)
            let dollars = try await bank.openAccounts(2, balance: 50, currency: .usd)
            try await bank.post([.journal(bank.transfer(shillings[0], shillings[1], 100, fee: 10))])
            let monday = Bank.openingDay
            let first = try await trialBalance(bank)
            let net = Dictionary(uniqueKeysWithValues: first.map { ("\($0.code) \($0.currency)", $0.credit - $0.debit) })
            #expect(net == ["2001 KES": 1_990, "2001 USD": 100, "3001 KES": -2_000, "3001 USD": -100, "4001 KES": 10])
            #expect(first.allSatisfy { $0.debit >= 0 && $0.credit >= 0 && ($0.debit == 0 || $0.credit == 0) })
            #expect(first.first { $0.code == GLCode(4001) }?.type == "income")

            try await fold(bank)
            #expect(try await trialBalance(bank) == first, "folding changes nothing")
            #expect(try await bank.count("ledger.gl_movement") == 0)
            #expect(try await bank.openDay(monday.adding(days: 1)) == true)
            try await bank.post([.journal(bank.transfer(shillings[1], shillings[0], 500, fee: 10))])
            try await bank.post([.journal(bank.transfer(dollars[0], dollars[1], 5, currency: .usd))])
            #expect(try await trialBalance(bank, asOf: monday) == first)
            #expect(try await trialBalance(bank, asOf: monday.adding(days: -1)).isEmpty)
            let second = try await trialBalance(bank)
            #expect(second.first { $0.code == GLCode(4001) }?.credit == 20)
            #expect(try await trialBalance(bank, asOf: monday.adding(days: 1)) == second)
            try await fold(bank)
            try await fold(bank)
            #expect(try await trialBalance(bank, asOf: monday) == first)
            let refusal = await #expect(throws: Refusal.self) { try await trialBalance(bank, asOf: monday.adding(days: 2)) }
            #expect(refusal?.fields.first?.code == "out_of_range")
            try await BookInvariants.check(bank)
        }
    }

    /// Movements are folded by several at once while engines add more: each amount counts exactly once for every reader.
    @Test func foldingUnderLoadLosesNothing() async throws {
        try await Bank.open(.init(engines: 2, clock: SystemClock())) { bank in
            let accounts = try await bank.openAccounts(8, balance: 100_000)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<8 {
                    group.addTask {
                        for _ in 0..<40 {
                            try await bank.post(
                                [.journal(bank.transfer(accounts[client], accounts[(client + 1) % 8], 10, fee: 1))], on: client % 2)
                        }
                    }
                }
                for _ in 0..<2 {
                    group.addTask {
                        for _ in 0..<15 {
                            try await fold(bank)
                            let sums = try await trialBalance(bank).reduce(into: Int128(0)) { $0 += $1.credit - $1.debit }
                            #expect(sums == 0)
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await fold(bank)
            let fees = try await trialBalance(bank).first { $0.code == ChartOfAccounts.feeIncome }
            #expect(fees?.credit == 320)
            try await BookInvariants.check(bank)
        }
    }

    @Test func showsAnAccountsEntriesWithTheirRunningBalance() async throws {
        try await Bank.open { bank in
            let accounts = try await bank.openAccounts(2, balance: 1_000)
            for amount in 1...5 { try await bank.post([.journal(bank.transfer(accounts[0], accounts[1], 10, fee: Int64(amount)))]) }
            let clock = bank.clock
            let all = try await bank.database.pool.snapshot {
                try GeneralLedger(clock: clock).entries(of: ChartOfAccounts.feeIncome, limit: 50, in: $0)
            }
            #expect(all.map(\.amount) == [5, 4, 3, 2, 1])
            #expect(all.map(\.runningBalance) == [15, 10, 6, 3, 1])
            let page = try await bank.database.pool.snapshot {
                try GeneralLedger(clock: clock).entries(of: ChartOfAccounts.feeIncome, limit: 2, in: $0)
            }
            let last = try #require(page.last)
            let rest = try await bank.database.pool.snapshot {
                try GeneralLedger(clock: clock).entries(
                    of: ChartOfAccounts.feeIncome, limit: 50,
                    before: (
                        EntryCursor(journal: last.journal, lineNumber: last.lineNumber), [.kes: last.runningBalance - Int128(last.amount)]
                    ),
                    in: $0)
            }
            #expect(page + rest == all)
            #expect(all.allSatisfy { $0.account == nil && $0.businessDate == Bank.openingDay })
        }
    }

    @Test func findsJournalsByWhatIsKnownOfThem() async throws {
        try await Bank.open { bank in
            let accounts = try await bank.openAccounts(3, balance: 1_000)
            var draft = bank.transfer(accounts[0], accounts[1], 10, fee: 1)
            draft.sourceType = "standingOrder"
            draft.sourceID = 77
            let first = try #require(try await bank.post([.journal(draft)]).journals.first)
            let second = try #require(try await bank.post([.journal(bank.transfer(accounts[1], accounts[2], 20))]).journals.first)
            let clock = bank.clock
            func find(_ change: (inout JournalFilter) -> Void) async throws -> [Identifier<Journal>] {
                var filter = JournalFilter()
                change(&filter)
                let wanted = filter
                return try await bank.database.pool.read {
                    try GeneralLedger(clock: clock).journals(wanted, limit: 50, in: $0).map(\.id)
                }
            }
            let everything = try await find { _ in }
            #expect(everything.prefix(2) == [second.id, first.id])
            #expect(try await find { $0.sourceType = "standingOrder" } == [first.id])
            #expect(try await find { $0.sourceID = 77 } == [first.id])
            #expect(try await find { $0.glCode = ChartOfAccounts.feeIncome } == [first.id])
            #expect(try await find { $0.account = accounts[2] }.first == second.id)
            #expect(try await find { $0.reference = second.reference } == [second.id])
            #expect(try await find { $0.reference = "nonsense" } == [])
            #expect(try await find { $0.from = Bank.openingDay.adding(days: 1) } == [])
            #expect(try await find { $0.to = Bank.openingDay } == everything)
            let stored = try await bank.database.pool.read { try GeneralLedger(clock: clock).journals(JournalFilter(), limit: 1, in: $0) }
            #expect(stored == [second], "what is read is what was answered")
        }
    }

    @Test func theChartHasEveryCoreCodeOfTheContract() async throws {
        try await Bank.open { bank in
            let clock = bank.clock
            let accounts = try await bank.database.pool.snapshot { try GeneralLedger(clock: clock).accounts(limit: 500, in: $0) }
            let leaves = Set(accounts.filter(\.isLeaf).map(\.code.number))
            let core: [Int32] = [
                1001, 1010, 1050, 1100, 1110, 1120, 1130, 1140, 1200, 1210, 1290, 1300, 1400, 1500, 1900, 2001, 2002, 2003, 2004, 2005,
                2100,
                2200, 2210, 2220, 2300, 2400, 2500, 2600, 3001, 3002, 3003, 4001, 4101, 4201, 5001, 5201, 5301, 5901, 5902, 9001, 9002,
                9101,
                9199,
            ]
            #expect(core.filter { !leaves.contains($0) } == [])
            let codes = Set(accounts.map(\.code))
            #expect(accounts.allSatisfy { $0.parent.map { codes.contains($0) } ?? !$0.isLeaf })
            for control in [2001, 2002, 2003, 2004, 2005] as [Int32] {
                #expect(
                    accounts.first { $0.code.number == control }?.allowsManualPosting == false, "control accounts follow their sub-ledger")
            }
        }
    }
}

@Suite struct LedgerAccountsTests {
    private typealias Change = @Sendable (LedgerAccounts, Identifier<Account>, Transaction) throws -> AccountState

    private static let changes: [(name: String, from: AccountStatus, to: AccountStatus, change: Change)] = [
        ("activate", .pendingApproval, .active, { try $0.activate($1, in: $2) }),
        ("reject", .pendingApproval, .rejected, { try $0.reject($1, in: $2) }),
        ("freeze", .active, .frozen, { try $0.freeze($1, scope: .all, in: $2) }),
        ("unfreeze", .frozen, .active, { try $0.unfreeze($1, in: $2) }),
        ("mark dormant", .active, .dormant, { try $0.markDormant($1, in: $2) }),
        ("reactivate", .dormant, .active, { try $0.reactivate($1, in: $2) }),
    ]

    /// Every step from every state: only those of the contract's diagram are taken.
    @Test func stepsAreThoseOfTheContract() async throws {
        try await Bank.open { bank in
            for status in AccountStatus.allCases {
                for (name, from, to, change) in Self.changes {
                    let account = try await Self.account(in: status, bank)
                    let before = try await bank.state(account)
                    do {
                        let state = try await bank.database.pool.transaction { try change(LedgerAccounts(), account, $0) }
                        #expect(status == from, "\(name) of an account that is \(status)")
                        #expect(state.status == to)
                        let after = try await bank.state(account)
                        #expect(after.status == to)
                        #expect(after.freezeScope == (to == .frozen ? .all : .none))
                        #expect(after.version == before.version + 1)
                        #expect(after.revision > before.revision)
                    } catch let refusal as Refusal {
                        #expect(status != from, "\(name) of an account that is \(status)")
                        #expect(refusal.code == "invalid_state")
                        #expect(refusal.kind == .conflict)
                        #expect(refusal.members == [.init("currentState", .text(status.name))])
                        #expect(try await bank.state(account) == before)
                    }
                }
            }
            let error = await #expect(throws: Refusal.self) {
                try await bank.database.pool.transaction { _ = try LedgerAccounts().activate(Identifier(bits: 1), in: $0) }
            }
            #expect(error?.code == "account_not_found")
        }
    }

    private static func account(in status: AccountStatus, _ bank: Bank) async throws -> Identifier<Account> {
        let id = bank.ids.next(Account.self)
        let isPending = status == .pendingApproval || status == .rejected
        let new = NewLedgerAccount(
            id: id, glCode: ChartOfAccounts.currentAccounts, currency: .kes, owner: nil, status: isPending ? .pendingApproval : .active)
        try await bank.database.pool.transaction { transaction in
            let ledger = LedgerAccounts()
            try ledger.open(new, in: transaction)
            switch status {
            case .pendingApproval, .active, .closed: break
            case .frozen: _ = try ledger.freeze(id, scope: .debits, in: transaction)
            case .dormant: _ = try ledger.markDormant(id, in: transaction)
            case .rejected: _ = try ledger.reject(id, in: transaction)
            }
        }
        if status == .closed {
            let template = JournalDraftTemplate(referencePrefix: "CLO", sourceType: "closing", narration: "Closing")
            try await bank.post([.sweepAndClose(id, to: nil, template)])
        }
        return id
    }

    @Test func anAccountOpensOnceAndAsAskedFor() async throws {
        try await Bank.open { bank in
            let new = NewLedgerAccount(
                id: bank.ids.next(), glCode: ChartOfAccounts.savingsAccounts, currency: .usd, owner: bank.ids.next(), minimumBalance: 5,
                overdraftLimit: 7, transactionLimit: 11, maximumBalance: 13, requiresKYC: true, isCustomerBlocked: true)
            try await bank.database.pool.transaction { try LedgerAccounts().open(new, in: $0) }
            let state = try await bank.state(new.id)
            #expect(state.glCode == new.glCode)
            #expect(state.currency == .usd)
            #expect(state.owner == new.owner)
            #expect(state.status == .active)
            #expect((state.minimumBalance, state.overdraftLimit) == (5, 7))
            #expect((state.transactionLimit, state.maximumBalance) == (11, 13))
            #expect(state.requiresKYC && state.isCustomerBlocked)
            #expect(state.balance == 0 && state.available == 7 && state.spendable == 2)
            #expect(state.lastTransactionAt == nil)
            #expect(!state.isOverdrawnByBank)
            let again = await #expect(throws: PostgresError.self) {
                try await bank.database.pool.transaction { try LedgerAccounts().open(new, in: $0) }
            }
            #expect(again?.isUniqueViolation == true)
        }
    }
}
