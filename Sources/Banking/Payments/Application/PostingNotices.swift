import Accounts
import Application
import Documents
import Foundation
import Kernel
import Ledger
import Notifications
import Postgres
import Synchronization

/// Tells people what came into and left their accounts. Works from the event that the ledger wrote, after the payment was answered.
///
/// Nearly all accounts of a busy bank belong to people who never sign in to it. Which accounts have somebody to tell is remembered for a
/// minute, so that the others cost one look at the index.
public final class PostingNotices: Sendable {
    public static let event = "ledger.journalsPosted"
    /// Older than this is no news any more: the books were replayed, or the program stood still.
    private static let oldestSeconds: Int64 = 86_400
    private static let rememberedSeconds: Int64 = 60
    private static let mostRemembered = 100_000

    private let desk: NoticeDesk
    private let reader: LedgerReader
    private let clock: any WallClock
    /// Whether an account has an audience, and until when that is believed.
    private let known = Mutex<[Identifier<Account>: (hasAudience: Bool, until: Timestamp)]>([:])

    public init(desk: NoticeDesk, clock: any WallClock) {
        self.desk = desk
        self.clock = clock
        reader = LedgerReader(clock: clock)
    }

    public var handler: OutboxDispatcher.Handler {
        { event, transaction in try self.handle(event, in: transaction) }
    }

    private struct Payload: Decodable {
        let journalIds: [String]
    }

    private func handle(_ event: DomainEvent, in transaction: Transaction) throws {
        guard clock.now().seconds(since: event.occurredAt) < Self.oldestSeconds,
            let payload = try? JSONDecoder().decode(Payload.self, from: Data(event.payload))
        else { return }
        let journals = payload.journalIds.compactMap { Identifier<Journal>($0) }
        let now = clock.now()
        let accounts = try reader.accounts(movedBy: journals, in: transaction).filter { account in
            known.withLock { known in
                guard let answer = known[account], answer.until > now else { return true }
                return answer.hasAudience
            }
        }
        guard !accounts.isEmpty else { return }
        let holdings = try AccountHoldings().holdings(of: accounts, in: transaction).mapValues { $0.filter(\.canView).map(\.customer) }
        let people = try desk.recipients(of: Array(Set(holdings.values.joined())), in: transaction)
        let reached = Set(people.compactMap(\.customerID))
        let audience = holdings.mapValues { $0.filter { reached.contains($0) } }.filter { !$0.value.isEmpty }
        known.withLock { known in
            if known.count > Self.mostRemembered { known.removeAll(keepingCapacity: true) }
            let until = now.adding(seconds: Self.rememberedSeconds)
            for account in accounts { known[account] = (audience[account] != nil, until) }
        }
        let movements = try reader.movements(of: journals, on: Array(audience.keys), in: transaction)
            .filter { $0.channel != .import && $0.type != .opening }
        guard !movements.isEmpty else { return }
        let numbers = try AccountHoldings().numbers(of: Array(audience.keys), in: transaction)
        let notices = movements.flatMap { movement in
            (audience[movement.account] ?? []).map { Self.notice(of: movement, number: numbers[movement.account] ?? "", for: $0) }
        }
        try desk.deliver(notices, to: people, in: transaction)
    }

    private static func notice(of movement: CustomerMovement, number: String, for customer: Identifier<Customer>) -> Notice {
        let isCredit = !movement.amount.isNegative
        let amount = Money(minorUnits: Int64(clamping: movement.amount.minorUnits.magnitude), currency: movement.amount.currency)
        return Notice(
            template: isCredit ? "ledger.credit" : "ledger.debit", kind: isCredit ? .credit : .debit, to: .customer(customer),
            source: "\(movement.transactionID)/\(movement.account)",
            values: [
                "amount": MoneyText.withCode(amount), "account": "••" + number.suffix(4),
                "date": DateText.long(movement.businessDate), "balance": MoneyText.withCode(movement.balanceAfter),
            ], link: "/transactions/\(movement.transactionID)")
    }
}
