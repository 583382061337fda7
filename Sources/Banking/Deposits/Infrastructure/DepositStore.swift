import Interest
import Kernel
import Postgres

enum DepositStore {
    static let columns = """
        id, number, type, account_id, account_number, customer_id, product_code, product_version, currency, status, booked_principal,
        principal, rate_millionths, day_count, start_date, maturity_date, term_days, tenure_months, monthly_installment, day_of_month,
        is_auto_debit, allows_partial_withdrawal, notice_days, source_account_id, payout_account_id, instruction,
        penalty_rate_millionths, no_interest_before_days, minimum_amount, settled_micro, interest_from,
        array_to_string(installments_paid_on, ' '), opening_journal, closed_on, closing_principal, closing_interest, closing_penalty,
        closing_tax, closing_journal, version
        """

    static func deposit(_ row: Row) throws -> Deposit {
        guard let type = DepositType(rawValue: try row.text(2)), let status = DepositStatus(rawValue: try row.text(9)),
            let dayCount = DayCount(rawValue: try row.text(13)), let instruction = MaturityInstruction(rawValue: try row.text(25))
        else { throw PostgresError(kind: .misuse, message: "a deposit holds something that this program does not know") }
        var closing: Deposit.Closing?
        if let date = try row.dateOrNil(33) {
            closing = Deposit.Closing(
                date: date,
                figures: CloseFigures(
                    principal: try row.int64OrNil(34) ?? 0, interestEarned: try row.int64OrNil(35) ?? 0,
                    penalty: try row.int64OrNil(36) ?? 0, withholdingTax: try row.int64OrNil(37) ?? 0),
                journal: try row.identifierOrNil(38))
        }
        return Deposit(
            id: try row.identifier(0), number: try row.text(1), type: type, account: try row.identifier(3),
            accountNumber: try row.text(4), customer: try row.identifier(5), productCode: try row.text(6),
            productVersion: try row.int32(7), currency: try row.currency(8), status: status, bookedPrincipal: try row.int64(10),
            principal: try row.int64(11), rate: Rate(millionthsOfPercent: try row.int64(12)), dayCount: dayCount,
            startDate: try row.date(14), maturityDate: try row.dateOrNil(15), termInDays: try row.int32OrNil(16),
            tenureInMonths: try row.int32OrNil(17), monthlyInstallment: try row.int64OrNil(18), dayOfMonth: try row.int32OrNil(19),
            isAutoDebit: try row.bool(20), allowsPartialWithdrawal: try row.bool(21), noticePeriodDays: try row.int32OrNil(22),
            sourceAccount: try row.identifier(23), payoutAccount: try row.identifier(24), instruction: instruction,
            penaltyRate: Rate(millionthsOfPercent: try row.int64(26)), noInterestBeforeDays: try row.int32(27),
            minimumAmount: try row.int64(28), settledMicro: try row.int64(29), interestFrom: try row.date(30),
            installmentsPaidOn: try row.text(31).split(separator: " ").compactMap { BusinessDate(iso: $0) },
            openingJournal: try row.identifierOrNil(32), closing: closing, version: try row.int64(39))
    }

    static func find(_ condition: SQL, in transaction: Transaction) throws -> [Deposit] {
        try transaction.query("SELECT \(raw: columns) FROM deposits.deposit WHERE \(condition)").map { try deposit($0) }
    }

    static func find(_ id: Identifier<DepositContract>, in transaction: Transaction) throws -> Deposit? {
        try find("id = \(id)", in: transaction).first
    }

    static func insert(
        _ deposit: Deposit, renewalOf: Identifier<DepositContract>?, openedBy: Identifier<User>?, at instant: Timestamp
    ) -> SQL {
        """
        INSERT INTO deposits.deposit (id, number, type, account_id, account_number, customer_id, product_code, product_version, currency,
            status, booked_principal, principal, rate_millionths, day_count, start_date, maturity_date, term_days, tenure_months,
            monthly_installment, day_of_month, is_auto_debit, allows_partial_withdrawal, notice_days, source_account_id, payout_account_id,
            instruction, penalty_rate_millionths, no_interest_before_days, minimum_amount, interest_from, installments_paid_on, renewal_of,
            opened_by, created_at)
        VALUES (\(deposit.id), \(deposit.number), \(deposit.type.rawValue), \(deposit.account), \(deposit.accountNumber),
            \(deposit.customer), \(deposit.productCode), \(deposit.productVersion), \(deposit.currency)::char(3),
            \(deposit.status.rawValue), \(deposit.bookedPrincipal), \(deposit.principal), \(deposit.rate.millionthsOfPercent),
            \(deposit.dayCount.rawValue), \(deposit.startDate), \(deposit.maturityDate), \(deposit.termInDays), \(deposit.tenureInMonths),
            \(deposit.monthlyInstallment), \(deposit.dayOfMonth), \(deposit.isAutoDebit), \(deposit.allowsPartialWithdrawal),
            \(deposit.noticePeriodDays), \(deposit.sourceAccount), \(deposit.payoutAccount), \(deposit.instruction.rawValue),
            \(deposit.penaltyRate.millionthsOfPercent), \(deposit.noInterestBeforeDays), \(deposit.minimumAmount), \(deposit.interestFrom),
            \(deposit.installmentsPaidOn)::date[], \(renewalOf), \(openedBy), \(instant))
        """
    }

