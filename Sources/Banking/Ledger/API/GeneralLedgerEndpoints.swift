import HTTPEdge
import Kernel
import Postgres

/// Between account identifiers, which the ledger knows, and account numbers, which people know. Implemented by the room Accounts.
public protocol AccountNumbers: Sendable {
    func numbers(of accounts: [Identifier<Account>]) async throws -> [Identifier<Account>: String]
    func account(numbered: String) async throws -> Identifier<Account>?
}

/// What the bookkeeper can ask (contract, section 8, stages 1 and 2).
public struct GeneralLedgerEndpoints: Sendable {
    private let pool: ConnectionPool
    private let clock: any WallClock
    private let numbers: any AccountNumbers
    private let ledger: GeneralLedger
    private let reader: LedgerReader
    private let valuation: (any ShillingValuation)?

    /// - Parameters:
    ///   - pool: for reading; a proof of the books holds one of its connections for as long as it takes
    ///   - valuation: nil: statements say nothing in shillings about other currencies
    public init(
        pool: ConnectionPool, clock: any WallClock, numbers: any AccountNumbers, valuation: (any ShillingValuation)? = nil
    ) {
        self.valuation = valuation
        self.pool = pool
        self.clock = clock
        self.numbers = numbers
        ledger = GeneralLedger(clock: clock)
        reader = LedgerReader(clock: clock)
    }

    private static let access = Access.roles(RoleSet(.financeController))
    private static let tag = "General Ledger"

    public var all: [Endpoint] {
        let statements = FinancialStatementEndpoints(
            pool: pool, clock: clock, ledger: ledger, valuation: valuation, access: Self.access, tag: Self.tag)
        return [accounts, account, entries, journals, journal, proof, trialBalance] + statements.all + [verify]
    }

    // MARK: Accounts

    enum GLType: String, CaseIterable, Sendable {
        case asset, liability, equity, income, expense, memorandum
    }

    struct AccountsQuery: QueryParameters, Paged {
        let page: PageRequest
        let type: GLType?
        let text: String?
        let currency: Currency?

        init(from fields: inout Fields) {
            page = fields.page()
            type = fields.optionalChoice("accountType", GLType.self)
            text = fields.optionalText("q", 1...100)
            currency = fields.optionalCurrency("currency")
        }
    }

    private var accounts: Endpoint {
        Endpoint(
            .get, "/api/generalledger/accounts", summary: "Chart of accounts with balances", tag: Self.tag, access: Self.access,
            query: AccountsQuery.self, reply: Page<GLAccountRepresentation>.self
        ) { call in
            let query = call.query
            let after = try query.page.cursor.map { cursor in
                var reader = cursor.reader
                return GLCode(Int32(truncatingIfNeeded: try reader.integer()))
            }
            let views = try await pool.read(deadline: call.context.deadline) { transaction in
                try ledger.accounts(
                    type: query.type?.rawValue, text: query.text, currency: query.currency, after: after, limit: query.page.fetchCount,
                    in: transaction)
            }
            return Reply(call.page(try views.map { try GLAccountRepresentation($0) }) { Cursor().adding(Int64($0.view.code.number)) })
        }
    }

    struct AsOfQuery: QueryParameters {
        let asOf: BusinessDate?

        init(from fields: inout Fields) {
            asOf = fields.optionalDate("asOf")
        }
    }

    private var account: Endpoint {
        Endpoint(
            .get, "/api/generalledger/accounts/{glCode}", summary: "One account with its balances", tag: Self.tag, access: Self.access,
            query: AsOfQuery.self, reply: GLAccountRepresentation.self, errors: ["gl_account_not_found"]
        ) { call in
            let code = try Self.code(call.path("glCode"))
            let asOf = call.query.asOf
            let view = try await pool.read(deadline: call.context.deadline) { transaction in
                if let asOf, try asOf > reader.businessDate(in: transaction) {
                    throw Refusal.validation([.init("asOf", "out_of_range", "The day lies in the future")])
                }
                return try ledger.account(code, asOf: asOf, in: transaction)
            }
            guard let view else { throw Self.unknownAccount }
            return Reply(try GLAccountRepresentation(view))
        }
    }

    // MARK: Entries

    struct EntriesQuery: QueryParameters, Paged {
        let page: PageRequest
        let from: BusinessDate?
        let to: BusinessDate?
        let currency: Currency?

        init(from fields: inout Fields) {
            page = fields.page()
            (from, to) = fields.optionalDates()
            currency = fields.optionalCurrency("currency")
        }
    }

