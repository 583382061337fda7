import Foundation
import Kernel
import Postgres
import Safeguards

public enum OnboardingApplication {}
public enum OnboardingFile {}

/// An application as it stands.
public struct ApplicationRecord: Sendable {
    public let id: Identifier<OnboardingApplication>
    public let status: OnboardingStatus
    public let step: OnboardingStep
    /// Nil once he is a customer or refused.
    public let applicant: Applicant?
    let isKnown: Bool
    let codeDigest: [UInt8]?
    let codeExpiresAt: Timestamp?
    let codeTries: Int16
    let codeResends: Int16
    public let createdAt: Timestamp
    public let expiresAt: Timestamp
    public let reviewReasons: [String]
    public let customerID: Identifier<Customer>?
    public let decidedBy: String?
    public let remarks: String?

    func status(at now: Timestamp) -> OnboardingStatus { status == .inProgress && now >= expiresAt ? .expired : status }
}

/// Seals applicants and makes the digests by which codes, tokens and phones are compared.
public struct OnboardingVault: Sendable {
    let keys: DataKeys
    private let digestKey: [UInt8]

    public init(keys: DataKeys, digestKey: [UInt8]) {
        precondition(digestKey.count >= 32, "a digest key has at least 256 bits")
        self.keys = keys
        self.digestKey = digestKey
    }

    func digest(_ kind: String, _ text: String) -> [UInt8] { Digests.hmacSHA256(key: digestKey, Array("\(kind):\(text)".utf8)) }

    func seal(_ applicant: Applicant, _ id: Identifier<OnboardingApplication>) throws -> DataKeys.Sealed {
        try keys.seal(Array(try JSONEncoder().encode(applicant)), place: "onboarding.application/\(id)")
    }

    func applicant(_ sealed: DataKeys.Sealed, _ id: Identifier<OnboardingApplication>) throws -> Applicant {
        try JSONDecoder().decode(Applicant.self, from: Data(try keys.open(sealed, place: "onboarding.application/\(id)")))
    }

    func sealFile(_ bytes: [UInt8], _ id: Identifier<OnboardingFile>) throws -> DataKeys.Sealed {
        try keys.seal(bytes, place: "onboarding.file/\(id)")
    }

    func file(_ sealed: DataKeys.Sealed, _ id: Identifier<OnboardingFile>) throws -> [UInt8] {
        try keys.open(sealed, place: "onboarding.file/\(id)")
    }
}

struct ApplicationStore: Sendable {
    let vault: OnboardingVault

    private static let columns = """
        id, status, step, key_id, sealed, is_known, code_digest, code_expires_at, code_tries, code_resends, created_at, expires_at,
        review_reasons, customer_id, decided_by_name, remarks
        """

    private func record(_ row: Row) throws -> ApplicationRecord {
        let id: Identifier<OnboardingApplication> = try row.identifier(0)
        var applicant: Applicant?
        if let keyID = try row.textOrNil(3), let bytes = try row.bytesOrNil(4) {
            applicant = try vault.applicant(DataKeys.Sealed(keyID: keyID, bytes: bytes), id)
        }
        return ApplicationRecord(
            id: id, status: OnboardingStatus(rawValue: try row.text(1)) ?? .inProgress,
            step: OnboardingStep(rawValue: try row.text(2)) ?? .verifyPhone, applicant: applicant, isKnown: try row.bool(5),
            codeDigest: try row.bytesOrNil(6), codeExpiresAt: try row.timestampOrNil(7), codeTries: try row.int16(8),
            codeResends: try row.int16(9), createdAt: try row.timestamp(10), expiresAt: try row.timestamp(11),
            reviewReasons: try row.textArray(12), customerID: try row.identifierOrNil(13), decidedBy: try row.textOrNil(14),
            remarks: try row.textOrNil(15))
    }

    func insert(
        _ id: Identifier<OnboardingApplication>, token: String, applicant: Applicant, isKnown: Bool, code: String?, ipAddress: String,
        at now: Timestamp, in transaction: Transaction
    ) throws {
        let sealed = try vault.seal(applicant, id)
        _ = try transaction.execute(
            """
            INSERT INTO onboarding.application (id, token_digest, status, step, key_id, sealed, phone_digest, ip_address, is_known,
                code_digest, code_expires_at, created_at, expires_at)
            VALUES (\(id), \(vault.digest("token", token)), 'inProgress', 'verifyPhone', \(sealed.keyID), \(sealed.bytes),
                \(vault.digest("phone", applicant.phone)), \(ipAddress), \(isKnown), \(code.map { vault.digest("code/\(id)", $0) }),
                \(now.adding(seconds: OnboardingPolicy.codeSeconds)), \(now), \(now.adding(seconds: OnboardingPolicy.lifetimeSeconds)))
            """)
    }

