import Application
import Audit
import Identity
import Kernel
import Ledger
import Logging
import Notifications
import Observability
import Organisation
import Parties
import Payments
import Postgres
import Screening

extension Bank {
    /// What every process does by itself, several times a second or about itself. The rest is in the queue that all processes share
    /// (`Bank+Days.swift`).
    var jobs: [PeriodicJob] {
        let delivery = MessageDelivery(
            pool: commandPool, gateway: messageGateway, clock: clock, keepsSecrets: settings.mode == .demo, logger: logger)
        return [
            PeriodicJob("outbox-dispatch", everyMilliseconds: 200) { [outbox] in try await outbox.dispatch() > 0 },
            PeriodicJob("refusal-trail", everyMilliseconds: 50) { [refusals] in try await refusals.write() },
            PeriodicJob("message-delivery", everyMilliseconds: 500) { try await delivery.deliverDue() > 0 },
            // At the start, and soon after every new business date; the close of day runs what is left.
            PeriodicJob("standing-orders", everyMilliseconds: 15_000) { [self] in
                try await runStandingOrders()
                return false
            },
            PeriodicJob("parameters", everyMilliseconds: 1_000) { [parameters] in
                try await parameters.refresh()
                return false
            },
            PeriodicJob("rescreening", everyMilliseconds: 2_000) { [customers] in try await customers.screening.rescreening.work() },
            PeriodicJob("kyc-expiry", everyMilliseconds: 600_000) { [customers] in try await customers.registry.expireVerifications() },
            PeriodicJob("figures", everyMilliseconds: 5_000) { [self] in
                try await readFigures()
                return false
            },
            PeriodicJob("database-watch", everyMilliseconds: 1_000) { [self] in
                if try await database.restartIfGone() { logger.warning("the private database had died and was started again") }
                return false
            },
        ]
    }

    /// The ways out of the bank: what is not set up ends in the log.
    private var messageGateway: any MessageGateway {
        let console = ConsoleGateway(logger: logger)
        let messaging = settings.messaging
        return ChannelGateway(
            email: messaging.smtp.map { SMTPGateway(configuration: $0, clock: clock) } ?? console,
            sms: messaging.sms.map { SMSGateway(configuration: $0) } ?? console, push: console)
    }

    private func runStandingOrders() async throws {
        guard let date = try await readPool.read({ [businessDays] in try businessDays.current(in: $0) }) else { return }
        let run = try await standingOrders.runDueStandingOrders(on: date)
        for (order, reason) in run.failures {
            logger.warning("a standing order could not be tried", metadata: ["order": "\(order)", "reason": "\(reason)"])
        }
        guard run.total > 0 else { return }
        logger.info(
            "standing orders",
            metadata: ["completed": "\(run.completed)", "postponed": "\(run.postponed)", "missed": "\(run.missed)"])
    }

    /// Partitions of this month and the next three. Only the owner may make tables, so this takes a connection of its own.
    func createPartitions() async throws {
        let today = BusinessDate(of: clock.now())
        let owner = DedicatedConnection(configuration: database.owner.with(applicationName: "wekeza-partitions"))
        defer { owner.close() }
        try await owner.run { connection in
            for table in LedgerMigrations.partitionedTables + AuditMigrations.partitionedTables {
                try connection.executeScript(MonthlyPartitions.create(table: table, from: today, months: 4))
            }
        }
    }

    private func readFigures() async throws {
        metrics.outboxPending.set(Double(try await outbox.pending()))
        let (businessDays, generalLedger) = (businessDays, GeneralLedger(clock: clock))
        let lines = try await readPool.read { try generalLedger.trialBalance(in: $0).lines }
        for (currency, lines) in Dictionary(grouping: lines, by: \.currency) {
            let imbalance = lines.reduce(Int128(0)) { $0 + $1.debit - $1.credit }
            metrics.setImbalance(Int64(clamping: imbalance), of: currency)
        }
        if let date = try await readPool.read({ try businessDays.current(in: $0) }) {
            metrics.businessDateLagDays.set(Double(max(0, BusinessDate(of: clock.now()).days(since: date))))
        }
    }
}
