import Foundation

/// A lock on a file that the system drops with the process that holds it, however that process ends.
final class FileLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `PrivateCluster.Failure` when the file cannot be opened
    init(path: String) throws {
        // Not for children: PostgreSQL must not hold a lock of ours after we are gone.
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PrivateCluster.Failure.system("WEKEZA_DATA_DIR: cannot open \(path)") }
    }

    /// Waits until nobody else holds the lock.
    func lockExclusively() { lock(LOCK_EX) }

    /// Waits until nobody holds the lock exclusively.
    func lockShared() { lock(LOCK_SH) }

    /// Takes the lock if nobody else has it in any form. A shared lock that this object held is gone when the answer is false.
    func tryExclusively() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    func unlock() { _ = flock(descriptor, LOCK_UN) }

    private func lock(_ operation: Int32) {
        while flock(descriptor, operation) != 0, errno == EINTR {}
    }

    deinit { close(descriptor) }
}
