import HTTPEdge
import Kernel

/// An amount of the general ledger for a reply. Totals are summed in 128 bits; one that no reply can carry is an error, not a wrong number.
/// - Throws: 503 when the total does not fit
func moneyTotal(_ total: Int128, _ currency: Currency) throws -> Money {
    guard let minorUnits = Int64(exactly: total) else { throw Refusal.unavailable("A total is larger than the API can show") }
    return Money(minorUnits: minorUnits, currency: currency)
}

struct GLBalanceRepresentation: Representation {
    let debit: Money
    let credit: Money
    let net: Money

    static let schemaName = "GLBalance"
    static let example = GLBalanceRepresentation(
        debit: Money(minorUnits: 500_000_00, currency: .kes), credit: .zero(.kes), net: Money(minorUnits: 500_000_00, currency: .kes))

    func write(to object: inout ObjectWriter) {
        object.currency("currency", debit.currency)
        object.money("debitBalance", debit)
        object.money("creditBalance", credit)
        object.money("netBalance", net)
    }
}

struct GLAccountRepresentation: Representation {
    let view: GLAccountView
    let balances: [GLBalanceRepresentation]

    static let schemaName = "GLAccount"
    static let example = GLAccountRepresentation(
        view: GLAccountView(
            code: ChartOfAccounts.vaultCash, name: "Vault cash", type: "asset", category: "cash", level: 2, isLeaf: true,
            parent: GLCode(1000), allowsManualPosting: false, status: "active", balances: []),
        balances: [.example])

    private init(view: GLAccountView, balances: [GLBalanceRepresentation]) {
        self.view = view
        self.balances = balances
    }

    init(_ view: GLAccountView) throws {
        self.view = view
        // The net is on the side where accounts of this type normally stand.
        let isDebitNormal = ["asset", "expense", "memorandum"].contains(view.type)
        balances = try view.balances.map { balance in
            let net = isDebitNormal ? balance.debit - balance.credit : balance.credit - balance.debit
            return GLBalanceRepresentation(
                debit: try moneyTotal(balance.debit, balance.currency), credit: try moneyTotal(balance.credit, balance.currency),
                net: try moneyTotal(net, balance.currency))
        }
    }

    func write(to object: inout ObjectWriter) {
        object.text("glCode", view.code.description)
        object.text("glName", view.name)
        object.text("accountType", view.type)
        object.text("category", view.category)
        object.integer("level", view.level)
        object.boolean("isLeaf", view.isLeaf)
        object.optionalText("parentGlCode", view.parent?.description)
        object.boolean("allowManualPosting", view.allowsManualPosting)
        object.text("status", view.status)
        object.array("balances", balances)
    }
}

struct GLEntryRepresentation: Representation {
    let entry: GLEntryView
    let accountNumber: String?
    let runningBalance: Money

    static let schemaName = "GLEntry"
    static let example = GLEntryRepresentation(
        entry: GLEntryView(
            journal: JournalRepresentation.example.journal.id, lineNumber: 1, reference: JournalRepresentation.example.journal.reference,
            businessDate: JournalRepresentation.example.journal.businessDate,
            valueDate: JournalRepresentation.example.journal.valueDate, account: nil, currency: .kes, amount: -1_500_00,
            runningBalance: 0, narration: "Rent"), accountNumber: "0011000000013", runningBalance: .zero(.kes))

    func write(to object: inout ObjectWriter) {
        object.identifier("journalId", entry.journal)
        object.integer("lineNumber", entry.lineNumber)
        object.text("reference", entry.reference)
        object.date("businessDate", entry.businessDate)
        object.date("valueDate", entry.valueDate)
        object.timestamp("postedAt", entry.journal.mintedAt)
        object.optionalText("accountNumber", accountNumber)
        object.currency("currency", entry.currency)
        object.money("debitAmount", Money(minorUnits: max(0, -entry.amount), currency: entry.currency))
        object.money("creditAmount", Money(minorUnits: max(0, entry.amount), currency: entry.currency))
        // Credits minus debits, so that a debit balance shows as a negative number.
        object.money("runningBalance", runningBalance)
        object.optionalText("narration", entry.narration)
    }
}

struct JournalLineRepresentation: Representation {
    let line: PostedJournal.Line
    let glName: String
    let accountNumber: String?
    let narration: String?

    static let schemaName = "JournalLine"
    static let example = JournalLineRepresentation(
        line: PostedJournal.Line(
            lineNumber: 1, ordinal: 1, type: .transfer, account: nil, glCode: ChartOfAccounts.currentAccounts, currency: .kes,
            amount: -1_500_00, balanceAfter: nil), glName: "Current accounts", accountNumber: "0011000000013", narration: "Rent")

    func write(to object: inout ObjectWriter) {
        object.integer("lineNumber", line.lineNumber)
        object.text("glCode", line.glCode.description)
        object.text("glName", glName)
        object.optionalText("accountNumber", accountNumber)
        object.currency("currency", line.currency)
        object.money("debitAmount", Money(minorUnits: max(0, -line.amount), currency: line.currency))
        object.money("creditAmount", Money(minorUnits: max(0, line.amount), currency: line.currency))
        object.optionalText("narration", narration)
    }
}

