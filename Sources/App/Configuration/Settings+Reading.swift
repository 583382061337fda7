import Configuration
import Foundation
import HTTPEdge
import Logging
import Notifications
import Safeguards

extension Settings {
    /// Where settings come from. The environment wins over the file.
    struct Sources {
        var environment: [String: String]
        /// Content of the `.env` file, or nil when there is none.
        var file: String?
        var fileName = ".env"
        var workingDirectory: String

        /// This process: its environment and the `.env` file of the folder it was started in.
        static func process() throws(SettingsFailure) -> Sources {
            let workingDirectory = FileManager.default.currentDirectoryPath
            var file: String?
            if FileManager.default.fileExists(atPath: workingDirectory + "/.env") {
                do {
                    file = try String(contentsOfFile: workingDirectory + "/.env", encoding: .utf8)
                } catch {
                    throw SettingsFailure(lines: [".env exists but cannot be read as UTF-8 text"])
                }
            }
            return Sources(environment: ProcessInfo.processInfo.environment, file: file, workingDirectory: workingDirectory)
        }
    }

    /// Reads and checks everything at once.
    /// - Returns: the settings, and one warning for each `WEKEZA_*` name nobody knows
    /// - Throws: `SettingsFailure` with one line for each wrong value
    static func read(from sources: Sources) throws(SettingsFailure) -> (settings: Settings, warnings: [String]) {
        let file = try sources.file.map { (text) throws(SettingsFailure) in try EnvironmentFile.parse(text, name: sources.fileName) } ?? [:]
        let secrets: SecretsSpecifier<String, String> = .specific(Set(SettingName.allCases.filter(\.isSecret).map(\.rawValue)))
        let reader = ConfigReader(providers: [
            EnvironmentVariablesProvider(environmentVariables: sources.environment, secretsSpecifier: secrets),
            EnvironmentVariablesProvider(environmentVariables: file, secretsSpecifier: secrets),
        ])
        var values = CheckedValues(reader: reader)
        let settings = values.settings(workingDirectory: sources.workingDirectory)
        guard let settings, values.problems.isEmpty else { throw SettingsFailure(lines: values.problems) }
        return (settings, warnings(for: Set(sources.environment.keys).union(file.keys)))
    }

    static func warnings(for names: Set<String>) -> [String] {
        let known = Set(SettingName.allCases.map(\.rawValue))
        return names.filter { $0.hasPrefix("WEKEZA_") && !$0.hasPrefix("WEKEZA_TEST_") && !known.contains($0) }.sorted().map { name in
            let suggestion = SettingName.nearest(to: name).map { "; did you mean \($0.rawValue)?" } ?? " and is ignored"
            return "\(name) is not a setting\(suggestion)"
        }
    }
}

/// Reads values one by one and collects what is wrong with each, so that a start reports everything at once.
private struct CheckedValues {
    let reader: ConfigReader
    var problems: [String] = []

    init(reader: ConfigReader) {
        self.reader = reader
    }

    /// An empty value counts as none: `WEKEZA_REDIS_URL=` in a `.env` file switches back to the default.
    func text(_ name: SettingName) -> String? {
        let components = name.rawValue.lowercased().split(separator: "_").map(String.init)
        guard let value = reader.string(forKey: ConfigKey(components), isSecret: name.isSecret) else { return nil }
        let trimmed = value.trimmingCharacters(in: .whitespacesAndNewlines)
        return trimmed.isEmpty ? nil : trimmed
    }

    mutating func refuse(_ name: SettingName, _ requirement: String, _ value: String) {
        // What was typed helps to find the mistake; what is secret stays secret.
        problems.append("\(name.rawValue) must be \(requirement)" + (name.isSecret ? "" : ", not \"\(value)\""))
    }

    mutating func port(_ name: SettingName, default fallback: Int) -> Int {
        guard let value = text(name) else { return fallback }
        guard value.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let port = Int(value),
            (1...65_535).contains(port)
        else {
            refuse(name, "a port from 1 to 65535", value)
            return fallback
        }
        return port
    }

    mutating func number(_ name: SettingName, _ range: ClosedRange<Int>, default fallback: Int) -> Int {
        guard let value = text(name) else { return fallback }
        guard value.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let number = Int(value),
            range.contains(number)
        else {
            refuse(name, "a number from \(range.lowerBound) to \(range.upperBound)", value)
            return fallback
        }
        return number
    }

    mutating func choice<Value>(_ name: SettingName, _ choices: KeyValuePairs<String, Value>, default fallback: Value) -> Value {
        guard let value = text(name) else { return fallback }
        if let match = choices.first(where: { $0.key == value.lowercased() }) { return match.value }
        let names = choices.map(\.key)
        refuse(name, names.dropLast().joined(separator: ", ") + " or " + (names.last ?? ""), value)
        return fallback
    }

