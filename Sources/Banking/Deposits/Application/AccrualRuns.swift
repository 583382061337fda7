import Application
import Kernel
import Ledger
import Postgres
import Products

/// A run of interest accrual that an administrator asked for.
public struct AccrualRun: Sendable {
    public enum Kind {}
    public let id: Identifier<Kind>
    public let processingDate: BusinessDate
    public let productCode: String?
    public let isDryRun: Bool
    public let accounts: Int64
    public let totals: [Money]
    public let startedAt: Timestamp
    public let finishedAt: Timestamp
}

/// Accrues one date outside of the close of day; a date that has been accrued stays as it is.
struct AccrualRuns: Sendable {
    let workshop: DepositsWorkshop
    let accrual: SavingsAccrual

    /// - Throws: 422 `out_of_range` for a day that has not begun, or one that is over and was not the last
    func run(
        date: BusinessDate, product: String?, isDryRun: Bool, context: RequestContext
    ) async throws -> AccrualRun {
        let started = workshop.clock.now()
        let today = try await workshop.businessDay.current()
        guard date <= today else { throw Refusal.validation([.init("processingDate", "in_future", "The day has not begun")]) }
        if let product {
            let book = try await workshop.tariffs.current()
            guard !book.versions(of: product).isEmpty else { throw Refusal.notFound("product_not_found", "There is no such product") }
        }
        let preview = try await accrual.dryRun(on: date, product: product)
        var accounts: Int64 = isDryRun ? preview.reduce(0) { $0 + $1.accounts } : 0
        if !isDryRun {
            for part in try await accrual.parts(on: date) {
                guard let range = InterestAccountStore.AccountRange(part) else { continue }
                accounts += try await accrual.accrue(range, on: date, product: product).processed
            }
            try await accrual.finish(on: today)
        }
        let run = AccrualRun(
            id: workshop.identifiers.next(), processingDate: date, productCode: product, isDryRun: isDryRun, accounts: accounts,
            totals: Self.summed(preview.map(\.amount)), startedAt: started, finishedAt: workshop.clock.now())
        let workshop = workshop
        _ = try await workshop.pipeline.run(context, isIdempotent: false) { transaction in
            _ = try transaction.execute(
                """
                INSERT INTO deposits.accrual_run (id, processing_date, product_code, is_dry_run, accounts, totals, started_at, finished_at,
                    requested_by)
                VALUES (\(run.id), \(run.processingDate), \(run.productCode), \(run.isDryRun), \(run.accounts),
                    \(run.totals.map { "\($0.currency.code) \($0.minorUnits)" }.joined(separator: ",")), \(run.startedAt),
                    \(run.finishedAt), \(context.principal?.userID))
                """)
            return CommandResult(audit: [
                AuditRecord(
                    action: "deposits.accrueInterest", outcome: .success, actor: context.principal?.userID, subjectType: "date",
                    subjectID: date.description, context: context, detail: [("accounts", String(run.accounts))])
            ])
        }
        return run
    }

    func history(limit: Int, before place: Identifier<AccrualRun.Kind>?) async throws -> [AccrualRun] {
        try await workshop.readers.read { transaction in
            try transaction.query(
                """
                SELECT id, processing_date, product_code, is_dry_run, accounts, totals, started_at, finished_at FROM deposits.accrual_run
                WHERE \(place)::uuid IS NULL OR id < \(place) ORDER BY id DESC LIMIT \(Int64(limit))
                """
            ).map { row in
                AccrualRun(
                    id: try row.identifier(0), processingDate: try row.date(1), productCode: try row.textOrNil(2),
                    isDryRun: try row.bool(3), accounts: try row.int64(4), totals: Self.read(try row.text(5)),
                    startedAt: try row.timestamp(6), finishedAt: try row.timestamp(7))
            }
        }
    }

    private static func summed(_ amounts: [Money]) -> [Money] {
        var sums: [Currency: Int64] = [:]
        for amount in amounts { sums[amount.currency, default: 0] += amount.minorUnits }
        return sums.sorted { $0.key.code < $1.key.code }.map { Money(minorUnits: $0.value, currency: $0.key) }
    }

    private static func read(_ text: String) -> [Money] {
        text.split(separator: ",").compactMap { entry in
            let parts = entry.split(separator: " ")
            guard parts.count == 2, let currency = Currency(code: parts[0]), let amount = Int64(parts[1]) else { return nil }
            return Money(minorUnits: amount, currency: currency)
        }
    }
}
