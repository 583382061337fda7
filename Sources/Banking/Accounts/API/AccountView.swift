import HTTPEdge
import Kernel
import Ledger
import Products

/// The contract's Account (section 5).
public struct AccountView: Representation {
    public static let schemaName = "Account"
    public let account: AccountDetails

    public init(_ account: AccountDetails) {
        self.account = account
    }

    public static let example = AccountView(.example)

    public func write(to object: inout ObjectWriter) {
        let (record, identity, state) = (account.record, account.identity, account.state)
        func money(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: state.currency) }
        object.identifier("id", identity.id)
        object.text("accountNumber", identity.number)
        object.text("accountName", identity.name)
        object.choice("accountType", identity.accountType)
        object.text("productCode", identity.productCode)
        object.text("productName", account.productName)
        object.currency("currency", state.currency)
        object.choice("status", AccountStatusName(state.status))
        object.choice("freezeScope", FreezeScopeName(state.freezeScope))
        object.money("balance", money(state.balance))
        object.money("availableBalance", money(state.available))
        object.money("holdAmount", money(state.holdAmount))
        object.money("overdraftLimit", money(state.overdraftLimit))
        object.text("branchCode", identity.branchCode)
        object.identifier("customerId", identity.customerID)
        object.text("cifNumber", account.cifNumber)
        object.optionalText("alias", record.alias)
        object.date("openedDate", record.openedDate)
        object.optionalDate("closedDate", record.closedDate)
        object.integer("version", record.version)
    }
}

/// The summary of an account: the Account and what staff and holders want to see beside it.
public struct AccountSummaryView: Representation {
    public static let schemaName = "AccountSummary"
    public let summary: AccountSummary

    public init(_ summary: AccountSummary) {
        self.summary = summary
    }

    public static let example = AccountSummaryView(
        AccountSummary(
            account: .example,
            signatories: [
                Signatory(
                    customer: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0003), cifNumber: "CIF000000007", name: "Jane Wanjiru",
                    role: "director", canInitiate: true, canApprove: false)
            ], holdCount: 1, accruedInterest: Money(minorUnits: 12_329, currency: .kes)))

    public func write(to object: inout ObjectWriter) {
        AccountView(summary.account).write(to: &object)
        // Interest accrues with the deposits of a later stage; until then nothing has.
        object.money("accruedInterest", summary.accruedInterest)
        object.optionalTimestamp("lastTransactionAt", summary.account.state.lastTransactionAt)
        object.array("signatories", summary.signatories.map { SignatoryView(signatory: $0) })
        object.integer("holdCount", summary.holdCount)
        object.integer("cardCount", 0)
    }
}

struct SignatoryView: Representation {
    static let schemaName = "AccountSignatory"
    let signatory: Signatory

    static let example = SignatoryView(
        signatory: Signatory(
            customer: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0003), cifNumber: "CIF000000007", name: "Jane Wanjiru",
            role: "director", canInitiate: true, canApprove: false))

    func write(to object: inout ObjectWriter) {
        object.text("cifNumber", signatory.cifNumber)
        object.text("name", signatory.name)
        object.text("role", signatory.role)
        object.boolean("canInitiate", signatory.canInitiate)
        object.boolean("canApprove", signatory.canApprove)
    }
}

/// The contract's Balance (section 5).
public struct AccountBalanceView: Representation {
    public static let schemaName = "Balance"
    public let balance: AccountBalance

    public init(_ balance: AccountBalance) {
        self.balance = balance
    }

    public static var example: AccountBalanceView {
        let state = AccountDetails.example.state
        return AccountBalanceView(
            AccountBalance(
                number: "0010100000017",
                figures: BalanceView(
                    account: state.id, currency: state.currency, balance: state.balance, holdAmount: state.holdAmount,
                    overdraftLimit: state.overdraftLimit, status: state.status, lastTransactionAt: state.lastTransactionAt,
                    businessDate: BusinessDate(epochDay: 20_458)), asOf: .now,
                readAt: Timestamp(microseconds: 1_767_600_000_000_000)))
    }

    public func write(to object: inout ObjectWriter) {
        let figures = balance.figures
        func money(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: figures.currency) }
        object.identifier("accountId", figures.account)
        object.text("accountNumber", balance.number)
        object.currency("currency", figures.currency)
        object.money("balance", money(figures.balance))
        object.money("availableBalance", money(figures.available))
        object.money("holdAmount", money(figures.holdAmount))
        object.money("overdraftLimit", money(figures.overdraftLimit))
        object.choice("status", AccountStatusName(figures.status))
        object.optionalTimestamp("lastTransactionAt", figures.lastTransactionAt)
        switch balance.asOf {
        case .now: object.text("asOf", balance.readAt.description)
        case .closeOf(let date): object.text("asOf", date.description)
        case .instant(let instant): object.text("asOf", instant.description)
        }
        object.date("businessDate", figures.businessDate)
    }
}

/// The answer to an opening that waits for approval: the number is reserved (contract, sections 1.6 and 6).
public struct PendingAccountView: Representation {
    public static let schemaName = "PendingAccount"
    public let account: AccountDetails

    public init(_ account: AccountDetails) {
        self.account = account
    }

    public static let example = PendingAccountView(.example)

    public func write(to object: inout ObjectWriter) {
        PendingApproval(
            workflowID: account.record.workflowID ?? 0, entityType: "account", entityID: account.record.id.bits
        ).write(to: &object)
        object.text("accountNumber", account.identity.number)
    }
}

extension AccountDetails {
    /// An account for documentation, every optional field filled.
    static let example: AccountDetails = {
        let id = Identifier<Account>(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001)
        let customer = Identifier<Customer>(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0002)
        return AccountDetails(
            record: AccountRecord(
                identity: AccountIdentity(
                    id: id, number: "0010100000017", currency: .kes, accountType: .current, productCode: "CUR01", branchCode: "001",
                    customerID: customer, limitHolder: id, operatingRule: .anyOne, name: "Amina Wanjiru"),
                alias: "Household", openedDate: BusinessDate(epochDay: 20_458), closedDate: BusinessDate(epochDay: 20_478),
                workflowID: 0x0190_5c5e_0000_7000_8000_0000_0000_0004, openedBy: nil, version: 1),
            state: AccountState(
                id: id, glCode: GLCode(2001), currency: .kes, owner: customer, balance: 20_000_000, holdAmount: 150_000,
                lastJournal: TimeOrderedIdentifiers.version7(at: Timestamp(microseconds: 1_767_592_800_000_000), random: 0)),
            productName: "Current Account", cifNumber: "CIF000000001")
    }()
}
