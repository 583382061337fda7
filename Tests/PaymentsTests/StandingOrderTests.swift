import Accounts
import HTTPEdge
import Kernel
import Ledger
import Parties
import Payments
import Postgres
import Testing

@Suite struct StandingOrderScheduleTests {
    private func date(_ text: String) -> BusinessDate { BusinessDate(iso: text) ?? BusinessDate(epochDay: 0) }

    private func days(
        _ frequency: StandingOrderFrequency, _ day: Int?, from start: String, to end: String? = nil, count: Int
    ) -> [String] {
        let schedule = StandingOrderSchedule(
            frequency: frequency, dayOfMonth: day, startDate: date(start), endDate: end.map { date($0) })
        var days: [String] = []
        var next = schedule.first(onOrAfter: date(start))
        while let due = next, days.count < count {
            days.append(due.description)
            next = schedule.next(after: due)
        }
        return days
    }

    @Test func shortMonthsNeverMoveLaterOnes() {
        #expect(
            days(.monthly, 31, from: "2026-01-31", count: 6) == [
                "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30",
            ])
        #expect(days(.monthly, 30, from: "2028-01-15", count: 3) == ["2028-01-30", "2028-02-29", "2028-03-30"])
        #expect(days(.monthly, nil, from: "2026-08-31", count: 3) == ["2026-08-31", "2026-09-30", "2026-10-31"])
        // The day of the first month is over: the order begins in the next one.
        #expect(days(.monthly, 5, from: "2026-12-20", count: 2) == ["2027-01-05", "2027-02-05"])
    }

    @Test func leapDaysComeEveryFourYears() {
        #expect(
            days(.yearly, nil, from: "2028-02-29", count: 5) == [
                "2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29",
            ])
    }

    @Test func weeksAndQuartersAndEnds() {
        #expect(days(.weekly, nil, from: "2026-12-28", count: 3) == ["2026-12-28", "2027-01-04", "2027-01-11"])
        #expect(days(.quarterly, 31, from: "2026-11-30", count: 3) == ["2026-11-30", "2027-02-28", "2027-05-31"])
        #expect(days(.weekly, nil, from: "2026-03-02", to: "2026-03-15", count: 9) == ["2026-03-02", "2026-03-09"])
        #expect(days(.monthly, 31, from: "2026-03-02", to: "2026-03-30", count: 9).isEmpty)
    }

    @Test func everyFirstDayIsTheEarliestThatIsDue() {
        for frequency in StandingOrderFrequency.allCases {
            let schedule = StandingOrderSchedule(frequency: frequency, dayOfMonth: 31, startDate: date("2027-01-31"), endDate: nil)
            var due = schedule.first(onOrAfter: schedule.startDate)
            for offset in Int32(0)..<1_500 {
                let day = schedule.startDate.adding(days: offset)
                if let present = due, present < day { due = schedule.next(after: present) }
                #expect(schedule.first(onOrAfter: day) == due, "\(frequency) \(day)")
            }
        }
    }
}

@Suite struct StandingOrderTests {
    private static let path = "/api/payments/standing-orders"

    private struct Fixture {
        let bank: Bank
        let payer: InProcessClient
        let from: AccountIdentity
        let to: AccountIdentity

        func body(_ amount: String = "1000.00", start: String = "2026-03-02", extra: String = "", frequency: String = "monthly") -> String {
            """
            {"kind":"internal","fromAccountId":"\(from.id)","toAccountNumber":"\(to.number)","amount":"\(amount)","currency":"KES",\
            "frequency":"\(frequency)","startDate":"\(start)","narration":"Rent"\(extra)}
            """
        }
    }