    private var entries: Endpoint {
        Endpoint(
            .get, "/api/generalledger/accounts/{glCode}/entries", summary: "Lines of an account, newest first, with running balance",
            tag: Self.tag, access: Self.access, query: EntriesQuery.self, reply: Page<GLEntryRepresentation>.self,
            errors: ["gl_account_not_found"]
        ) { call in
            let code = try Self.code(call.path("glCode"))
            let query = call.query
            let cursor = try query.page.cursor.map(Self.entryPlace)
            let views = try await pool.snapshot(deadline: call.context.deadline) { transaction in
                guard try ledger.account(code, in: transaction) != nil else { throw Self.unknownAccount }
                return try ledger.entries(
                    of: code, currency: query.currency, from: query.from, to: query.to, limit: query.page.fetchCount, before: cursor,
                    in: transaction)
            }
            let known = try await numbers.numbers(of: views.compactMap(\.account))
            var balances = cursor?.balances ?? [:]
            var places: [EntryCursor: Cursor] = [:]
            var items: [GLEntryRepresentation] = []
            for view in views {
                balances[view.currency] = view.runningBalance - Int128(view.amount)
                places[EntryCursor(journal: view.journal, lineNumber: view.lineNumber)] = Self.place(of: view, balances: balances)
                items.append(
                    GLEntryRepresentation(
                        entry: view, accountNumber: view.account.flatMap { known[$0] },
                        runningBalance: try moneyTotal(view.runningBalance, view.currency)))
            }
            return Reply(
                call.page(items) { places[EntryCursor(journal: $0.entry.journal, lineNumber: $0.entry.lineNumber)] ?? Cursor() })
        }
    }

    /// The next page begins with the balances before the last line of this one, so they travel in the cursor.
    private static func place(of view: GLEntryView, balances: [Currency: Int128]) -> Cursor {
        var cursor = Cursor().adding(view.journal).adding(Int64(view.lineNumber)).adding(Int64(balances.count))
        for (currency, balance) in balances.sorted(by: { $0.key.code < $1.key.code }) {
            cursor = cursor.adding(currency.code).adding(UInt128(bitPattern: balance))
        }
        return cursor
    }

    private static func entryPlace(_ cursor: Cursor) throws(Refusal) -> (entry: EntryCursor, balances: [Currency: Int128]) {
        var reader = cursor.reader
        let journal = try reader.identifier(as: Journal.self)
        let line = Int16(truncatingIfNeeded: try reader.integer())
        var balances: [Currency: Int128] = [:]
        for _ in 0..<(try reader.integer()) {
            guard let currency = Currency(code: try reader.text()) else { throw Refusal.invalidCursor }
            balances[currency] = Int128(bitPattern: try reader.uuid())
        }
        return (EntryCursor(journal: journal, lineNumber: line), balances)
    }

    // MARK: Journals

    struct JournalsQuery: QueryParameters, Paged {
        let page: PageRequest
        let from: BusinessDate?
        let to: BusinessDate?
        let glCode: String?
        let accountNumber: String?
        let sourceType: String?
        let sourceID: Identifier<Journal>?
        let reference: String?

        init(from fields: inout Fields) {
            page = fields.page()
            (from, to) = fields.optionalDates()
            glCode = fields.optionalText("glCode", 1...9)
            accountNumber = fields.optionalText("accountNumber", 1...20)
            sourceType = fields.optionalText("sourceType", 1...50)
            sourceID = fields.optionalIdentifier("sourceId")
            reference = fields.optionalText("reference", 1...40)
        }
    }

    private var journals: Endpoint {
        Endpoint(
            .get, "/api/generalledger/journal-entries", summary: "Journals, newest first", tag: Self.tag, access: Self.access,
            query: JournalsQuery.self, reply: Page<JournalRepresentation>.self
        ) { call in
            let query = call.query
            var filter = JournalFilter(from: query.from, to: query.to, sourceType: query.sourceType, reference: query.reference)
            if let text = query.glCode {
                guard let code = GLCode(text: text) else { return Reply(Page(items: [], nextCursor: nil)) }
                filter.glCode = code
            }
            if let number = query.accountNumber {
                guard let account = try await numbers.account(numbered: number) else { return Reply(Page(items: [], nextCursor: nil)) }
                filter.account = account
            }
            if let id = query.sourceID {
                // Transfers have no source of their own: their transaction identifier stands for it.
                let sourceID: Identifier<TransactionRecord> = id.retyped()
                let found = try await pool.read { try reader.transaction(sourceID, in: $0) }
                if let found { filter.reference = found.journal.reference } else { filter.sourceID = id.bits }
            }
            let before = try query.page.cursor.map { cursor in
                var reader = cursor.reader
                return try reader.identifier(as: Journal.self)
            }
            let finalFilter = filter
            let loaded = try await pool.read(deadline: call.context.deadline) { transaction in
                let journals = try ledger.journals(finalFilter, limit: query.page.fetchCount, before: before, in: transaction)
                return try context(of: journals, in: transaction)
            }
            return Reply(call.page(try await representations(loaded)) { Cursor().adding($0.journal.id) })
        }
    }

    private var journal: Endpoint {
        Endpoint(
            .get, "/api/generalledger/journal-entries/{journalId}", summary: "One journal with its lines and hashes", tag: Self.tag,
            access: Self.access, reply: JournalRepresentation.self, errors: ["not_found"]
        ) { call in
            let id = try call.pathIdentifier("journalId", as: Journal.self)
            let loaded = try await pool.read(deadline: call.context.deadline) { transaction in
                guard let journal = try reader.journal(id, in: transaction) else { throw Refusal.notFound() }
                return try context(of: [journal], in: transaction)
            }
            guard let representation = try await representations(loaded).first else { throw Refusal.notFound() }
            return Reply(representation)
        }
    }

