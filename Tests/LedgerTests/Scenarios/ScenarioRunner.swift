import Kernel
import Ledger

/// Where a scenario happens: in a posting book in memory, or in an engine on PostgreSQL. Both must tell the same story.
protocol ScenarioBooks: AnyObject {
    var businessDate: BusinessDate { get }
    var now: Timestamp { get }
    func identifier<Entity>(_: Entity.Type) -> Identifier<Entity>
    func open(_ account: NewLedgerAccount, balance: Int64) async throws
    /// `active`, `frozen:debits`, `frozen:all`, `dormant`, `closed`, `rejected`, `blocked`, `unblocked`
    func change(_ account: Identifier<Account>, to state: String) async throws
    func post(_ commands: [LedgerCommand], key: String?, body: String, user: String) async throws -> PostingReceipt
    func account(_ id: Identifier<Account>) async throws -> AccountState?
    func hold(_ id: Identifier<Hold>) async throws -> HoldState?
    func advance(seconds: Int64) async throws
    func openDay(after days: Int32) async throws
}

/// Plays one scenario and throws at the first line that is not as written.
final class ScenarioRunner {
    private let scenario: Scenario
    private let books: any ScenarioBooks
    private var accounts: [String: (id: Identifier<Account>, currency: Currency)] = [:]
    private var owners: [String: Identifier<Customer>] = [:]
    private var holds: [String: (id: Identifier<Hold>, account: String)] = [:]
    private var journals: [String: PostedJournal] = [:]
    private var clientIDs: [String: Identifier<TransactionRecord>] = [:]
    /// First receipts, by user and key: what a replay has to say again.
    private var receipts: [String: PostingReceipt] = [:]
    private var place = ""

    private static let knownOptions: Set<String> = [
        "as", "authority", "body", "currency", "excise", "expires", "fee", "final", "from", "holder", "id", "key", "kind", "legs",
        "narration",
        "outgoing", "owner", "perDay", "perTransaction", "priced", "stepup", "user", "value",
    ]

    init(_ scenario: Scenario, in books: any ScenarioBooks) {
        self.scenario = scenario
        self.books = books
    }

    func run() async throws {
        for (line, step) in scenario.steps {
            place = "\(scenario.file):\(line) (\(scenario.title))"
            switch step {
            case .account(let row): try await open(row)
            case .post(let rows, let expected): try await post(rows, expected)
            case .balance(let row): try await check(row)
            case .hold(let row): try await check(row)
            case .clock(let seconds): try await books.advance(seconds: seconds)
            case .day(let days): try await books.openDay(after: days)
            case .change(let name, let state): try await books.change(try account(name).id, to: state)
            }
        }
    }

    // MARK: Accounts

    private func open(_ row: AccountRow) async throws {
        let options = row.options
        guard let currency = Currency(code: options["currency"] ?? "KES") else { throw wrong("unknown currency") }
        func amount(_ name: String) throws -> Int64? { try options[name].map { try self.amount($0, currency) } }
        let id = books.identifier(Account.self)
        let state = options["status"] ?? "active"
        let isPending = state == "pendingApproval" || state == "rejected"
        let new = NewLedgerAccount(
            id: id, glCode: GLCode(options["gl"].flatMap { Int32($0) } ?? 2001), currency: currency, owner: owner(row.owner),
            status: isPending ? .pendingApproval : .active, limitHolder: try options["holder"].map { try account($0).id },
            minimumBalance: try amount("minimum") ?? 0, overdraftLimit: try amount("overdraft") ?? 0,
            transactionLimit: try amount("limit"), maximumBalance: try amount("maximum"), requiresKYC: options.has("kyc"),
            isCustomerBlocked: options.has("blocked"))
        accounts[row.name] = (id, currency)
        try await books.open(new, balance: try self.amount(row.balance, currency))
        if state != "active" && state != "pendingApproval" { try await books.change(id, to: state) }
    }

    // MARK: Posting

