import HTTPEdge
import Kernel
import Ledger

/// Holds on an account (contract, section 6, stage 2).
public struct HoldEndpoints: Sendable {
    private static let tag = "Accounts"
    private static let path = "/api/accounts/{account}/holds"
    private static let placers = Access.roles(RoleSet([.supervisor, .branchManager, .complianceOfficer]))

    private let holds: AccountHolds
    private let clock: any WallClock

    public init(_ holds: AccountHolds, clock: any WallClock) {
        self.holds = holds
        self.clock = clock
    }

    public var all: [Endpoint] { [list, place, release] }

    private var list: Endpoint {
        Endpoint(
            .get, Self.path, summary: "Holds on an account, newest first", tag: Self.tag, access: .roles(.staff), query: HoldFilter.self,
            reply: Page<HoldView>.self, errors: ["account_not_found"]
        ) { call in
            let found = try await holds.list(
                call.path("account"), status: call.query.status?.status, limit: call.query.page.fetchCount,
                before: try call.query.place(), context: call.context)
            return Reply(call.page(found.map { HoldView(hold: $0) }) { Cursor().adding($0.hold.id) })
        }
    }

    private var place: Endpoint {
        Endpoint(
            .post, Self.path, summary: "Set an amount aside", tag: Self.tag, access: Self.placers, body: HoldRequest.self,
            reply: HoldView.self, status: 201,
            errors: [
                "account_not_found", "account_closed", "account_not_active", "account_frozen", "account_dormant", "currency_mismatch",
                "customer_blocked", "kyc_required", "limit_exceeded", "insufficient_funds",
            ]
        ) { call in
            if let expiresAt = call.body.order.expiresAt, expiresAt <= clock.now() {
                throw Refusal.validation([.init("expiresAt", "in_past", "A hold ends in the future")])
            }
            let (hold, isReplay) = try await holds.place(call.body.order, on: call.path("account"), context: call.context)
            var reply = Reply.created(
                HoldView(hold: hold), location: "/api/accounts/\(hold.account)/holds/\(hold.id)")
            reply.isReplay = isReplay
            return reply
        }
    }

    private var release: Endpoint {
        Endpoint(
            .delete, "\(Self.path)/{holdId}", summary: "Release a hold", tag: Self.tag, access: Self.placers,
            errors: ["account_not_found", "not_found", "invalid_state"]
        ) { call in
            try await holds.release(try call.pathIdentifier("holdId"), on: call.path("account"), context: call.context)
            return .noContent
        }
    }
}

/// States of a hold. The ledger keeps numbers; a test holds both sets equal.
enum HoldStatusName: String, Sendable, CaseIterable {
    case active, released, captured, expired

    init(_ status: HoldStatus) {
        switch status {
        case .active: self = .active
        case .released: self = .released
        case .captured: self = .captured
        case .expired: self = .expired
        }
    }

    var status: HoldStatus {
        switch self {
        case .active: .active
        case .released: .released
        case .captured: .captured
        case .expired: .expired
        }
    }
}

struct HoldFilter: QueryParameters, Paged {
    let page: PageRequest
    let status: HoldStatusName?

    init(from fields: inout Fields) {
        page = fields.page()
        status = fields.optionalChoice("status", HoldStatusName.self)
    }

    /// - Throws: 422 `invalid_cursor`
    func place() throws(Refusal) -> Identifier<Hold>? {
        guard var reader = page.cursor?.reader else { return nil }
        return try reader.identifier(as: Hold.self)
    }
}

struct HoldRequest: RequestBody {
    let order: AccountHolds.Order

    init(from fields: inout Fields) {
        order = AccountHolds.Order(
            amount: fields.money(), reason: fields.text("reason", 1...255), expiresAt: fields.optionalTimestamp("expiresAt"))
    }
}

/// The contract's Hold. `amount` is what is still set aside; of a hold that has ended, what was set aside at first.
struct HoldView: Representation {
    static let schemaName = "Hold"
    let hold: HoldState

    static let example = HoldView(
        hold: HoldState(
            id: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001), account: Identifier(bits: 2), amount: 500_000,
            currency: .kes, reason: "Court order 12/2026", placedAt: Timestamp(microseconds: 1_767_600_000_000_000),
            expiresAt: Timestamp(microseconds: 1_770_000_000_000_000)))

    func write(to object: inout ObjectWriter) {
        func money(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: hold.currency) }
        object.identifier("holdId", hold.id)
        object.moneyAndCurrency(money(hold.status == .active ? hold.amount : hold.originalAmount))
        object.money("originalAmount", money(hold.originalAmount))
        object.money("capturedAmount", money(hold.capturedAmount))
        object.text("reason", hold.reason)
        object.choice("status", HoldStatusName(hold.status))
        object.timestamp("placedAt", hold.placedAt)
        object.optionalTimestamp("expiresAt", hold.expiresAt)
    }
}
