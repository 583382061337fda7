import Application
import HTTPEdge
import Kernel
import Ledger
import Postgres
import Products

/// The close of business over HTTP (contract, section 15).
public struct CloseOfDayEndpoints: Sendable {
    private static let tag = "Close of business"

    private let closing: CloseOfDay
    private let catalogue: CatalogueCommands
    private let tariffs: TariffBookCache
    private let pool: ConnectionPool
    private let clock: any WallClock

    public init(
        closing: CloseOfDay, catalogue: CatalogueCommands, tariffs: TariffBookCache, pool: ConnectionPool, clock: any WallClock
    ) {
        self.closing = closing
        self.catalogue = catalogue
        self.tariffs = tariffs
        self.pool = pool
        self.clock = clock
    }

    public var all: [Endpoint] { [businessDate, start, runs, run, resume, calendar, setCalendar] }

    private var businessDate: Endpoint {
        Endpoint(
            .get, "/api/cob/business-date", summary: "The open business date", tag: Self.tag, access: .roles(.staff),
            reply: BusinessDateView.self
        ) { _ in
            let days = BusinessDays(clock: clock)
            let date = try await pool.read { try days.require(in: $0) }
            let book = try await tariffs.current()
            return Reply(
                BusinessDateView(
                    businessDate: date, calendarDate: BusinessDate(of: clock.now()), nextBusinessDate: book.calendar.next(after: date),
                    isClosing: try await closing.isRunning()))
        }
    }

    private var start: Endpoint {
        Endpoint(
            .post, "/api/cob/runs", summary: "Close the open date, or every date through another", tag: Self.tag,
            access: .roles(RoleSet(.administrator)), body: StartRunRequest.self, reply: RunView.self, status: 202,
            errors: ["run_in_progress", "date_in_future"], options: EndpointOptions(isIdempotent: false, allowsEmptyBody: true)
        ) { call in
            Reply(RunView(run: try await closing.start(through: call.body.throughDate, context: call.context)), status: 202)
        }
    }

    private var runs: Endpoint {
        Endpoint(
            .get, "/api/cob/runs", summary: "Runs, newest first", tag: Self.tag, access: .roles(.staff), query: PageQuery.self,
            reply: Page<RunView>.self
        ) { call in
            var place: Identifier<ClosingRun>?
            if var reader = call.query.page.cursor?.reader { place = try reader.identifier() }
            let runs = try await closing.runs(limit: call.query.page.fetchCount, before: place)
            return Reply(call.page(runs.map { RunView(run: $0) }) { Cursor().adding($0.run.id) })
        }
    }

    private var run: Endpoint {
        Endpoint(
            .get, "/api/cob/runs/{runId}", summary: "One run", tag: Self.tag, access: .roles(.staff), reply: RunView.self,
            errors: ["not_found"]
        ) { call in
            Reply(RunView(run: try await closing.run(try call.pathIdentifier("runId"))))
        }
    }

    private var resume: Endpoint {
        Endpoint(
            .post, "/api/cob/runs/{runId}/resume", summary: "Go on with a failed run where it stopped", tag: Self.tag,
            access: .roles(RoleSet(.administrator)), reply: RunView.self, status: 202,
            errors: ["not_found", "invalid_state", "run_in_progress"], options: EndpointOptions(isIdempotent: false)
        ) { call in
            Reply(RunView(run: try await closing.resume(try call.pathIdentifier("runId"), context: call.context)), status: 202)
        }
    }

    // MARK: Calendar

    private var calendar: Endpoint {
        Endpoint(
            .get, "/api/cob/calendar", summary: "Holidays of a year", tag: Self.tag, access: .roles(.staff), query: CalendarQuery.self,
            reply: CalendarView.self
        ) { call in
            Reply(try await view(year: call.query.year ?? BusinessDate(of: clock.now()).year))
        }
    }

    private var setCalendar: Endpoint {
        Endpoint(
            .put, "/api/cob/calendar", summary: "Set the gazetted holidays of a year", tag: Self.tag,
            access: .roles(RoleSet(.administrator)), query: CalendarQuery.self, body: CalendarRequest.self, reply: CalendarView.self
        ) { call in
            let holidays = call.body.holidays
            guard let year = call.query.year ?? call.body.year ?? holidays.first?.date.year else {
                throw Refusal.validation([.init("year", "required", "Say which year")])
            }
            guard holidays.allSatisfy({ $0.date.year == year }) else {
                throw Refusal.validation([.init("holidays", "out_of_range", "Every holiday lies in \(year)")])
            }
            guard Set(holidays.map(\.date)).count == holidays.count else {
                throw Refusal.validation([.init("holidays", "duplicate", "A date is there twice")])
            }
            // Those that the law fixes are there anyway.
            let fixed = HolidayCalendar.kenya(years: year...year).holidays
            try await catalogue.setHolidays(
                holidays.filter { !fixed.contains($0.date) }.map { ($0.date, $0.name) }, year: year, context: call.context)
            return Reply(try await view(year: year))
        }
    }

    private func view(year: Int) async throws -> CalendarView {
        let gazetted = try await pool.read { try CatalogueCommands.gazettedHolidays(year: year, in: $0) }
        let names = Dictionary(gazetted.map { ($0.date, $0.name) }, uniquingKeysWith: { first, _ in first })
        let all = HolidayCalendar.kenya(years: year...year, gazetted: Set(names.keys)).holidays.filter { $0.year == year }.sorted()
        return CalendarView(
            year: year, holidays: all.map { HolidayView(date: $0, name: names[$0] ?? "Public holiday", isGazetted: names[$0] != nil) })
    }
}