    private func post(_ rows: [CommandRow], _ expected: Expectation) async throws {
        let commands = try rows.map { try command($0) }
        let options = rows.last?.options
        var outcome: [String]
        do {
            let receipt = try await books.post(
                commands, key: options?["key"], body: options?["body"] ?? "body", user: options?["user"] ?? "user")
            outcome = [receipt.isReplay ? "replayed" : "posted"]
            try remember(receipt, of: rows)
        } catch let refusal as Refusal {
            outcome = words(refusal, count: expected.words.count)
        }
        if outcome != expected.words { throw wrong("\(outcome.joined(separator: " ")) instead of \(expected)") }
    }

    /// Names the journals, and compares a replay with what was answered the first time.
    private func remember(_ receipt: PostingReceipt, of rows: [CommandRow]) throws {
        for (row, journal) in zip(rows.filter { $0.options.has("as") }, receipt.journals) {
            guard let name = row.options["as"] else { continue }
            if let earlier = journals[name], earlier != journal { throw wrong("the replay differs: \(journal), not \(earlier)") }
            journals[name] = journal
        }
        guard let options = rows.last?.options, let key = options["key"] else { return }
        let name = "\(options["user"] ?? "user") \(key)"
        if let first = receipts[name] {
            if first.journals != receipt.journals { throw wrong("replays \(receipt.journals), not \(first.journals)") }
            if first.holds != receipt.holds { throw wrong("replays \(receipt.holds), not \(first.holds)") }
        } else if !receipt.isReplay {
            receipts[name] = receipt
        }
    }

    /// Status, code, and as the third word the field to blame or the current state.
    private func words(_ refusal: Refusal, count: Int) -> [String] {
        var words = [String(refusal.status), refusal.code]
        if count > 2 {
            let states = refusal.members.compactMap { member -> String? in
                if case .text(let text) = member.value { text } else { nil }
            }
            words.append(refusal.fields.first?.field ?? states.first ?? "-")
        }
        return words
    }

    private func command(_ row: CommandRow) throws -> LedgerCommand {
        let options = row.options
        let unknown = options.names.subtracting(Self.knownOptions)
        guard unknown.isEmpty else { throw wrong("nobody reads \(unknown.sorted().joined(separator: ", "))") }
        switch row.command {
        case "transfer", "bank": return .journal(try draft(row, from: row.from))
        case "journal": return .journal(try journalOfLegs(row))
        case "hold":
            let target = try account(row.from)
            let currency = options["currency"].flatMap { Currency(code: $0) } ?? target.currency
            let id = holds[row.to]?.id ?? books.identifier(Hold.self)
            holds[row.to] = (id, row.from)
            return .placeHold(
                HoldDraft(
                    id: id, account: target.id, amount: try amount(row.amount, currency), currency: currency, reason: row.to,
                    expiresAt: options["expires"].flatMap { Int64($0.replacing("+", with: "")) }.map { books.now.adding(seconds: $0) },
                    authority: options["authority"] == "bank" ? .bank : .customer(field: "amount"),
                    owner: options["owner"].flatMap { owner($0) }))
        case "capture":
            let held = hold(row.from)
            let draft = try draft(row, from: options["from"] ?? held.account)
            let currency = try account(held.account).currency
            return .captureHold(held.id, amount: try amount(row.amount, currency), isFinal: options.has("final"), draft)
        case "release": return .releaseHold(hold(row.from).id)
        case "expire": return .expireHold(hold(row.from).id)
        case "close":
            return .sweepAndClose(
                try account(row.from).id, to: row.to == "-" ? nil : try account(row.to).id,
                JournalDraftTemplate(referencePrefix: "CLO", sourceType: "accountClosing", narration: "Closing"))
        case "reverse": return .journal(try reversal(of: row.from))
        default: throw wrong("there is no command \(row.command)")
        }
    }

