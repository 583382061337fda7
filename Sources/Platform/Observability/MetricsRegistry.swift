public final class MetricsRegistry: Sendable { public init() {} }
