import Accounts
import Application
import Kernel
import Ledger
import Parties
import Postgres
import Products

/// What everything in this room works with.
public struct DepositsWorkshop: Sendable {
    let pool: ConnectionPool
    let readers: ConnectionPool
    let pipeline: CommandPipeline
    let engine: PostingEngine
    let clock: any WallClock
    let identifiers: any IdentifierSource
    let tariffs: TariffBookCache
    let directory: AccountDirectory
    let access: AccountAccess
    let opening: AccountOpening
    let businessDay: BusinessDayCache
    let reader: LedgerReader

    public init(
        pool: ConnectionPool, readers: ConnectionPool, pipeline: CommandPipeline, engine: PostingEngine, clock: any WallClock,
        identifiers: any IdentifierSource, tariffs: TariffBookCache, directory: AccountDirectory, opening: AccountOpening,
        businessDay: BusinessDayCache
    ) {
        self.pool = pool
        self.readers = readers
        self.pipeline = pipeline
        self.engine = engine
        self.clock = clock
        self.identifiers = identifiers
        self.tariffs = tariffs
        self.directory = directory
        access = AccountAccess(directory: directory, pool: readers)
        self.opening = opening
        self.businessDay = businessDay
        reader = LedgerReader(clock: clock)
    }

    /// Interest payable, tax payable and rounding (contract, section 8).
    static let interestPayable = GLCode(2100)
    static let withholdingTaxPayable = GLCode(2210)
    static let interestExpense = GLCode(5001)
    static let rounding = GLCode(5901)

    /// Does something that is priced by the business date, again when the day was closed meanwhile.
    func onOpenDay<Value: Sendable>(_ body: @Sendable (BusinessDate, TariffBook) async throws -> Value) async throws -> Value {
        var attempts = 0
        while true {
            do {
                let date = try await businessDay.current()
                return try await body(date, try await tariffs.current())
            } catch let refusal as Refusal where refusal == .businessDateChanged && attempts < 3 {
                attempts += 1
                businessDay.invalidate()
            }
        }
    }

    /// The tax on a customer's interest on a day: the rate in force, or nothing for exempt holders.
    func taxRate(of customer: Identifier<Customer>, on date: BusinessDate, book: TariffBook) async throws -> Rate {
        let isExempt = try await readers.read { try InterestBooks.exempt(among: [customer], on: date, in: $0).contains(customer) }
        return isExempt ? Rate(millionthsOfPercent: 0) : Self.taxRate(on: date, book: book)
    }

    static func taxRate(on date: BusinessDate, book: TariffBook) -> Rate {
        book.fees.rate(of: .withholdingOnInterest, on: date) ?? Rate(millionthsOfPercent: 0)
    }

    /// The journal of a key that moved money before; nil when the key is new.
    /// - Throws: 422 `idempotency_key_reused`
    func journalOfKey(_ context: RequestContext) async throws -> PostedJournal? {
        let (key, reader) = (IdempotencyKey(context), reader)
        return try await readers.read { transaction in
            guard let stored = try IdempotencyStore.outcomes(transaction.query(IdempotencyStore.find([key.digest])))[key.digest] else {
                return nil
            }
            guard stored.bodyDigest == key.bodyDigest else { throw IdempotencyKey.reused() }
            return try stored.effectID.flatMap { try reader.journal(Identifier(bits: $0), in: transaction) }
        }
    }

    func audit(_ action: String, _ deposit: Identifier<DepositContract>, _ context: RequestContext, _ detail: [(String, String)] = [])
        -> AuditRecord
    {
        AuditRecord(
            action: "deposits.\(action)", outcome: .success, actor: context.principal?.userID, subjectType: "deposit",
            subjectID: deposit.description, context: context, detail: detail)
    }

    /// The legs that pay interest to an account and keep the tax back.
    static func interestLegs(to account: Identifier<Account>, gross: Int64, tax: Int64, currency: Currency) -> [Leg] {
        assert(gross > 0 && tax >= 0 && tax <= gross, "tax is a part of the interest")
        var legs = [
            Leg(.generalLedger(interestPayable), amount: -gross, currency: currency, type: .interest),
            Leg(.account(account), amount: gross, currency: currency, type: .interest),
        ]
        if tax > 0 {
            legs.append(Leg(.account(account), amount: -tax, currency: currency, type: .withholdingTax, ordinal: 2))
            legs.append(Leg(.generalLedger(withholdingTaxPayable), amount: tax, currency: currency, type: .withholdingTax, ordinal: 2))
        }
        return legs
    }
}

extension Refusal {
    static let depositNotFound = Refusal.notFound("not_found", "There is no such deposit")
}
