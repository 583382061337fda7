import Accounts
import HTTPEdge
import Kernel
import Ledger

/// The newest few transactions.
struct RecentTransactionsQuery: QueryParameters, Paged {
    let page: PageRequest

    init(from fields: inout Fields) {
        page = fields.page(defaultLimit: 10)
    }
}

struct RecipientQuery: QueryParameters {
    let accountNumber: String

    init(from fields: inout Fields) {
        accountNumber = fields.formatted("accountNumber", .accountNumber)
    }
}

/// What staff may search by (contract, section 7).
struct TransactionSearchQuery: QueryParameters, Paged {
    let page: PageRequest
    let search: TransactionSearch

    init(from fields: inout Fields) {
        page = fields.page()
        let accountNumber = fields.optionalFormatted("accountNumber", .accountNumber)
        let cifNumber = fields.optionalFormatted("cifNumber", .cifNumber)
        let reference = fields.optionalFormatted("reference", .reference)
        let type = fields.optionalChoice("type", TransactionTypeName.self)
        let status = fields.optionalChoice("status", TransactionStatusName.self)
        let channel = fields.optionalChoice("channel", Channel.self)
        let (from, to) = fields.optionalDates()
        let minimum = fields.optionalBareAmount("minAmount")
        let maximum = fields.optionalBareAmount("maxAmount")
        if let minimum, let maximum, minimum.thousandths > maximum.thousandths {
            fields.fail("minAmount", "out_of_range", "minAmount is greater than maxAmount")
        }
        var filter = EntryFilter(
            from: from, to: to, types: type.map { [$0.type] } ?? [], channel: channel,
            isReversed: status.map { $0 == .reversed })
        filter.minimumThousandths = minimum?.thousandths
        filter.maximumThousandths = maximum?.thousandths
        search = TransactionSearch(
            accountNumber: accountNumber, cifNumber: cifNumber, reference: reference, filter: filter,
            matchesNothing: status.map { $0 != .completed && $0 != .reversed } ?? false)
    }
}

extension PageRequest {
    /// The place in a history that a page of transactions ended at.
    /// - Throws: 422 `invalid_cursor`
    func entryCursor() throws(Refusal) -> EntryCursor? {
        guard var place = cursor?.reader else { return nil }
        let journal = try place.identifier(as: Journal.self)
        guard let lineNumber = Int16(exactly: try place.integer()) else { throw Refusal.invalidCursor }
        return EntryCursor(journal: journal, lineNumber: lineNumber)
    }
}
