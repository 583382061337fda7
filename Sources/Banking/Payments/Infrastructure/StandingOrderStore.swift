import Kernel
import Postgres

/// The SQL of standing orders.
enum StandingOrderStore {
    private static let columns = """
        id, customer_id, from_account_id, from_account_number, to_account_number, beneficiary_name, amount, currency, narration, frequency, \
        day_of_month, start_date, end_date, max_runs, status, due_date, next_run_date, failed_attempts, run_count, missed_count, \
        last_run_date, last_failure_code, created_at, version
        """

    static func insert(_ order: StandingOrder, by user: Identifier<User>, in transaction: Transaction) throws {
        let (terms, schedule) = (order.terms, order.terms.schedule)
        _ = try transaction.execute(
            """
            INSERT INTO payments.standing_order (\(raw: columns), created_by)
            VALUES (\(order.id), \(order.customerID), \(terms.fromAccountID), \(terms.fromAccountNumber), \(terms.toAccountNumber),
                \(terms.beneficiaryName), \(terms.amount.minorUnits), \(terms.amount.currency), \(terms.narration),
                \(schedule.frequency.rawValue), \(schedule.dayOfMonth.map(Int16.init)), \(schedule.startDate), \(schedule.endDate),
                \(terms.maxRuns.map(Int32.init)), \(order.status.rawValue), \(order.dueDate), \(order.nextRunDate),
                \(order.failedAttempts), \(order.runCount), \(order.missedCount), \(order.lastRunDate), \(order.lastFailureCode),
                \(order.createdAt), \(order.version), \(user))
            """)
    }

    /// Writes an order that the caller has locked or claimed, and lets the claim go.
    static func update(_ order: StandingOrder, in transaction: Transaction) throws {
        let (terms, schedule) = (order.terms, order.terms.schedule)
        _ = try transaction.execute(
            """
            UPDATE payments.standing_order SET from_account_id = \(terms.fromAccountID), from_account_number = \(terms.fromAccountNumber),
                to_account_number = \(terms.toAccountNumber), beneficiary_name = \(terms.beneficiaryName),
                amount = \(terms.amount.minorUnits), currency = \(terms.amount.currency), narration = \(terms.narration),
                frequency = \(schedule.frequency.rawValue), day_of_month = \(schedule.dayOfMonth.map(Int16.init)),
                start_date = \(schedule.startDate), end_date = \(schedule.endDate), max_runs = \(terms.maxRuns.map(Int32.init)),
                status = \(order.status.rawValue), due_date = \(order.dueDate), next_run_date = \(order.nextRunDate),
                failed_attempts = \(order.failedAttempts), run_count = \(order.runCount), missed_count = \(order.missedCount),
                last_run_date = \(order.lastRunDate), last_failure_code = \(order.lastFailureCode), version = \(order.version),
                claimed_until = NULL
            WHERE id = \(order.id)
            """)
    }

    /// Locks an order until the transaction ends.
    /// - Returns: the order, and whether a runner holds it at this moment
    static func lock(
        _ id: Identifier<StandingOrder>, of customer: Identifier<Customer>, at now: Timestamp, in transaction: Transaction
    ) throws -> (order: StandingOrder, isRunning: Bool)? {
        try transaction.query(
            """
            SELECT \(raw: columns), coalesce(claimed_until > \(now), false) FROM payments.standing_order
            WHERE id = \(id) AND customer_id = \(customer) FOR UPDATE
            """
        ).first.map { (try order($0), try $0.bool(24)) }
    }

    static func find(
        _ id: Identifier<StandingOrder>, of customer: Identifier<Customer>, in transaction: Transaction
    ) throws -> StandingOrder? {
        try transaction.query(
            "SELECT \(raw: columns) FROM payments.standing_order WHERE id = \(id) AND customer_id = \(customer)"
        ).first.map(order)
    }

    static func list(
        of customer: Identifier<Customer>, status: StandingOrderStatus?, before: Identifier<StandingOrder>?, limit: Int,
        in transaction: Transaction
    ) throws -> [StandingOrder] {
        try transaction.query(
            """
            SELECT \(raw: columns) FROM payments.standing_order
            WHERE customer_id = \(customer) AND (\(before)::uuid IS NULL OR id < \(before))
                AND (\(status?.rawValue)::text IS NULL OR status = \(status?.rawValue))
            ORDER BY id DESC LIMIT \(Int64(limit))
            """
        ).map(order)
    }

    /// Takes orders that are due, so that no other runner tries them before `until`.
    static func claim(
        dueOn date: BusinessDate, limit: Int, at now: Timestamp, until: Timestamp, in transaction: Transaction
    ) throws -> [StandingOrder] {
        try transaction.query(
            """
            UPDATE payments.standing_order SET claimed_until = \(until)
            WHERE id IN (
                SELECT id FROM payments.standing_order
                WHERE status = 'active' AND next_run_date <= \(date) AND (claimed_until IS NULL OR claimed_until <= \(now))
                ORDER BY next_run_date, id LIMIT \(Int64(limit)) FOR UPDATE SKIP LOCKED)
            RETURNING \(raw: columns)
            """
        ).map(order).sorted { $0.id < $1.id }
    }

    /// Locks an order that a runner has claimed, if it is still on the due day that was tried.
    static func claimed(
        _ id: Identifier<StandingOrder>, dueOn due: BusinessDate, in transaction: Transaction
    ) throws -> StandingOrder? {
        try transaction.query(
            """
            SELECT \(raw: columns) FROM payments.standing_order
            WHERE id = \(id) AND due_date = \(due) AND status = 'active' FOR UPDATE
            """
        ).first.map(order)
    }

    static func release(_ id: Identifier<StandingOrder>, in transaction: Transaction) throws {
        _ = try transaction.execute("UPDATE payments.standing_order SET claimed_until = NULL WHERE id = \(id)")
    }

    private static func order(_ row: Row) throws -> StandingOrder {
        guard let frequency = StandingOrderFrequency(rawValue: try row.text(9)),
            let status = StandingOrderStatus(rawValue: try row.text(14))
        else { throw PostgresError(kind: .misuse, message: "a standing order has a state that this program does not know") }
        return StandingOrder(
            id: try row.identifier(0), customerID: try row.identifier(1),
            terms: StandingOrder.Terms(
                fromAccountID: try row.identifier(2), fromAccountNumber: try row.text(3), toAccountNumber: try row.text(4),
                beneficiaryName: try row.textOrNil(5), amount: Money(minorUnits: try row.int64(6), currency: try row.currency(7)),
                narration: try row.textOrNil(8),
                schedule: StandingOrderSchedule(
                    frequency: frequency, dayOfMonth: row.isNull(10) ? nil : Int(try row.int16(10)), startDate: try row.date(11),
                    endDate: try row.dateOrNil(12)),
                maxRuns: row.isNull(13) ? nil : Int(try row.int32(13))),
            status: status, dueDate: try row.dateOrNil(15), nextRunDate: try row.dateOrNil(16), failedAttempts: try row.int16(17),
            runCount: try row.int32(18), missedCount: try row.int32(19), lastRunDate: try row.dateOrNil(20),
            lastFailureCode: try row.textOrNil(21), createdAt: try row.timestamp(22), version: try row.int64(23))
    }
}