    mutating func url(_ name: SettingName, schemes: Set<String>, requirement: String) -> String? {
        guard let value = text(name) else { return nil }
        guard let components = URLComponents(string: value), let scheme = components.scheme?.lowercased(), schemes.contains(scheme) else {
            refuse(name, requirement, value)
            return nil
        }
        return value
    }

    func list(_ name: SettingName) -> [String] {
        (text(name) ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    mutating func networks(_ name: SettingName) -> [String] {
        let values = list(name)
        for value in values where !Network.isCIDR(value) {
            refuse(name, "addresses or networks such as 10.0.0.0/8, separated by commas", value)
        }
        return values
    }

    mutating func origins(_ name: SettingName) -> [String] {
        let values = list(name)
        for value in values {
            let components = URLComponents(string: value)
            let isOrigin =
                ["http", "https"].contains(components?.scheme ?? "") && !(components?.host ?? "").isEmpty && components?.path == ""
                && components?.query == nil && components?.fragment == nil && components?.user == nil
            if !isOrigin { refuse(name, "origins such as https://bank.example.com, separated by commas", value) }
        }
        return values
    }

    mutating func settings(workingDirectory: String) -> Settings? {
        let mode = choice(.mode, ["demo": Settings.Mode.demo, "production": .production], default: .demo)
        let ports = channelPorts()
        let dataDirectory = absolute(text(.dataDirectory) ?? "./var", in: workingDirectory)
        let areRateLimitsOn = choice(.rateLimits, ["on": true, "off": false], default: true)
        if !areRateLimitsOn && mode == .production { problems.append("WEKEZA_RATE_LIMITS may be off in demo mode only") }
        let signingKey = text(.signingKey)
        let passwordPepper = text(.passwordPepper)
        if let passwordPepper, passwordPepper.utf8.count < 32 { refuse(.passwordPepper, "at least 32 characters", passwordPepper) }
        let dataKeys = text(.dataKeys)
        if let dataKeys, DataKeys(text: dataKeys) == nil { problems.append("WEKEZA_DATA_KEYS \(DataKeys.requirement)") }
        if mode == .production {
            if signingKey == nil {
                problems.append("WEKEZA_SIGNING_KEY is required in production: the key that signs tokens (wekeza new-secrets)")
            }
            if passwordPepper == nil {
                problems.append(
                    "WEKEZA_PASSWORD_PEPPER is required in production: at least 32 random characters, never changed later (wekeza new-secrets)"
                )
            }
            if dataKeys == nil {
                problems.append("WEKEZA_DATA_KEYS is required in production: keys that seal secrets at rest (wekeza new-secrets)")
            }
        }
        let bindAddress = text(.bindAddress) ?? "127.0.0.1"
        if bindAddress != "localhost" && !Network.isAddress(bindAddress) {
            refuse(.bindAddress, "an IP address such as 127.0.0.1 or 0.0.0.0", bindAddress)
        }
        let configuredOrigins = origins(.allowedOrigins)
        let encryption = encryption(mode, workingDirectory: workingDirectory)
        let isOpenAPIServed = choice(.openAPI, ["on": true, "off": false], default: true)
        return Settings(
            mode: mode, bindAddress: bindAddress, ports: ports, dataDirectory: dataDirectory,
            databaseURL: url(
                .databaseURL, schemes: ["postgres", "postgresql"],
                requirement: "an address such as postgresql://user@host:5432/wekeza"),
            redisURL: url(.redisURL, schemes: ["redis"], requirement: "an address such as redis://127.0.0.1:6379"),
            areRateLimitsOn: areRateLimitsOn, signingKey: signingKey, passwordPepper: passwordPepper, dataKeys: dataKeys,
            breachedPasswordsFile: file(.breachedPasswords, in: workingDirectory), logLevel: logLevel(),
            trustedProxies: networks(.trustedProxies),
            allowedOrigins: configuredOrigins.isEmpty
                ? Self.channelOrigins(ports, scheme: encryption == nil ? "http" : "https") : configuredOrigins,
            swaggerUIDirectory: isOpenAPIServed
                ? folder(.swaggerUI, default: ".venv/swagger-ui", with: ["swagger-ui-bundle.js"], in: workingDirectory) : nil,
            webDirectory: folder(
                .web, default: "Web/dist", with: ["personal.html", "corporate.html", "sme.html", "staff.html"], in: workingDirectory),
            encryption: encryption, isOpenAPIServed: isOpenAPIServed,
            accessLog: choice(.accessLog, ["all": .all, "notable": .notable, "off": .off], default: AccessLog.notable),
            maximumConnections: number(.maximumConnections, 1...100_000, default: 4_096),
            maximumConnectionsPerAddress: number(.maximumConnectionsPerAddress, 1...100_000, default: 256),
            networkThreads: number(.networkThreads, 0...64, default: 0),
            metricsNetworks: networks(.metricsNetworks), messaging: messaging())
    }

    private mutating func messaging() -> Settings.Messaging {
        var messaging = Settings.Messaging()
        if let address = url(
            .smtpURL, schemes: ["smtp", "smtps"], requirement: "an address such as smtps://mail.example.com:465")
        {
            let from = text(.smtpFrom) ?? "no-reply@wekeza.example"
            if from.split(separator: "@").count != 2 || from.contains(where: \.isWhitespace) {
                refuse(.smtpFrom, "a mail address", from)
            }
            messaging.smtp = SMTPConfiguration(url: address, user: text(.smtpUser), password: text(.smtpPassword), from: from)
        }
        if let address = url(.smsURL, schemes: ["http", "https"], requirement: "an address such as https://sms.example.com/send") {
            messaging.sms = SMSConfiguration(url: address, key: text(.smsKey), sender: text(.smsSender) ?? "WEKEZA")
        }
        return messaging
    }

    private mutating func channelPorts() -> Settings.Ports {
        let named: [(SettingName, Int)] = [
            (.apiPort, 5_000), (.publicPort, 3_000), (.personalPort, 3_001), (.corporatePort, 3_002), (.smePort, 3_003),
            (.staffPort, 3_004),
        ].map { ($0, port($0, default: $1)) }
        for (index, (name, port)) in named.enumerated() {
            if let twin = named[..<index].first(where: { $0.1 == port }) {
                problems.append("\(name.rawValue) and \(twin.0.rawValue) are both \(port); every channel needs its own port")
            }
        }
        return Settings.Ports(
            api: named[0].1, publicSite: named[1].1, personal: named[2].1, corporate: named[3].1, sme: named[4].1, staff: named[5].1)
    }

    private mutating func logLevel() -> Logger.Level {
        guard let value = text(.logLevel) else { return .info }
        guard let level = Logger.Level(rawValue: value.lowercased()) else {
            refuse(.logLevel, "trace, debug, info, notice, warning, error or critical", value)
            return .info
        }
        return level
    }

    /// A folder in which at least one of some files must be. Unset: the default, if it is there; `off`: none.
    private mutating func folder(
        _ name: SettingName, default fallback: String, with files: [String], in workingDirectory: String
    ) -> String? {
        let value = text(name)
        if value?.lowercased() == "off" { return nil }
        let directory = absolute(value ?? fallback, in: workingDirectory)
        if files.contains(where: { FileManager.default.fileExists(atPath: "\(directory)/\($0)") }) { return directory }
        if let value { refuse(name, "off or a folder with \(files[0])", value) }
        return nil
    }

    private mutating func file(_ name: SettingName, in workingDirectory: String) -> String? {
        guard let value = text(name) else { return nil }
        let path = absolute(value, in: workingDirectory)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue,
            FileManager.default.isReadableFile(atPath: path)
        else {
            refuse(name, "a file that can be read", value)
            return nil
        }
        return path
    }

    private mutating func encryption(_ mode: Settings.Mode, workingDirectory: String) -> Settings.EncryptionSource? {
        let isSelfSigned = choice(.tls, ["off": false, "self-signed": true], default: false)
        let paths = [SettingName.tlsCertificate, .tlsKey].map { name in text(name).map { absolute($0, in: workingDirectory) } }
        switch (paths[0], paths[1]) {
        case (let certificate?, let key?):
            if isSelfSigned { problems.append("WEKEZA_TLS is self-signed and WEKEZA_TLS_CERTIFICATE names another certificate; set one") }
            return .files(certificatePath: certificate, keyPath: key)
        case (nil, nil):
            guard isSelfSigned else { return nil }
            if mode == .production { problems.append("WEKEZA_TLS may be self-signed in demo mode only; set WEKEZA_TLS_CERTIFICATE") }
            return .selfSigned
        default:
            problems.append("WEKEZA_TLS_CERTIFICATE and WEKEZA_TLS_KEY belong together; set both or neither")
            return nil
        }
    }

    private func absolute(_ path: String, in workingDirectory: String) -> String {
        let full = path.hasPrefix("/") ? path : workingDirectory + "/" + path
        return URL(fileURLWithPath: full).standardizedFileURL.path
    }

    /// A browser names a loopback origin either way, so both are on the list.
    private static func channelOrigins(_ ports: Settings.Ports, scheme: String) -> [String] {
        ports.channels.flatMap { ["\(scheme)://localhost:\($0)", "\(scheme)://127.0.0.1:\($0)"] }
    }
}
