import Kernel
import Postgres

/// The SQL of saved payees. Every statement names the customer: somebody else's payee does not exist here.
enum BeneficiaryStore {
    /// - Throws: 409 `duplicate_beneficiary`
    static func insert(_ beneficiary: Beneficiary, in transaction: Transaction) throws {
        let details = beneficiary.details
        let fields = details.payee.fields
        let inserted = try transaction.execute(
            """
            INSERT INTO payments.beneficiary (id, customer_id, nickname, beneficiary_name, kind, account_number, bank_code,
                bank_branch_code, bic, phone_number, biller_code, bill_account, payee_key, created_at, version)
            VALUES (\(beneficiary.id), \(beneficiary.customerID), \(details.nickname), \(details.beneficiaryName),
                \(details.payee.kind.rawValue), \(fields.accountNumber), \(fields.bankCode), \(fields.bankBranchCode),
                \(fields.bic), \(fields.phoneNumber), \(fields.billerCode), \(fields.billAccount), \(details.payee.key),
                \(beneficiary.createdAt), \(beneficiary.version))
            ON CONFLICT ON CONSTRAINT beneficiary_payee DO NOTHING
            """)
        guard inserted == 1 else { throw duplicate() }
    }

    /// Locks the payee until the transaction ends.
    static func find(
        _ id: Identifier<Beneficiary>, of customer: Identifier<Customer>, in transaction: Transaction
    ) throws -> Beneficiary? {
        let rows = try transaction.query(
            """
            SELECT \(raw: selected) FROM payments.beneficiary WHERE id = \(id) AND customer_id = \(customer) FOR UPDATE
            """)
        return try rows.first.map(beneficiary)
    }

    static func list(
        of customer: Identifier<Customer>, before: Identifier<Beneficiary>?, limit: Int, in transaction: Transaction
    ) throws -> [Beneficiary] {
        let rows = try transaction.query(
            """
            SELECT \(raw: selected) FROM payments.beneficiary
            WHERE customer_id = \(customer) AND (\(before)::uuid IS NULL OR id < \(before))
            ORDER BY id DESC LIMIT \(limit)
            """)
        return try rows.map(beneficiary)
    }

    static func payeeIsTaken(
        _ payee: Payee, of customer: Identifier<Customer>, besides id: Identifier<Beneficiary>?, in transaction: Transaction
    ) throws -> Bool {
        let rows = try transaction.query(
            """
            SELECT 1 FROM payments.beneficiary
            WHERE customer_id = \(customer) AND payee_key = \(payee.key) AND (\(id)::uuid IS NULL OR id <> \(id))
            """)
        return !rows.isEmpty
    }

    /// Replaces the details of a payee that the caller has locked with `find`.
    /// - Throws: 409 `duplicate_beneficiary` when another request saved the same payee a moment ago
    static func update(_ beneficiary: Beneficiary, in transaction: Transaction) throws {
        let details = beneficiary.details
        let fields = details.payee.fields
        do {
            let updated = try transaction.execute(
                """
                UPDATE payments.beneficiary SET nickname = \(details.nickname), beneficiary_name = \(details.beneficiaryName),
                    kind = \(details.payee.kind.rawValue), account_number = \(fields.accountNumber), bank_code = \(fields.bankCode),
                    bank_branch_code = \(fields.bankBranchCode), bic = \(fields.bic), phone_number = \(fields.phoneNumber),
                    biller_code = \(fields.billerCode), bill_account = \(fields.billAccount), payee_key = \(details.payee.key),
                    version = \(beneficiary.version)
                WHERE id = \(beneficiary.id) AND customer_id = \(beneficiary.customerID)
                """)
            assert(updated == 1, "the caller holds the row")
        } catch let error as PostgresError where error.isUniqueViolation(constraint: "beneficiary_payee") {
            throw duplicate()
        }
    }

    static func delete(_ id: Identifier<Beneficiary>, of customer: Identifier<Customer>, in transaction: Transaction) throws {
        _ = try transaction.execute("DELETE FROM payments.beneficiary WHERE id = \(id) AND customer_id = \(customer)")
    }

    static func duplicate() -> Refusal {
        Refusal(.conflict, "duplicate_beneficiary", "You have already saved this payee")
    }

    private static let selected = """
        id, customer_id, nickname, beneficiary_name, kind, account_number, bank_code, bank_branch_code, bic, phone_number,
        biller_code, bill_account, created_at, version
        """

    private static func beneficiary(_ row: Row) throws -> Beneficiary {
        let payee: Payee
        switch Payee.Kind(rawValue: try row.text(4)) {
        case .internal, nil: payee = .internal(accountNumber: try row.text(5))
        case .bank:
            payee = .bank(
                accountNumber: try row.text(5), bankCode: try row.textOrNil(6), bankBranchCode: try row.textOrNil(7),
                bic: try row.textOrNil(8))
        case .mobileMoney: payee = .mobileMoney(phoneNumber: try row.text(9))
        case .biller: payee = .biller(billerCode: try row.text(10), billAccount: try row.text(11))
        }
        return Beneficiary(
            id: try row.identifier(0, as: Beneficiary.self), customerID: try row.identifier(1, as: Customer.self),
            details: BeneficiaryDetails(nickname: try row.text(2), beneficiaryName: try row.text(3), payee: payee),
            createdAt: try row.timestamp(12), version: try row.int64(13))
    }
}
