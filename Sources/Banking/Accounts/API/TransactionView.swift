import HTTPEdge
import Kernel
import Ledger
import Products

/// The contract's Transaction (section 5), seen from one account.
public struct TransactionView: Representation {
    public static let schemaName = "Transaction"
    public let transaction: TransactionDetails

    public init(_ transaction: TransactionDetails) {
        self.transaction = transaction
    }

    public func write(to object: inout ObjectWriter) {
        let entry = transaction.entry
        func money(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: entry.currency) }
        object.identifier("transactionId", entry.transactionID)
        object.text("reference", entry.reference)
        object.choice("type", TransactionTypeName(entry.type))
        object.choice("status", entry.isReversed ? TransactionStatusName.reversed : .completed)
        object.choice("direction", entry.amount < 0 ? DirectionName.debit : .credit)
        object.identifier("accountId", entry.account)
        object.text("accountNumber", transaction.accountNumber)
        object.moneyAndCurrency(money(Int64(clamping: entry.amount.magnitude)))
        object.money("fee", money(entry.fee))
        object.money("excise", money(entry.excise))
        object.optionalText("narration", entry.narration)
        object.optionalText("counterpartyName", transaction.counterpartyName)
        object.optionalText("counterpartyAccountNumber", transaction.counterpartyAccountNumber)
        object.text("channel", entry.channel.rawValue)
        object.optionalIdentifier("initiatedBy", transaction.initiatedBy)
        object.date("businessDate", entry.businessDate)
        object.date("valueDate", entry.valueDate)
        object.timestamp("postedAt", entry.postedAt)
        object.money("balanceAfter", money(entry.balanceAfter))
        object.identifier("journalId", entry.journal)
        object.optionalIdentifier("reversalOf", entry.reversalOf.map(Self.mainTransaction))
        object.optionalIdentifier("reversedBy", entry.reversedBy.map(Self.mainTransaction))
    }

    /// The first transaction of a journal, by which it is looked up.
    private static func mainTransaction(of journal: Identifier<Journal>) -> Identifier<TransactionRecord> {
        Identifier(bits: journal.bits | 1)
    }

    /// Where the next page goes on.
    public var cursor: Cursor { Cursor().adding(transaction.entry.journal).adding(Int64(transaction.entry.lineNumber)) }

    public static let example: TransactionView = {
        let details = AccountDetails.example
        let other = AccountIdentity(
            id: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0009), number: "0010100000025", currency: .kes,
            accountType: .current, productCode: "CUR01", branchCode: "001",
            customerID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0008), limitHolder: details.record.id,
            operatingRule: .anyOne, name: "Brian Otieno")
        let journal = Identifier<Journal>(
            bits: TimeOrderedIdentifiers.version7(at: Timestamp(microseconds: 1_767_592_800_000_000), random: 0))
        let entry = EntryView(
            account: details.record.id, journal: journal, lineNumber: 1, transactionID: Identifier(bits: journal.bits | 1),
            reference: JournalReference.text(prefix: "TRF", journal: journal), type: .transfer, isReversed: true, amount: -150_000,
            currency: .kes, fee: 1_000, excise: 150, narration: "Rent", beneficiaryName: "Brian", counterpartyAccount: other.id,
            channel: .personal, initiatedBy: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0007),
            businessDate: BusinessDate(epochDay: 20_458), valueDate: BusinessDate(epochDay: 20_458), balanceAfter: 19_848_850,
            reversalOf: nil, reversedBy: journal)
        return TransactionView(TransactionDetails(entry, account: details.identity, counterparty: other, viewer: .staff))
    }()
}

/// The filters of a transaction list (contract, section 5).
public struct TransactionFilter: QueryParameters, Paged {
    public let page: PageRequest
    let from: BusinessDate?
    let to: BusinessDate?
    let type: TransactionTypeName?
    let direction: DirectionName?
    let minimumAmount: BareAmount?
    let maximumAmount: BareAmount?
    let text: String?

    public init(from fields: inout Fields) {
        page = fields.page()
        (from, to) = fields.optionalDates()
        type = fields.optionalChoice("type", TransactionTypeName.self)
        direction = fields.optionalChoice("direction", DirectionName.self)
        minimumAmount = fields.optionalBareAmount("minAmount")
        maximumAmount = fields.optionalBareAmount("maxAmount")
        text = fields.optionalText("q", 0...140)
        if let minimumAmount, let maximumAmount, minimumAmount.thousandths > maximumAmount.thousandths {
            fields.fail("minAmount", "out_of_range", "minAmount is greater than maxAmount")
        }
    }

    /// What the ledger looks for in an account of a currency.
    public func entryFilter(in currency: Currency) -> EntryFilter {
        EntryFilter(
            from: from, to: to, types: type.map { [$0.type] } ?? [], isCredit: direction.map { $0 == .credit },
            minimumAmount: minimumAmount?.minorUnitsRoundedUp(in: currency),
            maximumAmount: maximumAmount?.minorUnitsRoundedDown(in: currency), text: text)
    }

    /// Where the page begins.
    /// - Throws: 422 `invalid_cursor`
    public func place() throws(Refusal) -> EntryCursor? {
        guard var reader = page.cursor?.reader else { return nil }
        let journal = try reader.identifier(as: Journal.self)
        guard let lineNumber = Int16(exactly: try reader.integer()) else { throw Refusal.invalidCursor }
        return EntryCursor(journal: journal, lineNumber: lineNumber)
    }
}
