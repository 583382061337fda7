import Application
import HTTPEdge
import Identity
import Kernel
import Ledger
import Organisation
import Postgres
import Products

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
        let steered = [LimitParameter.customerPerTransfer, .customerDaily, .stepUpTransferThreshold].map { ($0.rawValue, limit($0)) }
        return Parameters(
            pool: pool, pipeline: pipeline, clock: clock, businessDate: { try await businessDay.current() },
            steered: Dictionary(uniqueKeysWithValues: steered), afterChange: { tariffs.invalidate() })
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
