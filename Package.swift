// swift-tools-version: 6.1
import PackageDescription

/// The rooms of the house. A context names the contexts whose contract it may use; the compiler refuses every other edge,
/// and the architecture test refuses imports that go against the layers inside a context.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

func platform(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: ["Kernel"] + dependencies, path: "Sources/Platform/\(name)", swiftSettings: strict)
}

func banking(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: ["Kernel", "Postgres", "Application", "HTTPEdge"] + dependencies, path: "Sources/Banking/\(name)",
        swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: strict)
}

let package = Package(
    name: "wekeza",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "wekeza", targets: ["App"])
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.0.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.0.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // MARK: C libraries from Debian
        .systemLibrary(name: "CPostgres", path: "Sources/Platform/CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CArgon2", path: "Sources/Platform/CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        .systemLibrary(name: "CHiredis", path: "Sources/Platform/CHiredis", pkgConfig: "hiredis", providers: [.apt(["libhiredis-dev"])]),

        .systemLibrary(name: "CHaru", path: "Sources/Platform/CHaru", providers: [.apt(["libhpdf-dev"])]),
        .systemLibrary(
            name: "CQREncode", path: "Sources/Platform/CQREncode", providers: [.apt(["libqrencode-dev"])]),
        .systemLibrary(name: "CCurl", path: "Sources/Platform/CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),

        .systemLibrary(name: "CZlib", path: "Sources/Platform/CZlib", providers: [.apt(["zlib1g-dev"])]),

        // MARK: Kernel
        .target(name: "Kernel", path: "Sources/Kernel", swiftSettings: strict),

        // MARK: Platform
        platform(
            "Postgres", ["CPostgres", .product(name: "Crypto", package: "swift-crypto"), .product(name: "Logging", package: "swift-log")]),
        platform("Application", ["Postgres", .product(name: "Crypto", package: "swift-crypto")]),
        platform("Redis", ["CHiredis"]),
        platform(
            "Jobs",
            [
                "Postgres", "HTTPEdge", .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        platform(
            "Observability",
            [
                .product(name: "Logging", package: "swift-log"), .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Metrics", package: "swift-metrics"),
            ]),
        platform(
            "HTTPEdge",
            [
                "Observability", "Redis",
                .product(name: "HummingbirdCore", package: "hummingbird"), .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        platform("Documents", ["CHaru", "CQREncode", .product(name: "Crypto", package: "swift-crypto")]),
        platform(
            "Safeguards",
            [
                "CArgon2", .product(name: "Crypto", package: "swift-crypto"),
            ]),

        // MARK: Banking
        banking("Audit", [.product(name: "Crypto", package: "swift-crypto")]),
        banking("Ledger", ["Audit", .product(name: "Crypto", package: "swift-crypto"), .product(name: "Logging", package: "swift-log")]),
        banking(
            "Identity", ["Audit", "Notifications", "Safeguards", "Redis", "Documents", .product(name: "Crypto", package: "swift-crypto")]),
        banking("Parties", ["Audit", "Safeguards"]),
        banking("Screening", ["Audit", "Parties", .product(name: "Crypto", package: "swift-crypto")]),
        banking("Organisation"),
        .target(name: "Interest", dependencies: ["Kernel"], path: "Sources/Banking/Interest", swiftSettings: strict),
        banking("Products", ["Audit", "Interest"]),
        banking("Accounts", ["Audit", "Ledger", "Parties", "Products"]),
        banking("Onboarding", ["Audit", "Safeguards", "Parties", "Screening", "Accounts", "Identity", "Notifications"]),
        banking("Deposits", ["Audit", "Ledger", "Interest", "Parties", "Products", "Accounts", "Documents"]),
        banking("CloseOfDay", ["Jobs", "Ledger", "Products", .product(name: "Logging", package: "swift-log")]),
        banking(
            "Payments",
            [
                "Audit", "Ledger", "Parties", "Products", "Accounts", "Notifications", "Documents",
            ]),
        banking("Notifications", ["Audit", "CCurl", .product(name: "Logging", package: "swift-log")]),
        banking(
            "Statements",
            ["Audit", "Ledger", "Products", "Accounts", "Documents"]),
        banking("DataImport", ["Ledger", "Parties", "Products", "Accounts", .product(name: "Crypto", package: "swift-crypto")]),

        // MARK: Channels
        .target(
            name: "WebHosting", dependencies: ["HTTPEdge", .product(name: "Crypto", package: "swift-crypto")],
            path: "Sources/Channels/WebHosting", swiftSettings: strict),
        .target(
            name: "PublicSite",
            dependencies: ["Kernel", "HTTPEdge", "WebHosting", "CZlib", .product(name: "Mustache", package: "swift-mustache")],
            path: "Sources/Channels/PublicSite", resources: [.copy("Templates")], swiftSettings: strict),

        // MARK: The program
        .executableTarget(
            name: "App",
            dependencies: [
                "Kernel", "Postgres", "Application", "Redis", "Observability", "HTTPEdge", "Safeguards",
                "Organisation", "Audit", "Ledger", "Identity", "Parties", "Screening", "Onboarding", "Products", "Accounts", "Payments",
                "Statements", "Notifications", "DataImport", "Jobs", "Deposits", "CloseOfDay",
                "WebHosting", "PublicSite",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"), .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "X509", package: "swift-certificates"), .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Sources/App", swiftSettings: strict),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "Kernel", "Postgres", "Application", "Safeguards", "Audit", "Ledger", "Identity", "Notifications", "Parties", "Screening",
                "Products",
                "Accounts", "Jobs", "Deposits", "CloseOfDay", .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks", exclude: ["README.md"], swiftSettings: strict),

        // MARK: Tests
        .target(
            name: "TestKit", dependencies: ["Kernel", "Postgres", .product(name: "Logging", package: "swift-log")], path: "Tests/TestKit",
            swiftSettings: strict),
        tests("PublicSiteTests", ["PublicSite", "HTTPEdge", "Kernel"]),
        tests("KernelTests", ["Kernel", "TestKit"]),
        tests("InterestTests", ["Interest", "Kernel", "TestKit"]),
        tests("PostgresTests", ["Postgres", "TestKit"]),
        tests(
            "HTTPEdgeTests",
            [
                "HTTPEdge", "Observability", "Redis", "TestKit", .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        tests(
            "SecurityTests",
            [
                "Safeguards", "TestKit", "CArgon2", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"),
            ]),
        tests(
            "LedgerTests",
            [
                "Ledger", "Audit", "Application", "Postgres", "TestKit", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        tests(
            "IdentityTests",
            [
                "Identity", "Application", "Audit", "HTTPEdge", "Notifications", "Observability", "Postgres", "Safeguards", "TestKit",
                .product(name: "Logging", package: "swift-log"),
            ]),
        tests(
            "OrganisationTests",
            [
                "Organisation", "Products", "Application", "Audit", "HTTPEdge", "Observability", "Postgres", "Kernel", "TestKit",
                .product(name: "Logging", package: "swift-log"),
            ]),
        tests(
            "AccountsTests",
            [
                "Accounts", "Parties", "Products", "Ledger", "Audit", "Application", "HTTPEdge", "Observability", "Postgres", "Kernel",
                "TestKit", .product(name: "Logging", package: "swift-log"),
            ]),
        tests(
            "PaymentsTests",
            [
                "Payments", "Statements", "Accounts", "Parties", "Products", "Ledger", "Audit", "Application", "HTTPEdge", "Notifications",
                "Observability",
                "Postgres", "Kernel", "TestKit", .product(name: "Logging", package: "swift-log"),
            ]),
        tests(
            "NotificationsTests",
            [
                "Notifications", "Audit", "Application", "HTTPEdge", "Observability", "Postgres", "Kernel", "TestKit",
                .product(name: "Logging", package: "swift-log"),
            ]),
        tests("ScreeningTests", ["Screening", "Parties", "TestKit"]),
        tests(
            "PartiesTests",
            [
                "Parties", "Screening", "Audit", "Application", "HTTPEdge", "Observability", "Postgres", "Safeguards", "Kernel", "TestKit",
                .product(name: "Logging", package: "swift-log"),
            ]),
        tests(
            "DepositsTests",
            [
                "Deposits", "CloseOfDay", "Jobs", "Interest", "Statements", "Documents", "Accounts", "Parties", "Products", "Ledger",
                "Audit", "Application", "HTTPEdge", "Observability", "Postgres", "Kernel", "TestKit",
                .product(name: "Logging", package: "swift-log"),
            ]),
        tests("DataImportTests", ["DataImport", "Accounts", "Parties", "Products", "Ledger", "Audit", "Application", "TestKit"]),
        tests(
            "WebHostingTests",
            [
                "WebHosting", "HTTPEdge", "Observability", "Kernel", "TestKit", .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        tests("AppTests", ["App", "TestKit"]),
        tests("DocumentsTests", ["Documents", "Kernel", "TestKit"]),
        tests("TidyTests", []),
    ],
    swiftLanguageModes: [.v6]
)