    /// The application a token belongs to.
    /// - Throws: 404 for anything else
    func require(
        token: String?, id: String? = nil, locking: Bool = false, in transaction: Transaction
    ) throws -> ApplicationRecord {
        guard let token, !token.isEmpty, token.utf8.count <= 200 else { throw Refusal.notFound() }
        let sql: SQL = "SELECT \(raw: Self.columns) FROM onboarding.application WHERE token_digest = \(vault.digest("token", token))"
        guard let found = try transaction.query(locking ? sql + " FOR NO KEY UPDATE" : sql).first.map(record) else {
            throw Refusal.notFound()
        }
        if let id, Identifier<OnboardingApplication>(id) != found.id { throw Refusal.notFound() }
        return found
    }

    func find(_ id: Identifier<OnboardingApplication>, locking: Bool = false, in transaction: Transaction) throws -> ApplicationRecord? {
        let sql: SQL = "SELECT \(raw: Self.columns) FROM onboarding.application WHERE id = \(id)"
        return try transaction.query(locking ? sql + " FOR NO KEY UPDATE" : sql).first.map(record)
    }

    func list(
        status: OnboardingStatus?, after: Identifier<OnboardingApplication>?, limit: Int, at now: Timestamp, in transaction: Transaction
    ) throws -> [ApplicationRecord] {
        let bound = after ?? Identifier(bits: .max)
        var condition: SQL = "id < \(bound)"
        switch status {
        case .expired: condition = condition + " AND status = 'inProgress' AND expires_at <= \(now)"
        case .inProgress: condition = condition + " AND status = 'inProgress' AND expires_at > \(now)"
        case .some(let status): condition = condition + " AND status = \(status.rawValue)"
        case nil: break
        }
        return try transaction.query(
            "SELECT \(raw: Self.columns) FROM onboarding.application WHERE \(condition) ORDER BY id DESC LIMIT \(Int64(limit))"
        ).map(record)
    }

    func startsInLastHour(phone: String, at now: Timestamp, in transaction: Transaction) throws -> Int64 {
        try transaction.query(
            """
            SELECT count(*) FROM onboarding.application
            WHERE phone_digest = \(vault.digest("phone", phone)) AND created_at > \(now.adding(seconds: -3_600))
            """
        ).first?.int64(0) ?? 0
    }

    func set(_ id: Identifier<OnboardingApplication>, _ assignments: SQL, in transaction: Transaction) throws {
        _ = try transaction.execute("UPDATE onboarding.application SET \(assignments) WHERE id = \(id)")
    }

    func write(_ applicant: Applicant, of id: Identifier<OnboardingApplication>, in transaction: Transaction) throws {
        let sealed = try vault.seal(applicant, id)
        try set(id, "key_id = \(sealed.keyID), sealed = \(sealed.bytes)", in: transaction)
    }

    // MARK: Files

    struct StoredFile: Sendable {
        let id: Identifier<OnboardingFile>
        let kind: String
        let fileName: String
        let contentType: String
        let sizeBytes: Int32
        let sha256: [UInt8]
    }

    func insert(_ file: StoredFile, _ sealed: DataKeys.Sealed, of id: Identifier<OnboardingApplication>, in transaction: Transaction) throws
    {
        _ = try transaction.execute(
            """
            INSERT INTO onboarding.file (id, application_id, kind, file_name, content_type, size_bytes, sha256, key_id, content)
            VALUES (\(file.id), \(id), \(file.kind), \(file.fileName), \(file.contentType), \(file.sizeBytes), \(file.sha256),
                \(sealed.keyID), \(sealed.bytes))
            """)
    }

    func files(of id: Identifier<OnboardingApplication>, in transaction: Transaction) throws -> [StoredFile] {
        try transaction.query(
            "SELECT id, kind, file_name, content_type, size_bytes, sha256 FROM onboarding.file WHERE application_id = \(id) ORDER BY id"
        ).map {
            StoredFile(
                id: try $0.identifier(0), kind: try $0.text(1), fileName: try $0.text(2), contentType: try $0.text(3),
                sizeBytes: try $0.int32(4), sha256: try $0.bytes(5))
        }
    }

    func content(_ file: Identifier<OnboardingFile>, in transaction: Transaction) throws -> [UInt8]? {
        try transaction.query("SELECT key_id, content FROM onboarding.file WHERE id = \(file)").first.map {
            try vault.file(DataKeys.Sealed(keyID: try $0.text(0), bytes: try $0.bytes(1)), file)
        }
    }

    func removeFiles(of id: Identifier<OnboardingApplication>, in transaction: Transaction) throws {
        _ = try transaction.execute("DELETE FROM onboarding.file WHERE application_id = \(id)")
    }
}
