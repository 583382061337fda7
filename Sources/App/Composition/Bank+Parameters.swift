import Application
import HTTPEdge
import Identity
import Kernel
import Ledger
import Organisation
import Parties
import Postgres
import Products
import Screening

/// What administrators may set, and whom it steers.
extension Bank {
    static func parameters(
        pool: ConnectionPool, pipeline: CommandPipeline, clock: any WallClock, businessDay: BusinessDayCache, tariffs: TariffBookCache
    ) -> Parameters {
        func limit(_ parameter: LimitParameter) -> Parameters.Steer {
            { value, date, transaction in
                let amount = Money(minorUnits: try DecimalText.amount(value, exponent: Currency.kes.exponent), currency: .kes)
                try LimitChanges.set(parameter, to: amount, from: date, in: transaction)
            }
        }
        let limits = [LimitParameter.customerPerTransfer, .customerDaily, .stepUpTransferThreshold].map { ($0.rawValue, limit($0)) }
        let steered = limits + [reviewThreshold, blockThreshold].map { ($0, threshold($0)) }
        return Parameters(
            pool: pool, pipeline: pipeline, clock: clock, businessDate: { try await businessDay.current() },
            steered: Dictionary(uniqueKeysWithValues: steered), afterChange: { tariffs.invalidate() })
    }

    private static let reviewThreshold = "screening.reviewThreshold"
    private static let blockThreshold = "screening.blockThreshold"

    /// Refuses a threshold that would contradict the other one on the day from which it counts.
    private static func threshold(_ key: String) -> Parameters.Steer {
        { value, date, transaction in
            let other = key == reviewThreshold ? blockThreshold : reviewThreshold
            let kept = try Parameters.value(other, on: date, in: transaction)
            let (review, block) = key == reviewThreshold ? (value, kept) : (kept, value)
            if ScreeningThresholds(review: review, block: block) == nil {
                let rule = "Above 0 and at most 1, and the review threshold not above the one that blocks (\(other) is \(kept) then)"
                throw Refusal.validation([.init("value", "out_of_range", rule)])
            }
        }
    }

    /// What is in force now. Two changes that were entered for different days can leave the thresholds in the wrong order on a third:
    /// then the stricter reading holds, and whatever is looked at also blocks.
    static func screeningThresholds(_ parameters: Parameters) -> ScreeningThresholds {
        let (review, block) = (parameters.text(reviewThreshold), parameters.text(blockThreshold))
        return ScreeningThresholds(review: review, block: block) ?? ScreeningThresholds(review: review, block: review) ?? .standard
    }

    /// What a level of verification allows a person, by the limits in force.
    static func allowance(
        tariffs: TariffBookCache, businessDay: BusinessDayCache
    ) -> @Sendable (Int16) async throws -> TierAllowance {
        { tier in
            let (book, date) = (try await tariffs.current(), try await businessDay.current())
            let daily = try book.limit(.customerDaily, on: date)
            guard tier <= 1 else {
                return TierAllowance(perTransaction: try book.limit(.customerPerTransfer, on: date), daily: daily, balance: nil)
            }
            return TierAllowance(
                perTransaction: try book.limit(.kycTier1PerTransaction, on: date), daily: daily,
                balance: try book.limit(.kycTier1Balance, on: date))
        }
    }

    static func sessionPolicy(_ parameters: Parameters) -> SessionPolicy {
        var policy = SessionPolicy()
        policy.idleSeconds = parameters.integer("auth.idleMinutes") * 60
        policy.lockoutSeconds = parameters.integer("auth.lockoutMinutes") * 60
        return policy
    }

    static func rateLimits(_ parameters: Parameters, isEnabled: Bool) -> RateLimits {
        RateLimits(
            perUser: Int(parameters.integer("rateLimits.perUser")), perAddress: Int(parameters.integer("rateLimits.perAddress")),
            signInsPerAddress: Int(parameters.integer("rateLimits.signIn")),
            recipientLookupsPerUser: Int(parameters.integer("rateLimits.recipientLookups")), isEnabled: isEnabled)
    }
}
