import Kernel
import Ledger

/// A statement whose entries are read page by page, so that the longest takes no more memory than a page.
///
/// Entries of an account are only ever added behind the last one, so the first so many are those that were counted, whatever is posted
/// meanwhile. That they lead from the opening to the closing balance is checked as they pass.
actor StatementPages {
    typealias Read = @Sendable (EntryCursor?, Int) async throws -> (entries: [AccountStatement.Entry], last: EntryCursor?)

    nonisolated let statement: AccountStatement
    private let read: Read
    private let entriesInPage: Int
    private var chain: StatementChain
    private var place: EntryCursor?
    private var left: Int64

    /// - Parameter read: so many entries behind a place, and the place of the last of them
    init(_ statement: AccountStatement, entriesInPage: Int, read: @escaping Read) {
        self.entriesInPage = entriesInPage
        self.statement = statement
        self.read = read
        chain = StatementChain(statement)
        left = statement.entryCount
    }

    /// Whether everything fits one page.
    nonisolated var isShort: Bool { statement.entryCount <= Int64(entriesInPage) }

    /// The next page; nil behind the last one.
    /// - Throws: `StatementFailure` when the entries are not what the figures say
    func next() async throws -> [AccountStatement.Entry]? {
        guard left > 0 else {
            try chain.finish()
            return nil
        }
        let (entries, last) = try await read(place, min(entriesInPage, Int(left)))
        guard let last else {
            left = 0
            return try await next()
        }
        place = last
        left -= Int64(entries.count)
        try chain.follow(entries)
        return entries
    }

    /// Everything at once.
    func all() async throws -> [AccountStatement.Entry] {
        var entries: [AccountStatement.Entry] = []
        while let page = try await next() { entries += page }
        return entries
    }
}

/// A statement in one format, made piece by piece.
actor WrittenStatement {
    private let pages: StatementPages
    private var writer: any StatementWriter
    private var stage = Stage.head

    private enum Stage {
        case head, entries, end
    }

    init(_ pages: StatementPages, as writer: any StatementWriter) {
        self.pages = pages
        self.writer = writer
    }

    /// The next piece; nil at the end.
    func next() async throws -> [UInt8]? {
        switch stage {
        case .head:
            stage = .entries
            return writer.head(pages.statement)
        case .entries:
            if let page = try await pages.next() { return writer.entries(page) }
            stage = .end
            return writer.tail(pages.statement)
        case .end: return nil
        }
    }

    func all() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await next() { bytes += piece }
        return bytes
    }
}
