import Testing

@testable import App

/// What the program makes of its environment and its `.env` file.
@Suite struct SettingsTests {
    private func read(_ environment: [String: String] = [:], file: String? = nil) throws -> Settings {
        try Settings.read(from: .init(environment: environment, file: file, workingDirectory: "/srv/bank")).settings
    }

    private func problems(_ environment: [String: String] = [:], file: String? = nil) -> [String] {
        do {
            _ = try read(environment, file: file)
            return []
        } catch let failure as SettingsFailure {
            return failure.lines
        } catch {
            return ["\(error)"]
        }
    }

    @Test("Nothing set is the demo bank on its usual ports")
    func defaults() throws {
        let settings = try read()
        #expect(settings.mode == .demo)
        #expect(settings.ports == .init(api: 5000, publicSite: 3000, personal: 3001, corporate: 3002, sme: 3003, staff: 3004))
        #expect(settings.dataDirectory == "/srv/bank/var")
        #expect(settings.databaseURL == nil && settings.redisURL == nil)
        #expect(settings.areRateLimitsOn && settings.isOpenAPIServed)
        #expect(settings.allowedOrigins.count == 10)
        #expect(settings.allowedOrigins.contains("http://localhost:3001"))
    }

    @Test("The environment wins over the file, the file over the default, and an empty value is none")
    func order() throws {
        let file = "# ports\nexport WEKEZA_API_PORT=6001\nWEKEZA_STAFF_PORT = 6002 # staff\nWEKEZA_DATA_DIR='other var'\n"
        let settings = try read(["WEKEZA_API_PORT": "7001", "WEKEZA_REDIS_URL": ""], file: file)
        #expect(settings.ports.api == 7001)
        #expect(settings.ports.staff == 6002)
        #expect(settings.dataDirectory == "/srv/bank/other var")
        #expect(settings.redisURL == nil)
    }

    @Test(
        "A wrong value is refused in one clear line",
        arguments: [
            (["WEKEZA_API_PORT": "abc"], "WEKEZA_API_PORT must be a port from 1 to 65535, not \"abc\""),
            (["WEKEZA_API_PORT": "0"], "WEKEZA_API_PORT must be a port from 1 to 65535, not \"0\""),
            (["WEKEZA_API_PORT": "+5"], "WEKEZA_API_PORT must be a port from 1 to 65535, not \"+5\""),
            (["WEKEZA_SME_PORT": "65536"], "WEKEZA_SME_PORT must be a port from 1 to 65535, not \"65536\""),
            (["WEKEZA_STAFF_PORT": "5000"], "WEKEZA_STAFF_PORT and WEKEZA_API_PORT are both 5000; every channel needs its own port"),
            (["WEKEZA_MODE": "prod"], "WEKEZA_MODE must be demo or production, not \"prod\""),
            (["WEKEZA_RATE_LIMITS": "none"], "WEKEZA_RATE_LIMITS must be on or off, not \"none\""),
            (
                ["WEKEZA_DATABASE_URL": "mysql://me:secret@h/d"],
                "WEKEZA_DATABASE_URL must be an address such as postgresql://user@host:5432/wekeza"
            ),
            (["WEKEZA_BREACHED_PASSWORDS": "/no/list"], "WEKEZA_BREACHED_PASSWORDS must be a file that can be read, not \"/no/list\""),
            (["WEKEZA_BREACHED_PASSWORDS": "/tmp"], "WEKEZA_BREACHED_PASSWORDS must be a file that can be read, not \"/tmp\""),
            (["WEKEZA_REDIS_URL": "6379"], "WEKEZA_REDIS_URL must be an address such as redis://127.0.0.1:6379"),
            (["WEKEZA_LOG_LEVEL": "loud"], "WEKEZA_LOG_LEVEL must be trace, debug, info, notice, warning, error or critical, not \"loud\""),
            (
                ["WEKEZA_TRUSTED_PROXIES": "10.0.0.0/33"],
                "WEKEZA_TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8, separated by commas, not \"10.0.0.0/33\""
            ),
            (
                ["WEKEZA_ALLOWED_ORIGINS": "*"],
                "WEKEZA_ALLOWED_ORIGINS must be origins such as https://bank.example.com, separated by commas, not \"*\""
            ),
            (["WEKEZA_BIND_ADDRESS": "here"], "WEKEZA_BIND_ADDRESS must be an IP address such as 127.0.0.1 or 0.0.0.0, not \"here\""),
            (["WEKEZA_SWAGGER_UI": "/nowhere"], "WEKEZA_SWAGGER_UI must be off or a folder with swagger-ui-bundle.js, not \"/nowhere\""),
            (["WEKEZA_ACCESS_LOG": "some"], "WEKEZA_ACCESS_LOG must be all, notable or off, not \"some\""),
            (
                ["WEKEZA_MAXIMUM_CONNECTIONS_PER_ADDRESS": "0"],
                "WEKEZA_MAXIMUM_CONNECTIONS_PER_ADDRESS must be a number from 1 to 100000, not \"0\""
            ),
            (["WEKEZA_NETWORK_THREADS": "two"], "WEKEZA_NETWORK_THREADS must be a number from 0 to 64, not \"two\""),
            (["WEKEZA_PASSWORD_PEPPER": "short"], "WEKEZA_PASSWORD_PEPPER must be at least 32 characters"),
        ])
    func refusal(environment: [String: String], line: String) {
        #expect(problems(environment) == [line])
    }

    @Test("Everything that is wrong is said at once")
    func allAtOnce() {
        let lines = problems(["WEKEZA_API_PORT": "abc", "WEKEZA_MODE": "test", "WEKEZA_LOG_LEVEL": "x"])
        #expect(lines.count == 3)
    }

    @Test("Production insists on secrets and on request limits")
    func production() {
        let lines = problems(["WEKEZA_MODE": "production", "WEKEZA_RATE_LIMITS": "off"])
        #expect(lines.count == 4)
        #expect(lines.contains { $0.hasPrefix("WEKEZA_DATA_KEYS is required") })
        #expect(lines.contains { $0.hasPrefix("WEKEZA_SIGNING_KEY is required") })
        #expect(lines.contains { $0.hasPrefix("WEKEZA_PASSWORD_PEPPER is required") })
        #expect(lines.contains("WEKEZA_RATE_LIMITS may be off in demo mode only"))
    }

    @Test("Lines of .env that mean nothing are refused with their number")
    func brokenFile() {
        #expect(problems(file: "WEKEZA_API_PORT 5000\n\n9=x\n") == [".env line 1 is not NAME=value", ".env line 3 is not NAME=value"])
        #expect(problems(file: "WEKEZA_DATA_DIR=\"var\n") == [".env line 1 has a quote that does not end"])
    }

    @Test("A double-quoted value may hold line breaks and #")
    func quotedValues() throws {
        let settings = try read(file: "WEKEZA_SIGNING_KEY=\"-----BEGIN\\nabc # \\\"x\\\"\\n-----END\" # the key\n")
        #expect(settings.signingKey == "-----BEGIN\nabc # \"x\"\n-----END")
    }

    @Test("An unknown name is warned about, with the name that was probably meant")
    func unknownNames() {
        let warnings = Settings.warnings(for: ["WEKEZA_API_PROT", "WEKEZA_COLOUR", "WEKEZA_TEST_DATABASE_URL", "PATH", "WEKEZA_MODE"])
        #expect(
            warnings == [
                "WEKEZA_API_PROT is not a setting; did you mean WEKEZA_API_PORT?", "WEKEZA_COLOUR is not a setting and is ignored",
            ])
    }
}
