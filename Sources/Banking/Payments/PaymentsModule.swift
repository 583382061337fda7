import Accounts
import Application
import HTTPEdge
import Kernel
import Ledger
import Notifications
import Postgres
import Products

/// The room Payments, put together: transfers, payees, and what a customer sees of the own accounts.
public struct PaymentsModule: Sendable {
    /// Everything this room answers to over HTTP.
    public let endpoints: [Endpoint]
    /// For the close of day and for the program's own job: `runDueStandingOrders(on:)`.
    public let standingOrders: RunStandingOrders

    /// - Parameters:
    ///   - pool: connections as the application's role, for commands
    ///   - readers: connections for questions, apart from those that write
    ///   - stepUp: the second factor of whichever room has it
    ///   - contacts: follows a customer who moves
    ///   - receiptKey: makes the codes by which the bank knows its own receipts
    public init(
        pool: ConnectionPool, readers: ConnectionPool, pipeline: CommandPipeline, engine: PostingEngine, directory: AccountDirectory,
        queries: AccountQueries, tariffs: TariffBookCache, businessDay: BusinessDayCache, stepUp: any StepUpGate,
        messages: MessageOutbox, audit: any AuditSink, contacts: any ContactFollower, receiptKey: [UInt8], clock: any WallClock,
        identifiers: any IdentifierSource
    ) {
        let confirmation = StepUpConfirmation(gate: stepUp)
        let transfer = TransferMoney(
            directory: directory, access: queries.access, engine: engine, tariffs: tariffs, businessDay: businessDay,
            stepUp: confirmation, usedKeys: UsedKeys(pool: readers))
        let beneficiaries = Beneficiaries(
            pool: pool, pipeline: pipeline, stepUp: confirmation, directory: directory, clock: clock, identifiers: identifiers)
        let dashboard = ViewDashboard(queries: queries, tariffs: tariffs, businessDay: businessDay, pool: readers, clock: clock)
        let recipients = ResolveRecipient(directory: directory, pool: readers)
        let transactions = FindTransactions(
            queries: queries, directory: directory, businessDay: businessDay, pool: readers, reader: LedgerReader(clock: clock))
        let reader = LedgerReader(clock: clock)
        let quotes = QuoteTransfer(transfer: transfer, pool: readers, reader: reader)
        let cashFlow = ViewCashFlow(
            queries: queries, directory: directory, businessDay: businessDay, pool: readers, reader: reader)
        let profile = OwnProfile(
            pool: pool, readers: readers, pipeline: pipeline, stepUp: confirmation, messages: messages, follower: contacts)
        let receipts = IssueReceipt(transactions: transactions, directory: directory, key: receiptKey)
        let orders = StandingOrders(
            pool: pool, readers: readers, pipeline: pipeline, transfer: transfer, clock: clock, identifiers: identifiers)
        standingOrders = RunStandingOrders(pool: pool, transfer: transfer, audit: audit, clock: clock)
        endpoints =
            TransferEndpoints(transfer: transfer, quotes: quotes).all + BeneficiaryEndpoints(beneficiaries: beneficiaries).all
            + PortalEndpoints(queries: queries, dashboard: dashboard, recipients: recipients, transactions: transactions).all
            + TransactionEndpoints(transactions: transactions).all + CashFlowEndpoints(report: cashFlow).all
            + ProfileEndpoints(profile: profile).all + ReceiptEndpoints(receipts: receipts).all + StandingOrderEndpoints(orders: orders).all
    }
}
