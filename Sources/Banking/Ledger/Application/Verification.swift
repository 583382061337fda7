import Kernel

/// What a proof of the books found.
public struct VerificationReport: Sendable, Equatable {
    public struct Check: Sendable, Equatable {
        public let name: String
        public let passed: Bool
        public let detail: String?
        /// The first place where it fails.
        public let firstFailure: String?
    }

    public let checkedAt: Timestamp
    public let journalsChecked: Int64
    public let entriesChecked: Int64
    public let accountsChecked: Int64
    public let auditRecordsChecked: Int64
    /// Digest over the heads of all lanes, in hexadecimal: one value to keep elsewhere as an anchor.
    public let chainHead: String
    public let checks: [Check]

    public var isSound: Bool { checks.allSatisfy(\.passed) }
    public var firstFailure: String? { checks.first { !$0.passed }.map { "\($0.name): \($0.firstFailure ?? "failed")" } }
}

/// The proofs by name (contract, section 8), in the order they are reported.
enum VerificationCheck: String, CaseIterable {
    case journalsBalanced
    case trialBalanceZero
    case balancesMatchEntries
    case subledgerMatchesControl
    case holdsMatchAvailable
    case noForbiddenNegative
    case externalReferencesUnique
    case hashChain
    case auditChain
}
