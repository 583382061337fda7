import HTTPEdge
import Logging
import Notifications

/// What the program was told before it started: `WEKEZA_*` variables and a `.env` file, read and checked once.
struct Settings: Sendable, Equatable {
    enum Mode: String, Sendable, CaseIterable {
        /// Seeds the demo bank on the first start, shows its logins, and lets simulators stand in for the outside world.
        case demo
        /// Seeds nothing, refuses the demo's passwords, and insists on secrets that somebody chose.
        case production
    }

    /// Ports of the channels, all on the bind address.
    struct Ports: Sendable, Equatable {
        var api: Int
        var publicSite: Int
        var personal: Int
        var corporate: Int
        var sme: Int
        var staff: Int

        var channels: [Int] { [publicSite, personal, corporate, sme, staff] }
    }

    /// Where certificate and key come from.
    enum EncryptionSource: Sendable, Equatable {
        /// Made by the program, kept in the data directory; demo only.
        case selfSigned
        case files(certificatePath: String, keyPath: String)
    }

    var mode: Mode
    var bindAddress: String
    var ports: Ports
    /// Absolute path of everything the program keeps on disk.
    var dataDirectory: String
    /// nil: a private cluster in the data directory.
    var databaseURL: String?
    /// nil: counters and caches live in this process.
    var redisURL: String?
    /// False lifts request limits; possible in demo mode only.
    var areRateLimitsOn: Bool
    /// The private key that signs access tokens; nil: a key file in the data directory (demo only).
    var signingKey: String?
    /// Mixed into every password hash; nil: a file in the data directory (demo only).
    var passwordPepper: String?
    /// Keys that seal single fields at rest, the current one first; nil: a file in the data directory (demo only).
    var dataKeys: String?
    /// A file with passwords that nobody may choose; nil: the built-in list alone.
    var breachedPasswordsFile: String?
    var logLevel: Logger.Level
    /// Networks in CIDR form whose `X-Forwarded-For` is believed.
    var trustedProxies: [String]
    /// Browser origins that may call the API with credentials.
    var allowedOrigins: [String]
    /// Folder with Swagger UI's static files; nil: the page is not served.
    var swaggerUIDirectory: String?
    /// Folder with the built web workspace; nil: no channel is served.
    var webDirectory: String?
    /// nil: every port speaks plain HTTP, behind a proxy or on this machine alone.
    var encryption: EncryptionSource?
    /// Whether `/openapi.json` (and with it Swagger UI) is served.
    var isOpenAPIServed: Bool
    /// Which requests leave a line in the log at info.
    var accessLog: AccessLog
    /// Connections that may be open at once, on one port and from one address.
    var maximumConnections: Int
    var maximumConnectionsPerAddress: Int
    /// Threads that carry requests; 0: one for each core.
    var networkThreads: Int
    /// Networks in CIDR form that may read `/metrics`; empty: everybody who reaches the port.
    var metricsNetworks: [String]
    /// How messages leave the bank.
    var messaging = Messaging()

    struct Messaging: Sendable, Equatable {
        /// nil: mail ends in the log.
        var smtp: SMTPConfiguration?
        /// nil: SMS end in the log.
        var sms: SMSConfiguration?
    }
}

/// Every name the program knows. The README documents exactly these (the tidy test compares).
enum SettingName: String, CaseIterable {
    case mode = "WEKEZA_MODE"
    case bindAddress = "WEKEZA_BIND_ADDRESS"
    case apiPort = "WEKEZA_API_PORT"
    case publicPort = "WEKEZA_PUBLIC_PORT"
    case personalPort = "WEKEZA_PERSONAL_PORT"
    case corporatePort = "WEKEZA_CORPORATE_PORT"
    case smePort = "WEKEZA_SME_PORT"
    case staffPort = "WEKEZA_STAFF_PORT"
    case dataDirectory = "WEKEZA_DATA_DIR"
    case databaseURL = "WEKEZA_DATABASE_URL"
    /// Read by the private cluster itself.
    case clusterUser = "WEKEZA_CLUSTER_USER"
    case redisURL = "WEKEZA_REDIS_URL"
    case rateLimits = "WEKEZA_RATE_LIMITS"
    case signingKey = "WEKEZA_SIGNING_KEY"
    case passwordPepper = "WEKEZA_PASSWORD_PEPPER"
    case dataKeys = "WEKEZA_DATA_KEYS"
    case breachedPasswords = "WEKEZA_BREACHED_PASSWORDS"
    case logLevel = "WEKEZA_LOG_LEVEL"
    case trustedProxies = "WEKEZA_TRUSTED_PROXIES"
    case allowedOrigins = "WEKEZA_ALLOWED_ORIGINS"
    case openAPI = "WEKEZA_OPENAPI"
    case swaggerUI = "WEKEZA_SWAGGER_UI"
    case accessLog = "WEKEZA_ACCESS_LOG"
    case maximumConnections = "WEKEZA_MAXIMUM_CONNECTIONS"
    case maximumConnectionsPerAddress = "WEKEZA_MAXIMUM_CONNECTIONS_PER_ADDRESS"
    case networkThreads = "WEKEZA_NETWORK_THREADS"
    case metricsNetworks = "WEKEZA_METRICS_NETWORKS"
    case smtpURL = "WEKEZA_SMTP_URL"
    case smtpUser = "WEKEZA_SMTP_USER"
    case smtpPassword = "WEKEZA_SMTP_PASSWORD"
    case smtpFrom = "WEKEZA_SMTP_FROM"
    case smsURL = "WEKEZA_SMS_URL"
    case smsKey = "WEKEZA_SMS_KEY"
    case smsSender = "WEKEZA_SMS_SENDER"
    case web = "WEKEZA_WEB"
    case tls = "WEKEZA_TLS"
    case tlsCertificate = "WEKEZA_TLS_CERTIFICATE"
    case tlsKey = "WEKEZA_TLS_KEY"

    var isSecret: Bool {
        switch self {
        // The addresses of the database and of Redis may carry passwords.
        case .smtpURL, .smtpPassword, .smsURL, .smsKey, .signingKey, .passwordPepper, .dataKeys, .databaseURL, .redisURL: true
        default: false
        }
    }

    /// The known name that was probably meant, when one is at most three keystrokes away.
    static func nearest(to name: String) -> SettingName? {
        let ranked = allCases.map { (distance: editDistance($0.rawValue, name), name: $0) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= 3 else { return nil }
        return best.name
    }

    /// Damerau–Levenshtein distance with adjacent transpositions (optimal string alignment).
    static func editDistance(_ left: String, _ right: String) -> Int {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for row in 1...left.count {
            var current = [row] + [Int](repeating: 0, count: right.count)
            for column in 1...right.count {
                let substitution = last[column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1)
                current[column] = min(last[column] + 1, current[column - 1] + 1, substitution)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    current[column] = min(current[column], beforeLast[column - 2] + 1)
                }
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}

/// Why the program does not start: one clear line for each wrong setting.
struct SettingsFailure: Error, Equatable, CustomStringConvertible {
    let lines: [String]

    var description: String { lines.joined(separator: "\n") }
}
