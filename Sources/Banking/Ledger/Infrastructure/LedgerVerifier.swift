import Application
import Audit
import Kernel
import Postgres

/// Proves the books from the journal alone: walks the chain, recomputes every balance and every total, and names the first break.
///
/// It reads one snapshot, so it may run while the bank works, and it holds no lock.
public struct LedgerVerifier: Sendable {
    private let clock: any WallClock

    public init(clock: any WallClock) {
        self.clock = clock
    }

    /// - Parameter progress: hears how many journals have been walked, now and then
    public func verify(
        in pool: ConnectionPool, deadline: Timestamp? = nil, progress: (@Sendable (Int64) -> Void)? = nil
    ) async throws -> VerificationReport {
        let clock = clock
        return try await pool.snapshot(deadline: deadline) { transaction in
            var walk = JournalWalk()
            try walk.run(in: transaction, progress: progress)
            var totals = BookTotals(walk: walk)
            try totals.compare(in: transaction)
            var sealed = SealedRows()
            let audit = try AuditVerifier().verify(in: transaction) { sealed.read($0) }
            var references = BookReferences(walk: walk)
            try references.compare(in: transaction)
            var failures = walk.failures
            failures.merge(totals.failures) { first, _ in first }
            failures.merge(references.failures) { first, _ in first }
            if let failure = audit.firstFailure {
                failures[.auditChain] = failure
            } else {
                // Only a chain that holds can vouch for other rows.
                var seals = SealVerification(sealed)
                try seals.compare(in: transaction)
                failures.merge(seals.failures) { first, _ in first }
            }
            let checks = VerificationCheck.allCases.map { check in
                VerificationReport.Check(
                    name: check.rawValue, passed: failures[check] == nil, detail: nil, firstFailure: failures[check])
            }
            return VerificationReport(
                checkedAt: clock.now(), journalsChecked: walk.journals, entriesChecked: walk.entries,
                accountsChecked: totals.accounts, auditRecordsChecked: audit.recordsChecked, chainHead: walk.head, checks: checks)
        }
    }
}

/// Nil for a row that holds what this program never writes: to the verifier that is a finding, not a failure of its own.
func readable<Value>(_ read: () throws -> Value) throws -> Value? {
    do {
        return try read()
    } catch let error as PostgresError where error.kind == .misuse {
        return nil
    }
}