    private func run(_ balance: Int64 = 10_000_000, _ body: (Fixture) async throws -> Void) async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            try await body(
                Fixture(
                    bank: bank, payer: bank.signedIn(amina), from: try await bank.account(of: amina, balance),
                    to: try await bank.account(of: brian)))
        }
    }

    private func day(_ offset: Int32) -> BusinessDate { BusinessDate(of: Bank.opening).adding(days: offset) }

    @Test func anOrderIsGivenReadChangedAndEnded() async throws {
        try await run { fixture in
            let payer = fixture.payer
            let given = await payer.post(Self.path, fixture.body(start: "2026-03-05", extra: ",\"dayOfMonth\":31,\"maxRuns\":12"))
            #expect(given.status == 201, "\(given.text)")
            #expect(given.text("status") == "active" && given.text("nextRunDate") == "2026-03-31" && given.text("version") == "1")
            let id = given.text("standingOrderId") ?? ""
            #expect(given.headers["Location"] == "\(Self.path)/\(id)")
            #expect(await payer.get("\(Self.path)/\(id)").body == given.body)
            let change = fixture.body("500.00", start: "2026-03-05", extra: ",\"dayOfMonth\":15,\"version\":1", frequency: "quarterly")
            let changed = await payer.put("\(Self.path)/\(id)", change)
            #expect(changed.status == 200, "\(changed.text)")
            #expect(changed.text("nextRunDate") == "2026-03-15" && changed.text("amount") == "500.00" && changed["maxRuns"] == nil)
            #expect(await payer.put("\(Self.path)/\(id)", change).outcome == "409 version_conflict")
            let paused = await payer.put("\(Self.path)/\(id)", fixture.body(start: "2026-03-05", extra: ",\"isPaused\":true,\"version\":2"))
            #expect(paused.text("status") == "paused", "\(paused.text)")
            #expect(try await fixture.bank.standingOrders.runDueStandingOrders(on: day(100)).total == 0)
            #expect(await payer.get("\(Self.path)?status=paused").text("items", 0, "standingOrderId") == id)
            #expect(await payer.send(.delete, "\(Self.path)/\(id)").status == 204)
            #expect(await payer.send(.delete, "\(Self.path)/\(id)").status == 204)
            #expect(await payer.get("\(Self.path)/\(id)").text("status") == "ended")
            #expect(await payer.put("\(Self.path)/\(id)", fixture.body(extra: ",\"version\":4")).outcome == "409 invalid_state")
            // Nobody else's.
            let stranger = fixture.bank.signedIn(try await fixture.bank.person("Chege", "Mwangi"))
            #expect(await stranger.get("\(Self.path)/\(id)").outcome == "404 not_found")
            #expect(await stranger.send(.delete, "\(Self.path)/\(id)").outcome == "404 not_found")
            #expect(await stranger.post(Self.path, fixture.body()).outcome == "404 account_not_found")
        }
    }

    @Test func whatCannotRunIsRefused() async throws {
        try await run { fixture in
            let payer = fixture.payer
            func refused(_ body: String) async -> String { await payer.post(Self.path, body).outcome }
            #expect(await refused(fixture.body(start: "2026-03-01")) == "422 validation_failed startDate")
            #expect(await refused(fixture.body(extra: ",\"endDate\":\"2026-03-01\"")) == "422 validation_failed endDate")
            #expect(
                await refused(fixture.body(start: "2026-03-03", extra: ",\"dayOfMonth\":31,\"endDate\":\"2026-03-30\""))
                    == "422 validation_failed endDate")
            #expect(await refused(fixture.body(extra: ",\"dayOfMonth\":32")) == "422 validation_failed dayOfMonth")
            #expect(await refused(fixture.body(frequency: "daily")) == "422 validation_failed frequency")
            #expect(await refused(fixture.body("0")) == "422 validation_failed amount")
            #expect(await refused(fixture.body("600000.00")) == "422 limit_exceeded amount")
            #expect(await refused(fixture.body().replacing("\"internal\"", with: "\"bank\"")) == "422 validation_failed kind")
            #expect(await refused(fixture.body().replacing("\"KES\"", with: "\"USD\"")) == "422 currency_mismatch currency")
            #expect(
                await refused(fixture.body().replacing(fixture.to.number, with: fixture.from.number)) == "422 same_account toAccountNumber")
            #expect(await refused(fixture.body().replacing(fixture.to.number, with: "0010100000000")) == "404 destination_not_found")
            // A large one needs the second factor, for exactly this order.
            let asked = await payer.post(Self.path, fixture.body("60000.00"))
            #expect(asked.outcome == "403 step_up_required" && asked.text("action", "type") == "standingOrder")
            let token = try fixture.bank.gate.confirm(asked.text("challengeId"))
            #expect(await payer.post(Self.path, fixture.body("60001.00"), stepUpToken: token).outcome == "403 step_up_required")
            #expect(await payer.post(Self.path, fixture.body("60000.00"), stepUpToken: token).status == 201)
        }
    }

    @Test func dueDaysAreCarriedOutOnceEach() async throws {
        try await run { fixture in
            let (bank, payer) = (fixture.bank, fixture.payer)
            let id = await payer.post(Self.path, fixture.body(extra: ",\"dayOfMonth\":31,\"maxRuns\":2")).text("standingOrderId") ?? ""
            #expect(try await bank.standingOrders.runDueStandingOrders(on: day(0)).total == 0)
            try await bank.open(day: 29)
            // Several at once, and again: one transfer.
            let runner = bank.standingOrders
            async let first = runner.runDueStandingOrders(on: day(29))
            async let second = runner.runDueStandingOrders(on: day(29))
            #expect(try await first.completed + second.completed == 1)
            #expect(try await runner.runDueStandingOrders(on: day(29)).total == 0)
            #expect(try await bank.balance(fixture.to) == 100_000)
            #expect(try await bank.balance(fixture.from) == 10_000_000 - 100_000 - 1_150)
            let order = await payer.get("\(Self.path)/\(id)")
            #expect(order.text("runCount") == "1" && order.text("lastRunDate") == "2026-03-31" && order.text("nextRunDate") == "2026-04-30")
            let history = await payer.get("/api/customer-portal/accounts/\(fixture.from.number)/transactions?type=transfer")
            #expect(history.text("items", 0, "narration") == "Rent" && history.text("items", 0, "channel") == "system")
            // The last run ends it.
            try await bank.open(day: 60)
            #expect(try await runner.runDueStandingOrders(on: day(60)).completed == 1)
            #expect(await payer.get("\(Self.path)/\(id)").text("status") == "ended")
            #expect(try await bank.balance(fixture.to) == 200_000)
        }
    }

    @Test func aRunThatDiedAfterThePostingDoesNotPayTwice() async throws {
        try await run { fixture in
            let (bank, runner) = (fixture.bank, fixture.bank.standingOrders)
            let id = await fixture.payer.post(Self.path, fixture.body()).text("standingOrderId") ?? ""
            #expect(try await runner.runDueStandingOrders(on: day(0)).completed == 1)
            // As if the program had died between the posting and its own record of it.
            try await bank.arrange {
                _ = try $0.execute(
                    """
                    UPDATE payments.standing_order SET due_date = '2026-03-02', next_run_date = '2026-03-02', run_count = 0,
                        last_run_date = NULL, claimed_until = '2026-03-02T09:00:10Z'
                    """)
            }
            // Somebody holds it; later nobody does.
            #expect(try await runner.runDueStandingOrders(on: day(0)).total == 0)
            #expect(await fixture.payer.send(.delete, "\(Self.path)/\(id)").outcome == "409 invalid_state")
            bank.clock.advance(seconds: 60)
            #expect(try await runner.runDueStandingOrders(on: day(0)).completed == 1)
            #expect(try await bank.balance(fixture.to) == 100_000)
            #expect(try await bank.count("SELECT count(*) FROM ledger.journal WHERE source_type = 'standingOrder'") == 1)
        }
    }

    @Test func withoutFundsItIsTriedOnThreeBusinessDaysAndThenMissed() async throws {
        try await run(50_000) { fixture in
            let (bank, payer, runner) = (fixture.bank, fixture.payer, fixture.bank.standingOrders)
            // Friday, 6 March.
            let id = await payer.post(Self.path, fixture.body(start: "2026-03-06")).text("standingOrderId") ?? ""
            var tried: [String] = []
            for offset in Int64(4)...Int64(12) {
                try await bank.open(day: offset)
                let run = try await runner.runDueStandingOrders(on: day(Int32(offset)))
                if run.total > 0 { tried.append("\(day(Int32(offset))) \(run.postponed) \(run.missed)") }
            }
            // Over the weekend nobody tries.
            #expect(tried == ["2026-03-06 1 0", "2026-03-09 1 0", "2026-03-10 1 0", "2026-03-11 0 1"])
            let order = await payer.get("\(Self.path)/\(id)")
            #expect(order.text("missedCount") == "1" && order.text("lastFailureCode") == "insufficient_funds")
            #expect(order.text("status") == "active" && order.text("nextRunDate") == "2026-04-06")
            #expect(try await bank.balance(fixture.to) == 0)
            #expect(try await bank.count("SELECT count(*) FROM platform.outbox WHERE name = 'notifications.noticeRequested'") == 1)
        }
    }

    @Test func moneyThatComesInTimeSavesTheDay() async throws {
        try await run(50_000) { fixture in
            let (bank, payer, runner) = (fixture.bank, fixture.payer, fixture.bank.standingOrders)
            _ = await payer.post(Self.path, fixture.body(start: "2026-03-02"))
            #expect(try await runner.runDueStandingOrders(on: day(0)).postponed == 1)
            let rich = try await bank.person("Rich", "Uncle")
            let source = try await bank.account(of: rich, 10_000_000)
            #expect(await bank.signedIn(rich).transfer(TransferCall(from: source, to: fixture.from, "5000.00")).status == 201)
            try await bank.open(day: 1)
            #expect(try await runner.runDueStandingOrders(on: day(1)).completed == 1)
            #expect(try await bank.balance(fixture.to) == 100_000)
        }
    }

    @Test func aClosedDestinationEndsTheOrder() async throws {
        try await run { fixture in
            let id = await fixture.payer.post(Self.path, fixture.body()).text("standingOrderId") ?? ""
            try await fixture.bank.arrange {
                _ = try $0.execute("UPDATE ledger.account SET status = 4 WHERE id = \(fixture.to.id)")
            }
            #expect(try await fixture.bank.standingOrders.runDueStandingOrders(on: day(0)).missed == 1)
            let order = await fixture.payer.get("\(Self.path)/\(id)")
            #expect(order.text("status") == "ended" && order.text("lastFailureCode") == "account_closed")
        }
    }
}