struct StartRunRequest: RequestBody {
    let throughDate: BusinessDate?

    init(from fields: inout Fields) {
        throughDate = fields.optionalDate("throughDate")
    }
}

struct CalendarQuery: QueryParameters {
    let year: Int?

    init(from fields: inout Fields) {
        year = fields.optionalInteger("year", 2020...2060)
    }
}

struct CalendarRequest: RequestBody {
    let year: Int?
    let holidays: [HolidayRequest]

    init(from fields: inout Fields) throws {
        year = fields.optionalInteger("year", 2020...2060)
        holidays = try fields.array("holidays", HolidayRequest.self, 0...100)
    }
}

struct HolidayRequest: RequestBody {
    let date: BusinessDate
    let name: String

    init(from fields: inout Fields) {
        date = fields.date("date")
        name = fields.text("name", 1...100)
    }
}

struct BusinessDateView: Representation {
    static let schemaName = "BusinessDateStatus"
    static let example = BusinessDateView(
        businessDate: BusinessDate(epochDay: 20_602), calendarDate: BusinessDate(epochDay: 20_602),
        nextBusinessDate: BusinessDate(epochDay: 20_605), isClosing: false)
    let businessDate: BusinessDate
    let calendarDate: BusinessDate
    let nextBusinessDate: BusinessDate
    let isClosing: Bool

    func write(to object: inout ObjectWriter) {
        object.date("businessDate", businessDate)
        object.date("calendarDate", calendarDate)
        object.date("nextBusinessDate", nextBusinessDate)
        object.text("status", isClosing ? "closing" : "open")
    }
}

struct RunView: Representation {
    static let schemaName = "CloseOfBusinessRun"
    static let example: RunView = {
        let (day, now) = (BusinessDate(epochDay: 20_602), Timestamp(microseconds: 1_780_000_000_000_000))
        return RunView(
            run: DayRun(
                id: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001), status: .failed, fromDate: day, throughDate: day,
                currentDate: day,
                steps: [.init(name: "interestAccrual", status: .completed, processed: 2, failed: 0, startedAt: now, finishedAt: now)],
                exceptions: [
                    .init(
                        businessDate: day, step: "depositMaturity", entityType: "deposit",
                        entityID: "01905c5e-0000-7000-8000-000000000002", code: "account_closed", message: "The account is closed")
                ], error: "the database went away", startedAt: now, finishedAt: now))
    }()
    let run: DayRun

    func write(to object: inout ObjectWriter) {
        object.identifier("runId", run.id)
        object.choice("status", run.status)
        object.date("fromDate", run.fromDate)
        object.date("throughDate", run.throughDate)
        object.date("currentDate", run.currentDate)
        object.array("steps", run.steps.map { StepView(step: $0) })
        object.array("exceptions", run.exceptions.map { ExceptionView(exception: $0) })
        object.optionalText("error", run.error)
        object.timestamp("startedAt", run.startedAt)
        object.optionalTimestamp("finishedAt", run.finishedAt)
    }
}

struct StepView: Representation {
    static let schemaName = "CloseOfBusinessStep"
    static let example =
        RunView.example.run.steps.first.map { StepView(step: $0) }
        ?? StepView(
            step: .init(
                name: "dateRoll", status: .completed, processed: 1, failed: 0, startedAt: Timestamp(microseconds: 0),
                finishedAt: Timestamp(microseconds: 0)))
    let step: DayRun.Step

    func write(to object: inout ObjectWriter) {
        object.text("name", step.name)
        object.choice("status", step.status)
        object.integer("processed", step.processed)
        object.integer("failed", step.failed)
        object.timestamp("startedAt", step.startedAt)
        object.optionalTimestamp("finishedAt", step.finishedAt)
    }
}

struct ExceptionView: Representation {
    static let schemaName = "CloseOfBusinessException"
    static let example = ExceptionView(
        exception: .init(
            businessDate: BusinessDate(epochDay: 20_602), step: "depositMaturity", entityType: "deposit",
            entityID: "01905c5e-0000-7000-8000-000000000002", code: "account_closed", message: "The account is closed"))
    let exception: DayRun.Exception

    func write(to object: inout ObjectWriter) {
        object.date("businessDate", exception.businessDate)
        object.text("step", exception.step)
        object.text("entityType", exception.entityType)
        object.text("entityId", exception.entityID)
        object.text("code", exception.code)
        object.text("message", exception.message)
    }
}

struct HolidayView: Representation {
    static let schemaName = "Holiday"
    static let example = HolidayView(date: BusinessDate(epochDay: 20_602), name: "Idd-ul-Fitr", isGazetted: true)
    let date: BusinessDate
    let name: String
    let isGazetted: Bool

    func write(to object: inout ObjectWriter) {
        object.date("date", date)
        object.text("name", name)
        object.boolean("gazetted", isGazetted)
    }
}

struct CalendarView: Representation {
    static let schemaName = "HolidayCalendar"
    static let example = CalendarView(year: 2026, holidays: [.example])
    let year: Int
    let holidays: [HolidayView]

    func write(to object: inout ObjectWriter) {
        object.integer("year", year)
        object.array("holidays", holidays)
    }
}