    /// A transfer with its charges, as the customer's order or as the bank's own entry.
    private func draft(_ row: CommandRow, from source: String) throws -> JournalDraft {
        let options = row.options
        let isBank = row.command == "bank"
        let named = options["currency"].flatMap { Currency(code: $0) }
        let currency = try named ?? target(source).currency ?? target(row.to).currency ?? .kes
        let fromAuthority: Leg.Authority = isBank ? .bank : .customer(field: "fromAccountNumber")
        let toAuthority: Leg.Authority = isBank ? .bank : .customer(field: "toAccountNumber")
        let sum = try amount(row.amount, currency)
        let from = try target(source).target
        var legs = [
            Leg(from, amount: -sum, currency: currency, type: .transfer, authority: fromAuthority),
            Leg(try target(row.to).target, amount: sum, currency: currency, type: .transfer, authority: toAuthority),
        ]
        for (ordinal, name, type, code) in [(UInt8(2), "fee", TransactionType.fee, 4001), (3, "excise", .excise, 2200)] {
            guard let charge = try options[name].map({ try amount($0, currency) }) else { continue }
            legs.append(Leg(from, amount: -charge, currency: currency, type: type, ordinal: ordinal, authority: fromAuthority))
            legs.append(
                Leg(.generalLedger(GLCode(Int32(code))), amount: charge, currency: currency, type: type, ordinal: ordinal))
        }
        var draft = JournalDraft(
            type: .transfer, referencePrefix: "TRF", sourceType: "scenario", narration: options["narration"],
            clientTransactionID: options["id"].map { clientID($0) }, legs: legs, owner: options["owner"].flatMap { owner($0) },
            isStepUpMissing: options.has("stepup"))
        if let days = options["value"].flatMap({ Int32($0.replacing("+", with: "")) }) {
            draft.valueDate = books.businessDate.adding(days: days)
        }
        if let days = options["priced"].flatMap({ Int32($0.replacing("+", with: "")) }) {
            draft.pricedOn = books.businessDate.adding(days: days)
        }
        if options.has("perDay") || options.has("perTransaction") {
            let holder = try account(options["holder"] ?? source).id
            let outgoing = try options["outgoing"].map { try amount($0, .kes) } ?? sum
            draft.outgoingLimit = OutgoingLimit(
                holder: holder, amount: outgoing, perTransaction: try options["perTransaction"].map { try amount($0, .kes) } ?? .max,
                perDay: try options["perDay"].map { try amount($0, .kes) } ?? .max)
        }
        return draft
    }

    /// `legs=amina:-10.00,juma:10.00`, as bank entries: for journals of odd shapes.
    private func journalOfLegs(_ row: CommandRow) throws -> JournalDraft {
        let named = row.options["currency"].flatMap { Currency(code: $0) }
        let legs = try (row.options["legs"] ?? "").split(separator: ",").map { text in
            let parts = text.split(separator: ":").map(String.init)
            guard parts.count == 2 || parts.count == 3 else { throw wrong("a leg is target:amount or target:amount:currency") }
            let target = try target(parts[0])
            let own = parts.count == 3 ? Currency(code: parts[2]) : nil
            let currency = own ?? named ?? target.currency ?? .kes
            return Leg(target.target, amount: try amount(parts[1], currency), currency: currency, type: .adjustment)
        }
        return JournalDraft(kind: .adjustment, type: .adjustment, referencePrefix: "ADJ", sourceType: "scenario", legs: legs)
    }

    private func reversal(of name: String) throws -> JournalDraft {
        guard let journal = journals[name] else { throw wrong("no journal is called \(name)") }
        let legs = journal.lines.map { line in
            let target: Leg.Target = line.account.map { .account($0) } ?? .generalLedger(line.glCode)
            return Leg(
                target, amount: -line.amount, currency: line.currency, type: .reversal, ordinal: line.ordinal,
                authority: line.account == nil || line.amount < 0 ? .bank : .customer(field: "transactionId"))
        }
        return JournalDraft(
            kind: .reversal, type: .reversal, referencePrefix: "REV", sourceType: "reversal", legs: legs, reversalOf: journal.id)
    }

    // MARK: Checking