struct JournalRepresentation: Representation {
    let journal: PostedJournal
    let isReversed: Bool
    let previousHash: [UInt8]
    let lines: [JournalLineRepresentation]

    static let schemaName = "Journal"
    static let example = JournalRepresentation(
        journal: PostedJournal(
            id: Identifier(bits: 0x0190_0000_0000_7000_8000_0000_0000_0100), kind: .standard, type: .transfer, referencePrefix: "TRF",
            businessDate: BusinessDate(epochDay: 20_779), valueDate: BusinessDate(epochDay: 20_779), sourceType: "transfer",
            sourceID: nil, channel: .personal, initiatedBy: nil, narration: "Rent", beneficiaryName: nil, clientTransactionID: nil,
            reversalOf: nil, lines: [], lane: 0, position: 1, hash: Array(repeating: 0, count: 32)),
        isReversed: false, previousHash: Array(repeating: 0, count: 32), lines: [.example])

    func write(to object: inout ObjectWriter) {
        object.identifier("journalId", journal.id)
        object.text("journalNumber", JournalReference.text(prefix: "JNL", journal: journal.id))
        object.text("type", journal.kind.name)
        object.text("status", isReversed ? "reversed" : "posted")
        object.date("businessDate", journal.businessDate)
        object.date("valueDate", journal.valueDate)
        object.timestamp("postedAt", journal.postedAt)
        object.text("sourceType", journal.sourceType)
        object.text("sourceId", journal.sourceID.map { Identifier<Journal>(bits: $0).description } ?? journal.transactionID.description)
        object.text("reference", journal.reference)
        object.optionalText("description", journal.narration)
        object.array("lines", lines)
        object.text("previousHash", ChainHead.hexadecimal(previousHash))
        object.text("hash", ChainHead.hexadecimal(journal.hash))
    }
}

struct TrialBalanceRepresentation: Representation {
    struct Line: Representation {
        let line: TrialBalanceLine
        let debit: Money
        let credit: Money

        static let schemaName = "TrialBalanceLine"
        static let example = Line(
            line: TrialBalanceLine(
                code: ChartOfAccounts.vaultCash, name: "Vault cash", type: "asset", currency: .kes, debit: 500_000_00, credit: 0),
            debit: Money(minorUnits: 500_000_00, currency: .kes), credit: .zero(.kes))

        func write(to object: inout ObjectWriter) {
            object.text("glCode", line.code.description)
            object.text("glName", line.name)
            object.text("accountType", line.type)
            object.currency("currency", line.currency)
            object.money("debitBalance", debit)
            object.money("creditBalance", credit)
        }
    }

    struct Total: Representation {
        let debit: Money
        let credit: Money

        static let schemaName = "TrialBalanceTotal"
        static let example = Total(
            debit: Money(minorUnits: 500_000_00, currency: .kes), credit: Money(minorUnits: 500_000_00, currency: .kes))

        func write(to object: inout ObjectWriter) {
            object.currency("currency", debit.currency)
            object.money("totalDebit", debit)
            object.money("totalCredit", credit)
            object.boolean("balanced", debit == credit)
        }
    }

    let asOf: BusinessDate
    let businessDate: BusinessDate
    let lines: [Line]
    let totals: [Total]
    let generatedAt: Timestamp

    static let schemaName = "TrialBalance"
    static let example = TrialBalanceRepresentation(
        asOf: BusinessDate(epochDay: 20_779), businessDate: BusinessDate(epochDay: 20_779), lines: [.example], totals: [.example],
        generatedAt: Timestamp(microseconds: 1_795_000_000_000_000))

    func write(to object: inout ObjectWriter) {
        object.date("asOf", asOf)
        object.date("businessDate", businessDate)
        object.array("lines", lines)
        object.array("totals", totals)
        object.timestamp("generatedAt", generatedAt)
    }
}

struct VerificationRepresentation: Representation {
    struct Check: Representation {
        let check: VerificationReport.Check

        static let schemaName = "VerificationCheck"
        static let example = Check(check: .init(name: "hashChain", passed: true, detail: "all lanes", firstFailure: "none"))

        func write(to object: inout ObjectWriter) {
            object.text("name", check.name)
            object.boolean("passed", check.passed)
            object.optionalText("detail", check.detail)
            object.optionalText("firstFailure", check.firstFailure)
        }
    }

    let report: VerificationReport

    static let schemaName = "Verification"
    static let example = VerificationRepresentation(
        report: VerificationReport(
            checkedAt: Timestamp(microseconds: 1_795_000_000_000_000), journalsChecked: 2, entriesChecked: 4, accountsChecked: 2,
            auditRecordsChecked: 2, chainHead: String(repeating: "0", count: 64), checks: [Check.example.check]))

    func write(to object: inout ObjectWriter) {
        object.text("status", report.isSound ? "ok" : "broken")
        object.timestamp("checkedAt", report.checkedAt)
        object.integer("journalsChecked", report.journalsChecked)
        object.integer("entriesChecked", report.entriesChecked)
        object.integer("accountsChecked", report.accountsChecked)
        object.text("chainHead", report.chainHead)
        object.array("checks", report.checks.map { Check(check: $0) })
    }
}
