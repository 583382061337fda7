import Application
import Interest
import Kernel
import Ledger
import Postgres
import Products

/// Posts the accrued interest of accounts and keeps the tax back, at the ends of months or as the terms say: a journal for each account,
/// a hundred of them in a unit, each unit marked in its own commit.
public struct InterestPosting: DayStep {
    static let rangeSize: Int64 = 20_000

    public let name = "interestPosting"
    private let workshop: DepositsWorkshop
    private let liabilities: InterestLiabilities
    private let accountsInUnit: Int
    private let unitsAtOnce: Int

    /// - Parameters:
    ///   - accountsInUnit: journals that are posted together, all or none
    ///   - unitsAtOnce: units that wait for the posting engine at a time
    public init(_ workshop: DepositsWorkshop, accountsInUnit: Int = 100, unitsAtOnce: Int = 4) {
        precondition(accountsInUnit > 0 && unitsAtOnce > 0, "a unit has at least one account")
        self.accountsInUnit = accountsInUnit
        self.unitsAtOnce = unitsAtOnce
        self.workshop = workshop
        liabilities = InterestLiabilities(workshop)
    }

    private struct Posting: Sendable {
        let due: InterestAccountStore.Due
        let terms: InterestAccountStore.Terms
        let gross: Int64
        let tax: Int64
        var net: Int64 { gross - tax }
    }

    public func parts(on date: BusinessDate) async throws -> [String] {
        guard try await !dueTerms(on: date).isEmpty else { return [] }
        let ranges = try await workshop.readers.read { try InterestAccountStore.ranges(size: Self.rangeSize, in: $0) }
        return ranges.map(\.text)
    }

    public func run(_ part: String, on date: BusinessDate) async throws -> DayOutcome {
        guard let whole = InterestAccountStore.AccountRange(part) else { return DayOutcome() }
        let terms = try await dueTerms(on: date)
        let keys = Array(terms.keys)
        var outcome = DayOutcome()
        var next = whole.first
        let limit = Int64(accountsInUnit * unitsAtOnce)
        while next <= whole.last {
            let range = InterestAccountStore.AccountRange(first: next, last: whole.last)
            let due = try await workshop.readers.read {
                try InterestAccountStore.due(keys, range, on: date, limit: limit, in: $0)
            }
            guard let last = due.last else { break }
            let postings = try await plan(due, terms, on: date)
            try await withThrowingTaskGroup(of: DayOutcome.self) { group in
                for start in stride(from: 0, to: postings.count, by: accountsInUnit) {
                    let unit = Array(postings[start..<min(start + accountsInUnit, postings.count)])
                    group.addTask { try await post(unit, on: date) }
                }
                for try await part in group {
                    outcome.processed += part.processed
                    outcome.exceptions += part.exceptions
                }
            }
            guard last.account.bits < .max else { break }
            next = last.account.bits + 1
        }
        return outcome
    }

    public func finish(on date: BusinessDate) async throws {
        guard try await !dueTerms(on: date).isEmpty else { return }
        try await liabilities.recognise(on: date, against: .rounding)
    }

    public func preview(on date: BusinessDate) async throws -> [DayPreview] {
        let terms = try await dueTerms(on: date)
        let totals = try await workshop.readers.read { try InterestAccountStore.totals(in: $0) }
        return terms.values.sorted { $0.key < $1.key }.compactMap { terms in
            guard let total = totals[terms.key], total.micro > 0 else { return nil }
            let minor = Int64(clamping: Rounding.halfEven.divide(total.micro, by: 1_000_000))
            return DayPreview(
                what: "interest posted on \(terms.productCode)", count: total.accounts,
                amount: Money(minorUnits: minor, currency: terms.currency))
        }
    }

    /// Terms whose interest is posted at the close of a day.
    private func dueTerms(on date: BusinessDate) async throws -> [Int32: InterestAccountStore.Terms] {
        let book = try await workshop.tariffs.current()
        let terms = try await workshop.readers.read { try InterestAccountStore.terms(in: $0) }
        let due = terms.filter { terms in
            book.product(terms.productCode, version: terms.productVersion)?.terms.interest?.postingFrequency.isDue(onCloseOf: date) == true
        }
        return Dictionary(due.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private func plan(
        _ due: [InterestAccountStore.Due], _ terms: [Int32: InterestAccountStore.Terms], on date: BusinessDate
    ) async throws -> [Posting] {
        let book = try await workshop.tariffs.current()
        let exempt = try await workshop.readers.read { try InterestBooks.exempt(among: due.map(\.customer), on: date, in: $0) }
        let taxRate = DepositsWorkshop.taxRate(on: date, book: book)
        return try due.compactMap { due in
            guard let terms = terms[due.termsKey] else { return nil }
            let interest = book.product(terms.productCode, version: terms.productVersion)?.terms.interest
            let gross = due.accrual.rounded(basis: interest?.dayCount(in: terms.currency).basis ?? 365)
            guard gross > 0 else { return nil }
            let tax = try WithholdingTax.of(
                Money(minorUnits: gross, currency: terms.currency),
                rate: exempt.contains(due.customer) ? Rate(millionthsOfPercent: 0) : taxRate)
            return Posting(due: due, terms: terms, gross: gross, tax: tax.minorUnits)
        }
    }

    /// Posts a unit. When somebody else was first it is left to the next look; when an account refuses, the others are posted by themselves.
    private func post(_ postings: [Posting], on date: BusinessDate) async throws -> DayOutcome {
        do {
            _ = try await workshop.engine.post(unit(postings, on: date))
            return DayOutcome(processed: Int64(postings.count))
        } catch let refusal as Refusal where refusal.kind != .unavailable {
            guard postings.count > 1 else {
                let account = postings[0].due.account
                return DayOutcome(exceptions: [DayException(entityType: "account", entityID: account.description, refusal: refusal)])
            }
            var outcome = DayOutcome()
            for posting in postings {
                let one = try await post([posting], on: date)
                outcome.processed += one.processed
                outcome.exceptions += one.exceptions
            }
            return outcome
        }
    }

    private func unit(_ postings: [Posting], on date: BusinessDate) -> PostingUnit {
        let now = workshop.clock.now()
        var context = RequestContext.system(.batch, at: now, idempotencyKey: "")
        context.method = "COB"
        context.path = name
        let commands = postings.map { posting in
            LedgerCommand.journal(
                JournalDraft(
                    type: .interest, referencePrefix: "INT", sourceType: "interestPosting", sourceID: posting.due.account.bits,
                    narration: "Interest to \(date)",
                    legs: DepositsWorkshop.interestLegs(
                        to: posting.due.account, gross: posting.gross, tax: posting.tax, currency: posting.terms.currency),
                    pricedOn: date))
        }
        let payments = postings.map {
            InterestBooks.Payment(
                account: $0.due.account, customer: $0.due.customer, deposit: nil, productCode: $0.terms.productCode,
                currency: $0.terms.currency, gross: $0.gross, tax: $0.tax)
        }
        return PostingUnit(
            commands: commands, context: context, idempotency: nil,
            audit: AuditRecord(
                action: "deposits.postInterest", outcome: .success, actor: nil, subjectType: "account",
                subjectID: postings[0].due.account.description, context: context,
                detail: [("date", date.description), ("accounts", String(postings.count))]),
            companions: [InterestAccountStore.markPosted(postings.map { ($0.due, $0.net) }, on: date)]
                + InterestBooks.record(payments, on: date, identifiers: workshop.identifiers))
    }
}
