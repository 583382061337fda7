import Kernel
import Postgres
import Safeguards

/// The whole record of a party in SQL.
struct PartyStore: Sendable {
    let vault: PartyVault

    /// Of a row named `c`; the first fifteen are those of `CustomerStore`.
    static let columns: SQL = """
        c.id, c.cif_number, c.kind, c.status, c.full_name, c.first_name, c.middle_name, c.last_name, c.email, c.phone, c.segment,
        c.kyc_status, c.kyc_tier, c.created_at, c.version, c.preferred_language, c.address_line1, c.address_line2, c.city, c.county,
        c.country, c.postal_code, c.birth_date, c.nationality, c.risk_rating, c.is_pep, c.is_sanctioned, c.kyc_expiry_date,
        c.kyc_since, c.block_source, c.merged_into, c.possible_duplicates
        """

    static func select(_ condition: SQL) -> SQL {
        "SELECT \(columns), c.profile_key, c.profile FROM parties.customer c WHERE \(condition)"
    }

    func record(_ row: Row) throws -> PartyRecord {
        let customer = try CustomerStore.record(row)
        var address: PostalAddress?
        if let line = try row.textOrNil(16) {
            address = PostalAddress(
                addressLine1: line, addressLine2: try row.textOrNil(17), city: try row.text(18), county: try row.textOrNil(19),
                country: try row.text(20), postalCode: try row.textOrNil(21))
        }
        var profile = PartyProfile()
        if let keyID = try row.textOrNil(32), let bytes = try row.bytesOrNil(33) {
            profile = try vault.profile(DataKeys.Sealed(keyID: keyID, bytes: bytes), of: customer.id)
        }
        return PartyRecord(
            customer: customer, birthDate: try row.dateOrNil(22), nationality: try row.textOrNil(23), address: address,
            language: Language(rawValue: try row.text(15)) ?? .en, riskRating: RiskRating(rawValue: try row.text(24)) ?? .high,
            isPEP: try row.bool(25), isSanctioned: try row.bool(26), kycExpiryDate: try row.dateOrNil(27),
            kycSince: try row.timestampOrNil(28) ?? customer.createdAt,
            blockSource: try row.textOrNil(29).flatMap { BlockSource(rawValue: $0) }, mergedInto: try row.identifierOrNil(30),
            possibleDuplicates: try row.uuidArray(31).map { Identifier(bits: $0) }, profile: profile)
    }

    func find(_ id: Identifier<Customer>, locking: Bool = false, in transaction: Transaction) throws -> PartyRecord? {
        let sql = Self.select("c.id = \(id)")
        return try transaction.query(locking ? sql + " FOR NO KEY UPDATE" : sql).first.map(record)
    }

    /// `{cif}` of a path: an identifier or a CIF number.
    /// - Throws: 404 `customer_not_found`
    func require(_ reference: String, locking: Bool = false, in transaction: Transaction) throws -> PartyRecord {
        let id = try PartyDirectory().require(reference, in: transaction).id
        guard let found = try find(id, locking: locking, in: transaction) else { throw Refusal.customerNotFound }
        return found
    }

    func insert(_ party: PartyRecord, in transaction: Transaction) throws {
        _ = try transaction.execute(CustomerStore.insert([party.customer]))
        try writeDetails(party, in: transaction)
    }

    /// Writes everything that can change, as it stands in `party`, the version included.
    func update(_ party: PartyRecord, in transaction: Transaction) throws {
        let customer = party.customer
        _ = try transaction.execute(
            """
            UPDATE parties.customer SET status = \(customer.status.rawValue), full_name = \(customer.fullName),
                first_name = \(customer.firstName), middle_name = \(customer.middleName), last_name = \(customer.lastName),
                email = \(customer.email), phone = \(customer.phone), segment = \(customer.segment.rawValue),
                kyc_status = \(customer.kycStatus.rawValue), kyc_tier = \(customer.kycTier), version = \(customer.version)
            WHERE id = \(customer.id)
            """)
        try writeDetails(party, in: transaction)
    }

    private func writeDetails(_ party: PartyRecord, in transaction: Transaction) throws {
        let sealed = try vault.seal(party.profile, of: party.customer.id)
        let address = party.address
        _ = try transaction.execute(
            """
            UPDATE parties.customer SET birth_date = \(party.birthDate), nationality = \(party.nationality),
                preferred_language = \(party.language.rawValue), address_line1 = \(address?.addressLine1),
                address_line2 = \(address?.addressLine2), city = \(address?.city), county = \(address?.county),
                country = \(address?.country), postal_code = \(address?.postalCode), risk_rating = \(party.riskRating.rawValue),
                is_pep = \(party.isPEP), is_sanctioned = \(party.isSanctioned), kyc_expiry_date = \(party.kycExpiryDate),
                kyc_since = \(party.kycSince), block_source = \(party.blockSource?.rawValue), merged_into = \(party.mergedInto),
                possible_duplicates = \(party.possibleDuplicates), profile_key = \(sealed.keyID), profile = \(sealed.bytes)
            WHERE id = \(party.customer.id)
            """)
        try writeNumbers(of: party, in: transaction)
    }

