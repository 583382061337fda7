import Kernel
import Postgres

/// A reference rate from a day on, until the next one.
public struct ReferenceRate: Sendable, Equatable {
    public let code: String
    public let rate: Rate
    public let effectiveDate: BusinessDate

    public init(code: String, rate: Rate, effectiveDate: BusinessDate) {
        self.code = code
        self.rate = rate
        self.effectiveDate = effectiveDate
    }
}

enum ReferenceRateRows {
    static func insert(_ rate: ReferenceRate, by user: Identifier<User>? = nil) -> SQL {
        """
        INSERT INTO products.reference_rate (rate_code, rate_millionths, valid_from, entered_by)
        VALUES (\(rate.code), \(rate.rate.millionthsOfPercent), \(rate.effectiveDate), \(user))
        """
    }
}
