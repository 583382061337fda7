import Kernel
import Ledger
import Postgres
import Products

/// Products asks which general-ledger accounts exist; the ledger knows.
struct LedgerCodesAdapter: GeneralLedgerCodes {
    let pool: ConnectionPool
    let clock: any WallClock

    func existing(among numbers: [Int32]) async throws -> Set<Int32> {
        let ledger = GeneralLedger(clock: clock)
        let known = try await pool.read { try ledger.names(in: $0) }
        return Set(numbers.filter { known[GLCode($0)] != nil })
    }
}