    private func check(_ row: BalanceRow) async throws {
        let (id, currency) = try account(row.account)
        guard let state = try await books.account(id) else { throw wrong("\(row.account) is not in the books") }
        func compare(_ what: String, _ text: String, _ actual: Int64) throws {
            if text != "-", try amount(text, currency) != actual {
                throw wrong("\(row.account): \(what) is \(Money(minorUnits: actual, currency: currency).decimalString), not \(text)")
            }
        }
        try compare("the balance", row.balance, state.balance)
        try compare("the held amount", row.held, state.holdAmount)
        try compare("the available amount", row.available, state.available)
        if state.isOverdrawnByBank != row.options.has("overdrawn") {
            throw wrong("\(row.account): overdrawn by the bank is \(state.isOverdrawnByBank)")
        }
        if let status = row.options["status"], state.status.name != status { throw wrong("\(row.account) is \(state.status.name)") }
        if let sent = row.options["sent"] { try compare("what was sent out", sent, state.outgoingAmount) }
    }

    private func check(_ row: HoldRow) async throws {
        let held = hold(row.name)
        guard let state = try await books.hold(held.id) else {
            if row.status == "none" { return }
            throw wrong("there is no hold \(row.name)")
        }
        let currency = try account(held.account).currency
        let actual = [
            state.status.name, Money(minorUnits: state.amount, currency: currency).decimalString,
            Money(minorUnits: state.capturedAmount, currency: currency).decimalString,
        ]
        let expected = [row.status, row.amount, row.captured]
        if actual != expected { throw wrong("hold \(row.name) is \(actual), not \(expected)") }
    }

    // MARK: Names

    private func account(_ name: String) throws -> (id: Identifier<Account>, currency: Currency) {
        // Nobody has an account of this name: an identifier that the books do not know.
        if accounts[name] == nil, name.hasPrefix("nobody") { accounts[name] = (books.identifier(Account.self), .kes) }
        guard let known = accounts[name] else { throw wrong("no account is called \(name)") }
        return known
    }

    private func target(_ name: String) throws -> (target: Leg.Target, currency: Currency?) {
        if name.hasPrefix("gl"), let number = Int32(name.dropFirst(2)) { return (.generalLedger(GLCode(number)), nil) }
        let known = try account(name)
        return (.account(known.id), name.hasPrefix("nobody") ? nil : known.currency)
    }

    private func owner(_ name: String) -> Identifier<Customer>? {
        if name == "-" { return nil }
        let id = owners[name] ?? books.identifier(Customer.self)
        owners[name] = id
        return id
    }

    private func hold(_ name: String) -> (id: Identifier<Hold>, account: String) {
        let known = holds[name] ?? (books.identifier(Hold.self), accounts.keys.sorted().first ?? "nobody")
        holds[name] = known
        return known
    }

    private func clientID(_ name: String) -> Identifier<TransactionRecord> {
        if name.hasPrefix("of:"), let journal = journals[String(name.dropFirst(3))] { return journal.transactionID }
        let id = clientIDs[name] ?? books.identifier(TransactionRecord.self)
        clientIDs[name] = id
        return id
    }

    private func amount(_ text: String, _ currency: Currency) throws -> Int64 {
        if text == "-" { return 0 }
        let isNegative = text.hasPrefix("-")
        guard let value = try? DecimalText.amount(isNegative ? String(text.dropFirst()) : text, exponent: currency.exponent) else {
            throw wrong("\(text) is no amount in \(currency)")
        }
        return isNegative ? -value : value
    }

    private func wrong(_ message: String) -> ScenarioError { ScenarioError(place, message) }
}

extension Refusal {
    /// The status of the contract for this kind.
    var status: Int {
        switch kind {
        case .malformed: 400
        case .unauthenticated: 401
        case .forbidden: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .conflict: 409
        case .tooLarge: 413
        case .unsupportedMediaType: 415
        case .invalid: 422
        case .locked: 423
        case .tooMany: 429
        case .unavailable: 503
        }
    }
}
