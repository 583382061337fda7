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
    /// What the bank does by itself.
    var jobs: [PeriodicJob] {
        let delivery = MessageDelivery(
            pool: commandPool, gateway: messageGateway, clock: clock, keepsSecrets: settings.mode == .demo, logger: logger)
        return [
            PeriodicJob("outbox-dispatch", everyMilliseconds: 200) { [outbox] in try await outbox.dispatch() > 0 },
            PeriodicJob("message-delivery", everyMilliseconds: 500) { try await delivery.deliverDue() > 0 },
            PeriodicJob("business-day", everyMilliseconds: 30_000) { [self] in
                try await openBusinessDay()
                return false
            },
            // At the start, and soon after every new business date.
            PeriodicJob("standing-orders", everyMilliseconds: 15_000) { [self] in
                try await runStandingOrders()
                return false
            },
            PeriodicJob("partition-maintenance", everyMilliseconds: 3_600_000) { [self] in
                try await createPartitions()
                return false
            },
            PeriodicJob("hold-expiry", everyMilliseconds: 5_000) { [self] in try await expireHolds() },
            PeriodicJob("fold-movements", everyMilliseconds: 10_000) { [self] in
                let generalLedger = GeneralLedger(clock: clock)
                try await commandPool.transaction { try generalLedger.foldMovements(in: $0) }
                return false
            },
            PeriodicJob("parameters", everyMilliseconds: 1_000) { [parameters] in
                try await parameters.refresh()
                return false
            },
            PeriodicJob("identity-purge", everyMilliseconds: 600_000) { [identity] in try await identity.purge() >= 1_000 },
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

    /// Ends holds whose time is over, through the engine like everything that changes what is available.
    /// - Returns: whether there may be more
    private func expireHolds() async throws -> Bool {
        let limit = 200
        let (reader, now) = (LedgerReader(clock: clock), clock.now())
        let overdue = try await readPool.read { try reader.overdueHolds(at: now, limit: limit, in: $0) }
        for hold in overdue {
            let context = RequestContext.system(at: now, idempotencyKey: "hold-expiry/\(hold)")
            let audit = AuditRecord(
                action: "ledger.expireHold", outcome: .success, actor: nil, subjectType: "hold", subjectID: hold.description,
                context: context)
            do {
                _ = try await engine.post(PostingUnit(commands: [.expireHold(hold)], context: context, idempotency: nil, audit: audit))
            } catch let refusal as Refusal where refusal.kind == .conflict || refusal.kind == .notFound {
                // Captured or released in the meantime.
            }
        }
        return overdue.count == limit
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
