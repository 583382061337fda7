import Application
import Kernel
import Postgres

enum RunStore {
    private static let columns =
        "id, status, from_date, through_date, current_date_closed, error, started_at, finished_at"

    static func insert(
        _ id: Identifier<ClosingRun>, from: BusinessDate, through: BusinessDate, by user: Identifier<User>?, at now: Timestamp
    ) -> SQL {
        """
        INSERT INTO closeofday.run (id, status, from_date, through_date, current_date_closed, started_at, requested_by)
        VALUES (\(id), 'running', \(from), \(through), \(from), \(now), \(user))
        """
    }

    static func find(_ condition: SQL, in transaction: Transaction) throws -> [DayRun] {
        let rows = try transaction.query("SELECT \(raw: columns) FROM closeofday.run WHERE \(condition)")
        return try rows.map { row in
            let id = try row.identifier(0, as: ClosingRun.self)
            return DayRun(
                id: id, status: DayRun.Status(rawValue: try row.text(1)) ?? .failed, fromDate: try row.date(2),
                throughDate: try row.date(3),
                currentDate: try row.date(4), steps: try steps(of: id, in: transaction),
                exceptions: try exceptions(of: id, in: transaction),
                error: try row.textOrNil(5), startedAt: try row.timestamp(6), finishedAt: try row.timestampOrNil(7))
        }
    }

    private static func steps(of run: Identifier<ClosingRun>, in transaction: Transaction) throws -> [DayRun.Step] {
        try transaction.query(
            """
            SELECT name, (array_agg(status ORDER BY business_date DESC))[1], sum(processed)::bigint, sum(failed)::bigint, min(started_at),
                CASE WHEN bool_and(finished_at IS NOT NULL) THEN max(finished_at) END
            FROM closeofday.step WHERE run_id = \(run) GROUP BY name ORDER BY min(ordinal)
            """
        ).map { row in
            DayRun.Step(
                name: try row.text(0), status: DayRun.Status(rawValue: try row.text(1)) ?? .failed, processed: try row.int64(2),
                failed: try row.int64(3), startedAt: try row.timestamp(4), finishedAt: try row.timestampOrNil(5))
        }
    }

    private static func exceptions(of run: Identifier<ClosingRun>, in transaction: Transaction) throws -> [DayRun.Exception] {
        try transaction.query(
            """
            SELECT business_date, step, entity_type, entity_id, code, message FROM closeofday.exception WHERE run_id = \(run)
            ORDER BY business_date, step, entity_type, entity_id LIMIT 1000
            """
        ).map { row in
            DayRun.Exception(
                businessDate: try row.date(0), step: try row.text(1), entityType: try row.text(2), entityID: try row.text(3),
                code: try row.text(4), message: try row.text(5))
        }
    }

    static func setDate(_ date: BusinessDate, of run: Identifier<ClosingRun>) -> SQL {
        "UPDATE closeofday.run SET current_date_closed = \(date) WHERE id = \(run) AND status = 'running'"
    }

    static func finish(_ run: Identifier<ClosingRun>, as status: DayRun.Status, error: String?, at now: Timestamp) -> SQL {
        """
        UPDATE closeofday.run SET status = \(status.rawValue), error = \(error.map { String($0.prefix(500)) }), finished_at = \(now)
        WHERE id = \(run) AND status = 'running'
        """
    }

    static func resume(_ run: Identifier<ClosingRun>) -> SQL {
        "UPDATE closeofday.run SET status = 'running', error = NULL, finished_at = NULL WHERE id = \(run) AND status = 'failed'"
    }

    // MARK: Steps

    static func isCompleted(_ step: String, on date: BusinessDate, in transaction: Transaction) throws -> Bool {
        try !transaction.query(
            "SELECT FROM closeofday.step WHERE business_date = \(date) AND name = \(step) AND status = 'completed'"
        ).isEmpty
    }

    static func begin(_ step: String, ordinal: Int16, on date: BusinessDate, run: Identifier<ClosingRun>, at now: Timestamp) -> SQL {
        """
        INSERT INTO closeofday.step (business_date, name, run_id, ordinal, status, started_at)
        VALUES (\(date), \(step), \(run), \(ordinal), 'running', \(now))
        ON CONFLICT (business_date, name) DO UPDATE SET run_id = excluded.run_id, status = 'running', finished_at = NULL
        """
    }

    /// What a part did. Written with the end of its job, so that a part that runs again counts what it does then.
    static func record(
        _ outcome: DayOutcome, step: String, on date: BusinessDate, run: Identifier<ClosingRun>
    ) -> [SQL] {
        var statements: [SQL] = [
            """
            UPDATE closeofday.step SET processed = processed + \(outcome.processed), failed = failed + \(Int64(outcome.exceptions.count))
            WHERE business_date = \(date) AND name = \(step)
            """
        ]
        if !outcome.exceptions.isEmpty {
            let exceptions = outcome.exceptions
            statements.append(
                """
                INSERT INTO closeofday.exception (run_id, business_date, step, entity_type, entity_id, code, message)
                SELECT DISTINCT ON (t, i) \(run), \(date), \(step), t, i, c, m
                FROM unnest(\(exceptions.map(\.entityType))::text[], \(exceptions.map(\.entityID))::text[],
                    \(exceptions.map(\.code))::text[], \(exceptions.map(\.message))::text[]) AS u (t, i, c, m)
                ON CONFLICT (run_id, business_date, step, entity_type, entity_id)
                DO UPDATE SET code = excluded.code, message = excluded.message
                """)
        }
        return statements
    }

    static func end(_ step: String, on date: BusinessDate, as status: DayRun.Status, at now: Timestamp) -> SQL {
        """
        UPDATE closeofday.step SET status = \(status.rawValue), finished_at = \(now) WHERE business_date = \(date) AND name = \(step)
        """
    }
}
