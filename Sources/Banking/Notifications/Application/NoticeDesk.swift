import Application
import Kernel
import Postgres

/// Puts notices before people: into the application, and on the ways out that each of them wants.
///
/// Runs when an event is handed on, never in the commit of a payment; a notice that was asked for twice is shown and sent once.
public struct NoticeDesk: Sendable {
    /// Mails and SMS about money that one person gets in an hour; whoever moves more than that reads the rest in the application.
    static let mostMoneyMessagesPerHour: Int64 = 30
    /// Notices about money that one person is shown in an hour; a machine that moves money all day is no reader.
    static let mostMoneyNoticesPerHour: Int64 = 200

    private let directory: any RecipientDirectory
    private let outbox: MessageOutbox
    private let clock: any WallClock
    private let identifiers: any IdentifierSource

    public init(directory: any RecipientDirectory, outbox: MessageOutbox, clock: any WallClock, identifiers: any IdentifierSource) {
        self.directory = directory
        self.outbox = outbox
        self.clock = clock
        self.identifiers = identifiers
    }

    /// Handles `Notice.event`.
    public var handler: OutboxDispatcher.Handler {
        { event, transaction in
            // An event of another version of the program says nothing to this one; keeping it would keep everything behind it.
            guard let notice = Notice(event) else { return }
            try deliver([notice], in: transaction)
        }
    }

    /// Who among these customers has anybody to tell: asked before work is done for those who have not.
    public func recipients(of customers: [Identifier<Customer>], in transaction: Transaction) throws -> [Recipient] {
        guard !customers.isEmpty else { return [] }
        return try directory.recipients(customers: customers, users: [], in: transaction)
    }

    public func deliver(_ notices: [Notice], in transaction: Transaction) throws {
        let customers = notices.compactMap { if case .customer(let id) = $0.audience { id } else { nil } }
        let users = notices.compactMap { if case .user(let id) = $0.audience { id } else { nil } }
        guard !notices.isEmpty else { return }
        let people = try directory.recipients(customers: Array(Set(customers)), users: Array(Set(users)), in: transaction)
        try deliver(notices, to: people, in: transaction)
    }

    /// - Parameter people: everybody whom the notices may be for
    public func deliver(_ notices: [Notice], to people: [Recipient], in transaction: Transaction) throws {
        guard !people.isEmpty else { return }
        let texts = TemplateBook(stored: try NoticeStore.templates(in: transaction).map(\.template))
        let preferences = try NoticeStore.preferences(of: people.map(\.userID), in: transaction)
        var notesLeft: [Identifier<User>: Int64] = [:]
        var pending: [(notice: Notice, person: Recipient, row: NoticeStore.NewNotice)] = []
        for notice in notices {
            for person in people where Self.isFor(notice, person) {
                let wanted = preferences[person.userID] ?? .standard
                guard wanted.wants(notice.kind), let text = texts.text(notice.template, .inApp, person.language) else { continue }
                if Self.isAboutMoney(notice) {
                    let left = try notesLeft[person.userID] ?? moneyNoticesLeft(of: person, in: transaction)
                    notesLeft[person.userID] = left - 1
                    guard left > 0 else { continue }
                }
                let values = Self.values(of: notice, for: person)
                let row = NoticeStore.NewNotice(
                    id: identifiers.nextBits(), user: person.userID, kind: notice.kind, template: notice.template, source: notice.source,
                    title: NoticeTemplate.filled(text.title, with: values), body: NoticeTemplate.filled(text.body, with: values),
                    link: notice.link)
                pending.append((notice, person, row))
            }
        }
        let new = try NoticeStore.insert(pending.map(\.row), at: clock.now(), in: transaction)
        var rooms: [Identifier<User>: Int64] = [:]
        for (notice, person, row) in pending where new.contains(row.id) {
            let wanted = preferences[person.userID] ?? .standard
            if Self.isAboutMoney(notice) {
                let left = try rooms[person.userID] ?? moneyMessagesLeft(of: person, in: transaction)
                rooms[person.userID] = left - 1
                guard left > 0 else { continue }
            }
            try send(notice, to: person, wanted, texts, in: transaction)
        }
    }

    private func send(
        _ notice: Notice, to person: Recipient, _ wanted: NoticePreferences, _ texts: TemplateBook, in transaction: Transaction
    ) throws {
        let values = Self.values(of: notice, for: person)
        let ways: [(OutgoingMessage.Channel, NoticeMedium, String?)] = [(.email, .email, person.email), (.sms, .sms, person.phone)]
        for (channel, medium, address) in ways {
            guard let address, wanted.wants(notice.kind, by: channel), let text = texts.text(notice.template, medium, person.language)
            else {
                continue
            }
            let body = NoticeTemplate.filled(text.body, with: values)
            try outbox.enqueue(
                OutgoingMessage(
                    channel: channel, recipient: address, username: person.username, template: notice.template,
                    subject: medium == .email ? NoticeTemplate.filled(text.title, with: values) : nil,
                    body: MessageBody(plainParts: [body], secretParts: [])),
                in: transaction)
        }
    }

    private func moneyMessagesLeft(of person: Recipient, in transaction: Transaction) throws -> Int64 {
        let since = clock.now().adding(seconds: -3_600)
        let sent = try MessageStore.count(
            username: person.username, templatePrefix: "ledger.", since: since, atMost: Self.mostMoneyMessagesPerHour, in: transaction)
        return Self.mostMoneyMessagesPerHour - sent
    }

    private func moneyNoticesLeft(of person: Recipient, in transaction: Transaction) throws -> Int64 {
        let since = clock.now().adding(seconds: -3_600)
        return Self.mostMoneyNoticesPerHour
            - (try NoticeStore.count(
                of: person.userID, kinds: [.debit, .credit], since: since, atMost: Self.mostMoneyNoticesPerHour, in: transaction))
    }

    private static func isAboutMoney(_ notice: Notice) -> Bool { notice.kind == .debit || notice.kind == .credit }

    private static func isFor(_ notice: Notice, _ person: Recipient) -> Bool {
        switch notice.audience {
        case .customer(let id): person.customerID == id
        case .user(let id): person.userID == id
        }
    }

    private static func values(of notice: Notice, for person: Recipient) -> [String: String] {
        notice.values.merging(["name": person.fullName]) { given, _ in given }
    }
}

/// The bank's texts with those that somebody has changed in front.
struct TemplateBook: Sendable {
    private let texts: [NoticeTemplate]

    init(stored: [NoticeTemplate]) {
        texts = stored + StandardTemplates.all
    }

    /// A text in a language, in English when that language has none.
    func text(_ code: String, _ medium: NoticeMedium, _ language: NoticeLanguage) -> NoticeTemplate? {
        let candidates = texts.filter { $0.code == code && $0.medium == medium }
        return candidates.first { $0.language == language } ?? candidates.first { $0.language == .en }
    }
}

/// Counts for other rooms' overviews.
public struct NoticeCounts: Sendable {
    public init() {}

    public func unread(of user: Identifier<User>, in transaction: Transaction) throws -> Int64 {
        try NoticeStore.unreadCount(of: user, in: transaction)
    }
}
