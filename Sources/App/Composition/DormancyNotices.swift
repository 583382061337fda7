import Accounts
import Application
import Kernel
import Ledger
import Notifications
import Postgres

/// Tells the holders of an account that it has become dormant. Works from the event of the change, so nobody is told of what was undone.
struct DormancyNotices: Sendable {
    static let event = "accounts.stateChanged"

    let desk: NoticeDesk

    var handler: OutboxDispatcher.Handler {
        { event, transaction in
            guard String(decoding: event.payload, as: UTF8.self) == "{\"status\":\"\(AccountStatus.dormant.name)\"}" else { return }
            let account = Identifier<Account>(bits: event.subject)
            let holders = try AccountHoldings().holdings(of: [account], in: transaction)[account] ?? []
            let number = try AccountHoldings().numbers(of: [account], in: transaction)[account] ?? ""
            try desk.deliver(
                holders.filter(\.canView).map { holder in
                    Notice(
                        template: "accounts.dormant", kind: .payment, to: .customer(holder.customer),
                        source: "\(account)/\(event.occurredAt)", values: ["account": "••" + number.suffix(4)],
                        link: "/accounts/\(number)")
                }, in: transaction)
        }
    }
}
