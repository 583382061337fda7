import Accounts
import Application
import CloseOfDay
import Deposits
import HTTPEdge
import Jobs
import Kernel
import Ledger
import Parties
import Postgres
import TestKit
import Testing

@Suite struct CloseOfDayTests {
    /// A bank in which every step has something to do at the end of January.
    private func furnish(_ bank: DayBank) async throws {
        let amina = try await bank.person()
        let current = try await bank.account(of: amina, "CUR01", 500_000_000)
        for index in 0..<5 { _ = try await bank.account(of: amina, "SAV01", 7_000_000 * Int64(index + 1) + 13) }
        let teller = bank.client.signedIn("Teller")
        for (days, instruction) in [(7, "payOut"), (8, "renewAll"), (9, "renewPrincipal")] {
            let placed = await teller.post(
                "/api/deposits/fixed-deposits",
                """
                {"fromAccountNumber":"\(current.number)","productCode":"FD01","amount":"100000","currency":"KES","termInDays":\(days),
                 "maturityInstruction":"\(instruction)"}
                """)
            try #require(placed.status == 201)
        }
        let opened = await teller.post(
            "/api/deposits/recurring-deposits",
            """
            {"fromAccountNumber":"\(current.number)","productCode":"RD01","monthlyInstallment":"5000","currency":"KES","tenureInMonths":3,
             "autoDebit":true,"dayOfMonth":30}
            """)
        try #require(opened.status == 201)
    }

    private func undisturbed() async throws -> [String: String] {
        let books = Shared<[String: String]>([:])
        try await DayBank.run(from: "2026-01-26") { bank in
            try await furnish(bank)
            try await bank.close(through: "2026-02-05")
            #expect(try await bank.isSound())
            books.exchange(try await bank.books())
        }
        return books.value
    }

    /// Stopped at every place of every step on the busiest day and resumed, the books are those of an undisturbed run.
    @Test func aCrashAnywhereChangesNothing() async throws {
        let expected = try await undisturbed()
        #expect(expected.count > 10)
        for step in ["interestAccrual", "interestPosting", "depositMaturity", "dormancy", "reports"] {
            for moment in Accidents.Moment.allCases {
                try await DayBank.run(from: "2026-01-26") { bank in
                    try await furnish(bank)
                    try await bank.close(through: "2026-01-30")
                    let closing = bank.closing()
                    bank.accidents.plan(step, moment)
                    let run = try await closing.start(through: day("2026-02-05"), context: bank.context(DayBank.administrator))
                    let failed = try await closing.work(on: run.id, worker: "first")
                    #expect(failed.status == .failed && failed.error == "The machine stops at \(step)", "\(step) \(moment)")
                    #expect(try await bank.today == day("2026-01-31"))
                    // Another process goes on.
                    let other = bank.closing()
                    _ = try await other.resume(run.id, context: bank.context(DayBank.administrator))
                    let ended = try await other.work(on: run.id, worker: "second")
                    #expect(ended.status == .completed, "\(step) \(moment): \(ended.error ?? "")")
                    #expect(try await bank.books() == expected, "\(step) \(moment)")
                    #expect(try await bank.isSound())
                }
            }
        }
    }

    /// The first close of a month makes the statements of the one before; stopped anywhere in it, they are made once all the same.
    @Test func statementsOfTheMonthAreMadeOnce() async throws {
        let expected = try await undisturbed()
        #expect(expected.keys.count { $0.hasSuffix(" to 2026-01-31") } > 5)
        for moment in Accidents.Moment.allCases {
            try await DayBank.run(from: "2026-01-26") { bank in
                try await furnish(bank)
                try await bank.close(through: "2026-01-31")
                #expect(try await bank.count("SELECT count(*) FROM statements.statement") == 0)
                let closing = bank.closing()
                bank.accidents.plan("reports", moment)
                let run = try await closing.start(through: day("2026-02-05"), context: bank.context(DayBank.administrator))
                #expect(try await closing.work(on: run.id, worker: "first").status == .failed)
                let other = bank.closing()
                _ = try await other.resume(run.id, context: bank.context(DayBank.administrator))
                #expect(try await other.work(on: run.id, worker: "second").status == .completed, "\(moment)")
                #expect(try await bank.books() == expected, "\(moment)")
                // January was opened in its midst, so that there is nothing before it.
                #expect(try await bank.count("SELECT count(*) FROM statements.statement WHERE to_date <> '2026-01-31'") == 0)
            }
        }
    }