    /// Replaces the digests by which this party is found and kept unique.
    private func writeNumbers(of party: PartyRecord, in transaction: Transaction) throws {
        let id = party.customer.id
        _ = try transaction.execute("DELETE FROM parties.identity_number WHERE customer_id = \(id)")
        // What was merged into another party belongs to that one now.
        guard party.mergedInto == nil else { return }
        var kinds: [String] = []
        var digests: [[UInt8]] = []
        func add(_ kind: String, _ digest: [UInt8]) {
            guard !zip(kinds, digests).contains(where: { $0 == kind && $1 == digest }) else { return }
            kinds.append(kind)
            digests.append(digest)
        }
        if let document = party.profile.identification {
            add("document", vault.documentDigest(document))
            add("number", vault.numberDigest(document.documentNumber))
        }
        if let number = party.profile.registrationNumber {
            add("registration", vault.registrationDigest(number))
            add("number", vault.numberDigest(number))
        }
        if let pin = party.profile.kraPin { add("kraPin", vault.kraPinDigest(pin)) }
        guard !kinds.isEmpty else { return }
        _ = try transaction.execute(
            """
            INSERT INTO parties.identity_number (customer_id, kind, digest)
            SELECT \(id), k, d FROM unnest(\(kinds)::text[], \(digests)::bytea[]) AS u (k, d)
            """)
    }

    /// Parties of the same kind with a similar name and the same day of birth.
    func similar(to party: PartyRecord, in transaction: Transaction) throws -> [Identifier<Customer>] {
        try similar(
            id: party.customer.id, kind: party.customer.kind, fullName: party.customer.fullName, birthDate: party.birthDate, in: transaction
        )
    }

    func similar(
        id: Identifier<Customer>, kind: CustomerKind, fullName: String, birthDate: BusinessDate?, in transaction: Transaction
    ) throws -> [Identifier<Customer>] {
        guard let birthDate else { return [] }
        return try transaction.query(
            """
            SELECT id FROM parties.customer
            WHERE birth_date = \(birthDate) AND id <> \(id) AND kind = \(kind.rawValue) AND merged_into IS NULL
                AND similarity(lower(full_name), lower(\(fullName))) >= 0.45
            ORDER BY id LIMIT 20
            """
        ).map { try $0.identifier(0) }
    }
}

extension Refusal {
    static let customerNotFound = Refusal.notFound("customer_not_found", "There is no such customer")
}

/// The record as it stood after each change.
enum PartyHistory {
    /// Appends the present state of customers; their rows are written already.
    static func append(
        _ ids: [Identifier<Customer>], action: String, fields: [String], remarks: String? = nil, by principal: Principal?,
        at instant: Timestamp,
        in transaction: Transaction
    ) throws {
        _ = try transaction.execute(
            """
            INSERT INTO parties.customer_history (customer_id, version, changed_at, changed_by, changed_by_name, action, fields, remarks,
                record, profile_key, profile)
            SELECT c.id, c.version, \(instant), \(principal?.userID), \(principal?.username), \(action), \(fields), \(remarks),
                to_jsonb(c) - 'profile' - 'profile_key', c.profile_key, c.profile
            FROM parties.customer c WHERE c.id = ANY(\(ids)::uuid[])
            """)
    }

    struct Change: Sendable {
        let version: Int64
        let changedAt: Timestamp
        let userID: Identifier<User>?
        let username: String?
        let action: String
        let fields: [String]
        let remarks: String?
    }

    static func changes(of id: Identifier<Customer>, until: Timestamp?, in transaction: Transaction) throws -> [Change] {
        let rows = try transaction.query(
            """
            SELECT version, changed_at, changed_by, changed_by_name, action, fields, remarks FROM parties.customer_history
            WHERE customer_id = \(id) AND (\(until)::timestamptz IS NULL OR changed_at <= \(until)) ORDER BY version DESC LIMIT 1000
            """)
        return try rows.map {
            Change(
                version: try $0.int64(0), changedAt: try $0.timestamp(1), userID: try $0.identifierOrNil(2), username: try $0.textOrNil(3),
                action: try $0.text(4), fields: try $0.textArray(5), remarks: try $0.textOrNil(6))
        }
    }

    /// The record as it stood at an instant, or as a version; nil when there was none yet.
    static func record(
        of id: Identifier<Customer>, at instant: Timestamp?, version: Int64? = nil, store: PartyStore, in transaction: Transaction
    ) throws -> PartyRecord? {
        try transaction.query(
            """
            SELECT \(PartyStore.columns), h.profile_key, h.profile
            FROM parties.customer_history h, jsonb_populate_record(NULL::parties.customer, h.record) c
            WHERE h.customer_id = \(id) AND (\(instant)::timestamptz IS NULL OR h.changed_at <= \(instant))
                AND (\(version)::bigint IS NULL OR h.version = \(version))
            ORDER BY h.version DESC LIMIT 1
            """
        ).first.map { try store.record($0) }
    }
}