    /// Journals with what showing them needs besides.
    private struct JournalsInContext: Sendable {
        let journals: [PostedJournal]
        let names: [GLCode: String]
        let reversals: [Identifier<Journal>: Identifier<Journal>]
        let previousHashes: [Identifier<Journal>: [UInt8]]
    }

    private func context(of journals: [PostedJournal], in transaction: Transaction) throws -> JournalsInContext {
        var previous: [Identifier<Journal>: [UInt8]] = [:]
        for journal in journals { previous[journal.id] = try ledger.previousHash(of: journal, in: transaction) }
        return JournalsInContext(
            journals: journals, names: try ledger.names(in: transaction),
            reversals: try reader.reversals(of: journals.map(\.id), in: transaction), previousHashes: previous)
    }

    private func representations(_ loaded: JournalsInContext) async throws -> [JournalRepresentation] {
        let known = try await numbers.numbers(of: loaded.journals.flatMap { $0.lines.compactMap(\.account) })
        return loaded.journals.map { journal in
            JournalRepresentation(
                journal: journal, isReversed: loaded.reversals[journal.id] != nil,
                previousHash: loaded.previousHashes[journal.id] ?? [],
                lines: journal.lines.map { line in
                    JournalLineRepresentation(
                        line: line, glName: loaded.names[line.glCode] ?? "", accountNumber: line.account.flatMap { known[$0] },
                        narration: line.type == journal.type ? journal.narration : line.type.name)
                })
        }
    }

    // MARK: Proofs

    struct ProofQuery: QueryParameters {
        let limit: Int

        init(from fields: inout Fields) { limit = fields.optionalInteger("limit", 1...1_000) ?? 100 }
    }

    private var proof: Endpoint {
        Endpoint(
            .get, "/api/generalledger/journal-entries/{journalId}/proof", summary: "Inclusion proof of a journal in the hash chain",
            tag: Self.tag, access: Self.access, query: ProofQuery.self, reply: JournalProofRepresentation.self, errors: ["not_found"],
            options: EndpointOptions(
                details: """
                    hash = SHA-256(previousHash, canonical), both as bytes; canonical is content in the encoding wekeza-journal-1 \
                    (docs/decisions/0021), so that it can be made from content alone. Each step of the path hashes on from the one before \
                    it; the last one's hash is the head of the lane. chainHead is SHA-256 over the hashes of all heads in the order of \
                    their lanes, the value that verify reports. A path has at most `limit` steps (100 unless stated): where it is not \
                    complete, the proof of its last journal goes on.
                    """)
        ) { call in
            let id = try call.pathIdentifier("journalId", as: Journal.self)
            let limit = call.query.limit
            let proof = try await pool.snapshot(deadline: call.context.deadline) { try ledger.proof(of: id, limit: limit, in: $0) }
            guard let proof else { throw Refusal.notFound() }
            return Reply(JournalProofRepresentation(proof: proof))
        }
    }

    private var trialBalance: Endpoint {
        Endpoint(
            .get, "/api/generalledger/trial-balance", summary: "Trial balance now or at the close of a day", tag: Self.tag,
            access: Self.access, query: AsOfQuery.self, reply: TrialBalanceRepresentation.self
        ) { call in
            let asOf = call.query.asOf
            let (open, date, lines) = try await pool.snapshot(deadline: call.context.deadline) { transaction in
                let (date, lines) = try ledger.trialBalance(asOf: asOf, in: transaction)
                return (try reader.businessDate(in: transaction), date, lines)
            }
            var totals: [Currency: (debit: Int128, credit: Int128)] = [:]
            for line in lines {
                let total = totals[line.currency] ?? (0, 0)
                totals[line.currency] = (total.debit + line.debit, total.credit + line.credit)
            }
            return Reply(
                TrialBalanceRepresentation(
                    asOf: date, businessDate: open,
                    lines: try lines.map {
                        .init(line: $0, debit: try moneyTotal($0.debit, $0.currency), credit: try moneyTotal($0.credit, $0.currency))
                    },
                    totals: try totals.sorted { $0.key.code < $1.key.code }.map {
                        .init(debit: try moneyTotal($0.value.debit, $0.key), credit: try moneyTotal($0.value.credit, $0.key))
                    }, generatedAt: clock.now()))
        }
    }

    private var verify: Endpoint {
        Endpoint(
            .get, "/api/generalledger/verify", summary: "Prove the books from the journal", tag: Self.tag, access: Self.access,
            reply: VerificationRepresentation.self, options: EndpointOptions(timeLimitSeconds: 600)
        ) { call in
            let report = try await LedgerVerifier(clock: clock).verify(in: pool, deadline: call.context.deadline)
            return Reply(VerificationRepresentation(report: report))
        }
    }

    private static let unknownAccount = Refusal.notFound("gl_account_not_found", "There is no such general-ledger account")

    private static func code(_ text: String) throws(Refusal) -> GLCode {
        guard let code = GLCode(text: text) else { throw unknownAccount }
        return code
    }
}