    /// A worker that dies holding the job is replaced when its lease is over.
    @Test func aDeadWorkerIsReplaced() async throws {
        try await DayBank.run(from: "2026-01-26") { bank in
            try await furnish(bank)
            let closing = bank.closing()
            let run = try await closing.start(through: nil, context: bank.context(DayBank.administrator))
            let held = try await bank.queue.claim([CloseOfDay.runJob], worker: "dead", leaseSeconds: 30)
            #expect(held != nil)
            #expect(try await bank.queue.claim([CloseOfDay.runJob], worker: "eager", leaseSeconds: 30) == nil)
            bank.clock.advance(seconds: 31)
            let ended = try await closing.work(on: run.id, worker: "alive")
            #expect(ended.status == .completed)
            // The dead one wakes: it cannot finish what is no longer its own.
            let stale = try #require(held)
            #expect(try await bank.queue.complete(stale) == false)
            #expect(try await bank.queue.renew(stale, leaseSeconds: 30) == false)
        }
    }

    /// Two workers at the same run, and steps that run twice at once: everything is done once.
    @Test func twoWorkersDoEverythingOnce() async throws {
        let expected = try await undisturbed()
        try await DayBank.run(from: "2026-01-26") { bank in
            try await furnish(bank)
            let (first, second) = (bank.closing(), bank.closing())
            let run = try await first.start(through: day("2026-02-05"), context: bank.context(DayBank.administrator))
            async let one = first.work(on: run.id, worker: "one")
            async let two = second.work(on: run.id, worker: "two")
            let runs = try await [one, two]
            #expect(runs.allSatisfy { $0.status == .completed })
            #expect(try await bank.books() == expected)
        }
        try await DayBank.run(from: "2026-01-31") { bank in
            try await furnish(bank)
            let date = day("2026-01-31")
            for step in [SavingsAccrual(bank.workshop) as any DayStep, InterestPosting(bank.workshop), DepositMaturity(bank.workshop)] {
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            // Whoever is overtaken is told to come again; the next look finds nothing to do.
                            for part in (try? await step.parts(on: date)) ?? [] { _ = try? await step.run(part, on: date) }
                            try? await step.finish(on: date)
                        }
                    }
                }
                for part in try await step.parts(on: date) { _ = try await step.run(part, on: date) }
                try await step.finish(on: date)
            }
            #expect(try await bank.count("SELECT count(*) FROM deposits.interest_payment WHERE deposit_id IS NULL") == 5)
            #expect(try await bank.isSound())
        }
    }

    /// Interrupted between two units of interest, gone on with later: every account is paid once.
    @Test func interestPostingStoppedBetweenUnits() async throws {
        try await DayBank.run(from: "2026-01-31") { bank in
            let amina = try await bank.person()
            for _ in 0..<12 { _ = try await bank.account(of: amina, "SAV01", 90_000_000) }
            let date = day("2026-01-31")
            let accrual = SavingsAccrual(bank.workshop)
            for part in try await accrual.parts(on: date) { _ = try await accrual.run(part, on: date) }
            try await accrual.finish(on: date)
            let posting = InterestPosting(bank.workshop, accountsInUnit: 2, unitsAtOnce: 1)
            let parts = try await posting.parts(on: date)
            let task = Task { for part in parts { _ = try await posting.run(part, on: date) } }
            while try await bank.count("SELECT count(*) FROM deposits.interest_payment") < 4 { await Task.yield() }
            task.cancel()
            _ = await task.result
            for part in parts { _ = try await posting.run(part, on: date) }
            try await posting.finish(on: date)
            #expect(try await bank.count("SELECT count(*) FROM deposits.interest_payment") == 12)
            #expect(try await bank.count("SELECT count(DISTINCT account_id) FROM deposits.interest_payment") == 12)
            #expect(try await bank.count("SELECT coalesce(sum(amount), 0)::bigint FROM ledger.posting WHERE gl_code = 2100") == 0)
        }
    }

    /// Customers work while the day is closed.
    @Test func customersWorkMeanwhile() async throws {
        try await DayBank.run(from: "2026-01-31") { bank in
            try await furnish(bank)
            let amina = try await bank.person("Jane")
            let account = try await bank.account(of: amina, "SAV01", 1_000_000)
            let isOver = Shared(false)
            async let moved: Int = {
                var count = 0
                while !isOver.value {
                    try await bank.move(100, to: account.id)
                    count += 1
                }
                return count
            }()
            try await bank.close(through: "2026-02-10")
            isOver.exchange(true)
            let count = try await moved
            #expect(count > 10)
            #expect(try await bank.balance(account) > 1_000_000 + 100 * Int64(count) - 1)
            #expect(try await bank.isSound())
        }
    }

    /// One bad contract becomes an exception, the rest goes on, and the next day tries again.
    @Test func aBadContractIsAnException() async throws {
        try await DayBank.run(from: "2026-01-05") { bank in
            let amina = try await bank.person()
            let (current, payout) = (try await bank.account(of: amina, "CUR01", 50_000_000), try await bank.account(of: amina, "SAV01"))
            let teller = bank.client.signedIn("Teller")
            var ids: [String] = []
            for more in [#","payoutAccountId":"\#(payout.id)""#, ""] {
                let placed = await teller.post(
                    "/api/deposits/fixed-deposits",
                    """
                    {"fromAccountNumber":"\(current.number)","productCode":"FD01","amount":"100000","currency":"KES","termInDays":7\(more)}
                    """)
                ids.append(try #require(placed.text("depositId")))
            }
            _ = await bank.client.signedIn("Supervisor").send(
                .patch, "/api/accounts/\(payout.number)/freeze", json: #"{"reason":"court order"}"#)
            let run = try await bank.close(through: "2026-01-12")
            #expect(run.exceptions.map(\.code) == ["account_frozen"] && run.exceptions.first?.entityID == ids[0])
            #expect(run.steps.first { $0.name == "depositMaturity" }?.failed == 1)
            #expect(await teller.send(.get, "/api/deposits/\(ids[0])").text("status") == "matured")
            #expect(await teller.send(.get, "/api/deposits/\(ids[1])").text("status") == "closed")
            _ = await bank.client.signedIn("BranchManager").send(
                .patch, "/api/accounts/\(payout.number)/unfreeze", json: #"{"reason":"order lifted"}"#)
            #expect(try await bank.close().exceptions.isEmpty)
            #expect(await teller.send(.get, "/api/deposits/\(ids[0])").text("status") == "closed")
            // No interest for the day that the money waited.
            #expect(await teller.send(.get, "/api/deposits/\(ids[0])").text("payout") == "100154.86")
        }
    }

    @Test func datesOverHTTP() async throws {
        try await DayBank.run(from: "2026-01-02") { bank in
            let (administrator, teller) = (bank.client.signedIn("Administrator"), bank.client.signedIn("Teller"))
            let open = await teller.send(.get, "/api/cob/business-date")
            // Friday; Monday is the next day of business.
            #expect(open.text("businessDate") == "2026-01-02" && open.text("nextBusinessDate") == "2026-01-05")
            #expect(open.text("status") == "open" && open.text("calendarDate") == "2026-01-02")
            #expect(await teller.post("/api/cob/runs").status == 403)
            #expect(await administrator.post("/api/cob/runs", #"{"throughDate":"2026-01-01"}"#).faults == ["throughDate:out_of_range"])
            let started = await administrator.post("/api/cob/runs", #"{"throughDate":"2026-01-03"}"#)
            #expect(started.status == 202 && started.text("status") == "running" && started.text("fromDate") == "2026-01-02")
            #expect(await administrator.post("/api/cob/runs").outcome == "409 run_in_progress")
            #expect(await teller.send(.get, "/api/cob/business-date").text("status") == "closing")
            let id = try #require(started.text("runId").flatMap { Identifier<ClosingRun>($0) })
            _ = try await bank.closing().work(on: id, worker: "test")
            let ended = await teller.send(.get, "/api/cob/runs/\(id)")
            #expect(ended.text("status") == "completed" && ended.text("steps", 0, "name") == "interestAccrual")
            #expect(await teller.send(.get, "/api/cob/business-date").text("businessDate") == "2026-01-04")
            #expect(await administrator.post("/api/cob/runs/\(id)/resume").outcome == "409 invalid_state")
            #expect(await teller.send(.get, "/api/cob/runs/\(Identifier<ClosingRun>(bits: 5))").status == 404)
            #expect(await teller.send(.get, "/api/cob/runs").count(of: "items") == 1)

            let calendar = await administrator.send(
                .put, "/api/cob/calendar?year=2026", json: #"{"holidays":[{"date":"2026-03-20","name":"Idd-ul-Fitr"}]}"#)
            #expect(calendar.status == 200)
            #expect(await teller.send(.get, "/api/cob/calendar?year=2026").count(of: "holidays") == calendar.count(of: "holidays"))
        }
    }

    /// In production the business date never runs ahead of the calendar.
    @Test func productionStaysBehindTheCalendar() async throws {
        try await DayBank.run(from: "2026-01-05", mayRunAhead: false) { bank in
            let administrator = bank.client.signedIn("Administrator")
            #expect(await administrator.post("/api/cob/runs").outcome == "422 date_in_future")
            bank.clock.advance(seconds: 86_400)
            #expect(await administrator.post("/api/cob/runs").status == 202)
        }
    }

    /// The scheduler catches up missed days one by one, does nothing when the clock goes back, and not years when it leaps ahead.
    @Test func missedDaysAndClocksThatJump() async throws {
        try await DayBank.run(from: "2026-01-05") { bank in
            let closing = bank.closing()
            let catchUp = try #require(closing.jobs.first { $0.name == CloseOfDay.catchUpJob })
            func tick() async throws {
                try await bank.queue.enqueue(CloseOfDay.catchUpJob, key: DayBank.freshKey())
                let job = try #require(try await bank.queue.claim([CloseOfDay.catchUpJob], worker: "t", leaseSeconds: 30))
                try await catchUp.run(job)
                try await bank.queue.complete(job)
                if let run = try await closing.runs(limit: 1, before: nil).first { _ = try await closing.work(on: run.id, worker: "t") }
            }
            try await tick()
            #expect(try await bank.today == day("2026-01-05"))
            bank.clock.advance(seconds: 4 * 86_400)
            try await tick()
            #expect(try await bank.today == day("2026-01-09"))
            #expect(try await bank.count("SELECT count(*) FROM closeofday.step WHERE name = 'dateRoll' AND status = 'completed'") == 4)
            bank.clock.set(day("2025-12-01").startOfDay)
            try await tick()
            #expect(try await bank.today == day("2026-01-09"))
            bank.clock.set(day("2031-01-01").startOfDay)
            try await tick()
            #expect(try await bank.today == day("2026-01-09"))
        }
    }

    @Test func aDryRunPostsNothing() async throws {
        try await DayBank.run(from: "2026-01-31") { bank in
            try await furnish(bank)
            let before = try await bank.books()
            let preview = try await bank.closing().preview()
            #expect(preview.date == day("2026-01-31"))
            #expect(preview.lines.contains { $0.step == "interestAccrual" && $0.preview.count == 5 })
            #expect(try await bank.books() == before)
        }
    }

    @Test func accountsFallAsleepAndWakeUp() async throws {
        try await DayBank.run(from: "2026-01-05") { bank in
            let amina = try await bank.person()
            let (idle, used) = (try await bank.account(of: amina, "SAV01", 1_000_000), try await bank.account(of: amina, "CUR01", 1_000))
            try await bank.close(through: "2026-06-30")
            try await bank.move(1, to: used.id)
            try await bank.close(through: "2027-01-05")
            let teller = bank.client.signedIn("Teller")
            #expect(await teller.send(.get, "/api/accounts/\(idle.number)").text("status") == "dormant")
            #expect(await teller.send(.get, "/api/accounts/\(used.number)").text("status") == "active")
            _ = await bank.client.signedIn("Supervisor").send(
                .patch, "/api/accounts/\(idle.number)/reactivate", json: #"{"reason":"the holder came"}"#)
            try await bank.close(through: "2027-01-10")
            #expect(await teller.send(.get, "/api/accounts/\(idle.number)").text("status") == "active")
            // It earned all the time, asleep or not.
            #expect(try await bank.balance(idle) > 1_000_000 + 25_000)
        }
    }
}
