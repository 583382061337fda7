import Kernel
import Logging
import Postgres

/// Carries waiting messages to the gateway. Any number of processes may run one: a message is leased to one of them at a time.
public struct MessageDelivery: Sendable {
    private let pool: ConnectionPool
    private let gateway: any MessageGateway
    private let clock: any WallClock
    private let policy: DeliveryPolicy
    /// False in production: a secret that was delivered is erased from the outbox.
    private let keepsSecrets: Bool
    private let logger: Logger

    /// Messages leased at once: few enough that all of them are tried well within a lease.
    private static let batchSize = 32

    public init(
        pool: ConnectionPool, gateway: any MessageGateway, clock: any WallClock, policy: DeliveryPolicy = DeliveryPolicy(),
        keepsSecrets: Bool, logger: Logger
    ) {
        self.pool = pool
        self.gateway = gateway
        self.clock = clock
        self.policy = policy
        self.keepsSecrets = keepsSecrets
        self.logger = logger
    }

    /// Runs until its task is cancelled, which is how the program ends it.
    public func run(pauseMilliseconds: Int = 500) async {
        while !Task.isCancelled {
            var delivered = 0
            do {
                delivered = try await deliverDue()
            } catch {
                // The database may be away; messages wait there, so this is only worth a line.
                logger.warning("messages could not be read", metadata: ["error": "\(error)"])
            }
            if delivered == 0 {
                do { try await Task.sleep(for: .milliseconds(pauseMilliseconds)) } catch { return }
            }
        }
    }

    /// Tries every message that is due now, up to one batch.
    /// - Returns: how many were tried
    @discardableResult
    public func deliverDue() async throws -> Int {
        let now = clock.now()
        let policy = policy
        let leased = try await pool.transaction { transaction in
            try MessageStore.lease(limit: Self.batchSize, at: now, until: now.adding(seconds: policy.leaseSeconds), in: transaction)
        }
        // Side by side, so that a slow server never makes the last of them outlast the lease.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for message in leased { group.addTask { try await attempt(message) } }
            try await group.waitForAll()
        }
        return leased.count
    }

    private func attempt(_ leased: LeasedMessage) async throws {
        var failure: String?
        do {
            try await gateway.deliver(leased.message, id: leased.id)
        } catch {
            failure = String(String(describing: error).prefix(500))
        }
        let now = clock.now()
        let keepsSecrets = keepsSecrets
        guard let failure else {
            try await pool.transaction { transaction in
                try MessageStore.markSent(leased.id, at: now, erasingSecrets: !keepsSecrets, in: transaction)
            }
            return
        }
        let status = policy.status(afterFailedAttempt: leased.attempt)
        let next = now.adding(seconds: policy.delaySeconds(afterAttempt: leased.attempt))
        logger.warning(
            "a message was not delivered",
            metadata: ["messageId": "\(leased.id)", "attempt": "\(leased.attempt)", "status": "\(status.rawValue)", "reason": "\(failure)"])
        try await pool.transaction { transaction in
            try MessageStore.markFailed(leased.id, status: status, reason: failure, nextAttemptAt: next, in: transaction)
        }
    }
}

/// A message that this worker may try now.
struct LeasedMessage: Sendable {
    let id: Identifier<Message>
    let message: OutgoingMessage
    /// This attempt's number, from one.
    let attempt: Int32
}