    /// Ends a contract in the commit that pays it out; nobody can end it twice.
    static func close(_ deposit: Deposit, as status: DepositStatus, on date: BusinessDate, figures: CloseFigures) -> SQL {
        guarded(
            """
            UPDATE deposits.deposit SET status = \(status.rawValue), closed_on = \(date), closing_principal = \(figures.principal),
                closing_interest = \(figures.interestEarned), closing_penalty = \(figures.penalty),
                closing_tax = \(figures.withholdingTax), version = version + 1
            WHERE id = \(deposit.id) AND version = \(deposit.version) AND status IN ('active', 'matured')
            """)
    }

    /// Lowers the principal; what the old one has earned is settled.
    static func withdraw(_ amount: Int64, from deposit: Deposit, settledMicro: Int64, on date: BusinessDate) -> SQL {
        guarded(
            """
            UPDATE deposits.deposit SET principal = principal - \(amount), settled_micro = \(settledMicro), interest_from = \(date),
                version = version + 1
            WHERE id = \(deposit.id) AND version = \(deposit.version) AND status = 'active'
            """)
    }

    static func addInstallment(to deposit: Deposit, on date: BusinessDate) -> SQL {
        guarded(
            """
            UPDATE deposits.deposit SET principal = principal + \(deposit.monthlyInstallment ?? 0),
                installments_paid_on = installments_paid_on || \(date)::date, version = version + 1
            WHERE id = \(deposit.id) AND version = \(deposit.version) AND status = 'active'
            """)
    }

    /// An update that must change exactly one row; otherwise the statement fails, and the commit with it.
    static func guarded(_ update: SQL) -> SQL {
        "WITH changed AS (\(update) RETURNING 1) SELECT 1 / (count(*) = 1)::integer FROM changed"
    }

    static func setOpeningJournal(_ journal: Identifier<Journal>, of id: Identifier<DepositContract>) -> SQL {
        "UPDATE deposits.deposit SET opening_journal = \(journal) WHERE id = \(id) AND opening_journal IS NULL"
    }

    static func setClosingJournal(_ journal: Identifier<Journal>, of id: Identifier<DepositContract>) -> SQL {
        "UPDATE deposits.deposit SET closing_journal = \(journal) WHERE id = \(id) AND closing_journal IS NULL"
    }

    static func markMatured(_ id: Identifier<DepositContract>) -> SQL {
        "UPDATE deposits.deposit SET status = 'matured', version = version + 1 WHERE id = \(id) AND status = 'active'"
    }

    // MARK: Notices

    struct Notice: Sendable {
        let id: Identifier<DepositNotice>
        let deposit: Identifier<DepositContract>
        let amount: Int64
        let payableDate: BusinessDate
    }

    static func notices(_ condition: SQL, in transaction: Transaction) throws -> [Notice] {
        try transaction.query(
            "SELECT id, deposit_id, amount, payable_date FROM deposits.notice WHERE status = 'pending' AND \(condition) ORDER BY payable_date, id"
        ).map {
            Notice(
                id: try $0.identifier(0), deposit: try $0.identifier(1), amount: try $0.int64(2), payableDate: try $0.date(3))
        }
    }

    static func endNotice(_ id: Identifier<DepositNotice>, as status: String) -> SQL {
        guarded("UPDATE deposits.notice SET status = \(status) WHERE id = \(id) AND status = 'pending'")
    }

    static func cancelNotices(of deposit: Identifier<DepositContract>) -> SQL {
        "UPDATE deposits.notice SET status = 'cancelled' WHERE deposit_id = \(deposit) AND status = 'pending'"
    }
}
