import Accounts
import Documents
import Kernel
import Ledger
import Postgres
import Products

/// Whom and which account a certificate is about.
struct CertificateHolder: Sendable, Equatable {
    let accountNumber: String
    let accountName: String
    let cifNumber: String
    let productName: String
    let branchCode: String
    let currency: Currency
    let openedDate: BusinessDate
}

extension CertificateHolder {
    init(_ account: AccountDetails) {
        self.init(
            accountNumber: account.identity.number, accountName: account.identity.name, cifNumber: account.cifNumber,
            productName: account.productName, branchCode: account.identity.branchCode, currency: account.identity.currency,
            openedDate: account.record.openedDate)
    }
}

/// Interest of a calendar year, in writing.
struct InterestCertificate: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case interest, withholdingTax
    }

    let kind: Kind
    let holder: CertificateHolder
    let figures: InterestYear
    let verification: (content: String, code: String)
}

/// A balance at the close of a day, in writing.
struct BalanceCertificate: Sendable {
    let holder: CertificateHolder
    let date: BusinessDate
    let balance: Money
    /// While the day is open, the moment that the figure is of.
    let asOf: Timestamp?
    let verification: (content: String, code: String)
}

/// Certificates are drawn from the postings of the account, never from what was expected or accrued.
struct DrawUpCertificates: Sendable {
    private static let pageSize = 500

    let queries: AccountQueries
    let businessDay: BusinessDayCache
    let tariffs: TariffBookCache
    let readers: ConnectionPool
    let reader: LedgerReader
    /// Makes the codes of certificates.
    let key: [UInt8]

    /// - Throws: 404 `account_not_found`; 422 `out_of_range` for a year that has not begun
    func interest(
        _ kind: InterestCertificate.Kind, of reference: String, year: Int, viewer: AccountViewer, context: RequestContext
    ) async throws -> InterestCertificate {
        let account = try await queries.account(reference, viewer: viewer)
        let today = try await businessDay.current()
        guard let from = BusinessDate(year: year, month: 1, day: 1), let end = BusinessDate(year: year, month: 12, day: 31), from <= today
        else { throw Refusal.validation([.init("year", "out_of_range", "The year has not begun")]) }
        let holder = CertificateHolder(account)
        let to = min(end, today)
        let entries = try await entries(of: account.record.id, from: from, to: to, deadline: context.deadline)
        let figures = InterestYear(
            year: year, from: from, to: to, payments: try await payments(in: entries, currency: holder.currency),
            currency: holder.currency)
        return InterestCertificate(
            kind: kind, holder: holder, figures: figures,
            verification: VerificationCode.signed(
                [
                    "WEKEZA", kind.rawValue, holder.accountNumber, from.description, to.description, figures.gross.decimalString,
                    figures.tax.decimalString, holder.currency.code,
                ], key: key))
    }

    /// - Parameter date: nil is the open business date
    /// - Throws: 404 `account_not_found`; 422 `out_of_range` for a day that has not begun
    func balance(
        of reference: String, on date: BusinessDate?, viewer: AccountViewer, context: RequestContext
    ) async throws -> BalanceCertificate {
        let account = try await queries.account(reference, viewer: viewer)
        let today = try await businessDay.current()
        let date = date ?? today
        guard date <= today else { throw Refusal.validation([.init("date", "out_of_range", "The day has not begun")]) }
        let found = try await queries.balance(account.record.id.description, asOf: .closeOf(date), viewer: viewer)
        let holder = CertificateHolder(account)
        let balance = Money(minorUnits: found.figures.balance, currency: holder.currency)
        return BalanceCertificate(
            holder: holder, date: date, balance: balance, asOf: date == today ? context.receivedAt : nil,
            verification: VerificationCode.signed(
                ["WEKEZA", "balance", holder.accountNumber, date.description, balance.decimalString, holder.currency.code], key: key))
    }

    /// Interest and tax on an account, oldest first.
    private func entries(
        of account: Identifier<Account>, from: BusinessDate, to: BusinessDate, deadline: Timestamp?
    ) async throws -> [EntryView] {
        let reader = reader
        let filter = EntryFilter(from: from, to: to, types: [.interest, .withholdingTax, .reversal])
        var entries: [EntryView] = []
        var place: EntryCursor?
        while true {
            let before = place
            let page = try await readers.read(deadline: deadline) {
                try reader.entries(of: [account], filter: filter, limit: Self.pageSize, before: before, in: $0)
            }
            entries += page
            guard page.count == Self.pageSize, let last = page.last else { return entries.reversed() }
            place = last.cursor
        }
    }

    /// One payment a journal; a reversal takes back what the journal that it mirrors had paid. Interest that the account was charged is
    /// not among them.
    private func payments(in entries: [EntryView], currency: Currency) async throws -> [TaxedInterest] {
        let (book, reader) = (try await tariffs.current(), reader)
        let reversed = Array(Set(entries.compactMap(\.reversalOf)))
        let originals = try await readers.read { try reader.journals(reversed, in: $0) }
        var payments: [TaxedInterest] = []
        var rest = entries[...]
        while let first = rest.first {
            let lines = rest.prefix { $0.journal == first.journal }
            rest = rest.dropFirst(lines.count)
            let original = first.reversalOf.flatMap { originals[$0] }
            let sums: (gross: Int64, tax: Int64)
            if let original {
                let paid = Self.sums(original.lines.filter { $0.account == first.account }.map { ($0.type, $0.amount) })
                sums = (-paid.gross, -paid.tax)
            } else {
                sums = Self.sums(lines.map { ($0.type, $0.amount) })
            }
            guard sums != (0, 0) else { continue }
            let pricedOn = original?.businessDate ?? first.businessDate
            payments.append(
                TaxedInterest(
                    date: first.businessDate, reference: first.reference, gross: Money(minorUnits: sums.gross, currency: currency),
                    tax: Money(minorUnits: sums.tax, currency: currency),
                    rateInForce: book.fees.rate(of: .withholdingOnInterest, on: pricedOn) ?? Rate(millionthsOfPercent: 0)))
        }
        return payments
    }

    /// Interest credited and tax debited by a journal's lines on an account.
    private static func sums(_ lines: [(type: TransactionType, amount: Int64)]) -> (gross: Int64, tax: Int64) {
        lines.reduce(into: (gross: Int64(0), tax: Int64(0))) { sums, line in
            if line.type == .interest, line.amount > 0 { sums.gross += line.amount }
            if line.type == .withholdingTax { sums.tax -= line.amount }
        }
    }
}
