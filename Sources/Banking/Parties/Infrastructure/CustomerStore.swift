import Kernel
import Postgres

enum CustomerStore {
    static let columns = """
        id, cif_number, kind, status, full_name, first_name, middle_name, last_name, email, phone, segment, kyc_status, kyc_tier,
        created_at, version
        """

    static func record(_ row: Row) throws -> CustomerRecord {
        guard let kind = CustomerKind(rawValue: try row.text(2)), let status = CustomerStatus(rawValue: try row.text(3)),
            let segment = CustomerSegment(rawValue: try row.text(10)), let kycStatus = KYCStatus(rawValue: try row.text(11))
        else { throw Refusal.unavailable("A customer's record was written by a newer program") }
        return CustomerRecord(
            id: try row.identifier(0), cifNumber: try row.text(1), kind: kind, status: status, fullName: try row.text(4),
            firstName: try row.textOrNil(5), middleName: try row.textOrNil(6), lastName: try row.textOrNil(7), email: try row.textOrNil(8),
            phone: try row.textOrNil(9), segment: segment, kycStatus: kycStatus, kycTier: try row.int16(12),
            createdAt: try row.timestamp(13), version: try row.int64(14))
    }

    static func insert(_ customers: [CustomerRecord]) -> SQL {
        """
        INSERT INTO parties.customer (\(raw: columns))
        SELECT * FROM unnest(
            \(customers.map(\.id))::uuid[], \(customers.map(\.cifNumber))::text[], \(customers.map(\.kind.rawValue))::text[],
            \(customers.map(\.status.rawValue))::text[], \(customers.map(\.fullName))::text[], \(customers.map(\.firstName))::text[],
            \(customers.map(\.middleName))::text[], \(customers.map(\.lastName))::text[], \(customers.map(\.email))::text[],
            \(customers.map(\.phone))::text[], \(customers.map(\.segment.rawValue))::text[],
            \(customers.map(\.kycStatus.rawValue))::text[], \(customers.map(\.kycTier))::smallint[],
            \(customers.map(\.createdAt))::timestamptz[], \(customers.map(\.version))::bigint[])
        """
    }

    static func select(_ condition: SQL) -> SQL {
        "SELECT \(raw: columns) FROM parties.customer WHERE \(condition)"
    }
}
