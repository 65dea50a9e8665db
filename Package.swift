// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// One set of settings for every target of ours.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "muster",
    products: [
        .executable(name: "muster", targets: ["muster"]),
        .executable(name: "muster-cloud-simulator", targets: ["muster-cloud-simulator"]),
        .executable(name: "FailoverGroupKeySwap", targets: ["FailoverGroupKeySwap"]),
        .executable(name: "OracleDRSetup", targets: ["OracleDRSetup"]),
        .executable(name: "StandbyConnector", targets: ["StandbyConnector"]),
        .executable(name: "TestFailover", targets: ["TestFailover"]),
        .library(name: "MusterPlugin", targets: ["MusterPlugin"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    ],
    targets: [
        // MARK: System libraries and C

        .systemLibrary(name: "CGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),

        .systemLibrary(name: "CODBC", pkgConfig: "odbc", providers: [.apt(["unixodbc-dev"])]),

        .target(name: "CMusterGit", dependencies: ["CGit2"]),

        .target(name: "CMusterSystem"),

        // MARK: Values

        .target(
            name: "MusterModel",
            dependencies: [.product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict),

        // MARK: Pure

        .target(name: "MusterExpressions", dependencies: ["MusterModel"], swiftSettings: strict),

        .target(
            name: "MusterDocuments",
            dependencies: ["MusterModel", "MusterExpressions", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict),

        .target(name: "MusterMachine", dependencies: ["MusterModel", "MusterExpressions"], swiftSettings: strict),

        .target(
            name: "MusterApproval", dependencies: ["MusterModel", "MusterDocuments", "MusterMachine"],
            swiftSettings: strict),

        .target(
            name: "MusterRecord", dependencies: ["MusterModel", "MusterExpressions", "MusterMachine"],
            swiftSettings: strict),

        .target(
            name: "MusterReport", dependencies: ["MusterModel", "MusterMachine", "MusterRecord"], swiftSettings: strict),

        .target(name: "MusterPluginProtocol", dependencies: ["MusterModel"], swiftSettings: strict),

        // MARK: Adapters, each the home of one outside thing

        .target(name: "MusterSystem", dependencies: ["MusterModel", "CMusterSystem"], swiftSettings: strict),

        .target(
            name: "MusterJournal", dependencies: ["MusterModel", "MusterMachine", "MusterSystem"], swiftSettings: strict
        ),

        .target(
            name: "MusterGit", dependencies: ["MusterModel", "MusterSigning", "MusterSystem", "CGit2", "CMusterGit"],
            swiftSettings: strict),

        .target(name: "MusterSigning", dependencies: ["MusterModel", "MusterSystem"], swiftSettings: strict),

        .target(
            name: "MusterPluginHost", dependencies: ["MusterModel", "MusterPluginProtocol", "MusterSystem"],
            swiftSettings: strict),

        .target(
            name: "ChangeTickets", dependencies: ["MusterModel", "MusterMachine", "MusterSystem", "CloudHTTP"],
            swiftSettings: strict),

        // MARK: Engine and command line

        .target(
            name: "MusterEngine",
            dependencies: [
                "MusterModel", "MusterExpressions", "MusterDocuments", "MusterMachine", "MusterRecord",
                "MusterPluginProtocol",
            ],
            swiftSettings: strict),

        .target(
            name: "MusterCommands",
            dependencies: [
                "MusterModel", "MusterExpressions", "MusterDocuments", "MusterMachine", "MusterRecord", "MusterReport",
                "MusterPluginProtocol", "MusterSystem", "MusterJournal", "MusterGit", "MusterPluginHost",
                "MusterEngine",
                "MusterApproval", "MusterSigning", "ChangeTickets",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "muster", dependencies: ["MusterCommands", "MusterGit", "ChangeTickets"], swiftSettings: strict),

        // MARK: Plugin side

        .target(name: "MusterPlugin", dependencies: ["MusterModel", "MusterPluginProtocol"], swiftSettings: strict),

        .target(
            name: "CloudHTTP",
            dependencies: [
                "MusterModel", "MusterSystem",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict),

        .target(
            name: "AzureClient",
            dependencies: [
                "CloudHTTP", "MusterModel", "MusterSystem",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            swiftSettings: strict),

        .target(
            name: "OracleCloudClient",
            dependencies: [
                "CloudHTTP", "MusterModel", "MusterSystem",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            swiftSettings: strict),

        .target(
            name: "MusterSQL", dependencies: ["MusterModel", "MusterExpressions", "CODBC"], swiftSettings: strict),

        .target(name: "CloudSteps", dependencies: ["MusterPlugin", "CloudHTTP", "MusterModel"], swiftSettings: strict),

        .target(
            name: "SQLSteps", dependencies: ["MusterPlugin", "CloudSteps", "CloudHTTP", "MusterSQL", "MusterModel"],
            swiftSettings: strict),

        .target(
            name: "OracleSteps",
            dependencies: [
                "MusterPlugin", "CloudSteps", "CloudHTTP", "SQLSteps", "OracleCloudClient", "MusterSQL", "MusterModel",
            ],
            swiftSettings: strict),

        .target(
            name: "AzureSteps",
            dependencies: [
                "MusterPlugin", "CloudSteps", "CloudHTTP", "SQLSteps", "AzureClient", "MusterSQL", "MusterModel",
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "FailoverGroupKeySwap",
            dependencies: ["MusterPlugin", "CloudSteps", "AzureSteps", "AzureClient", "MusterModel"],
            path: "plugins/FailoverGroupKeySwap",
            sources: ["Sources"],
            resources: [
                .embedInCode("steps/register-key.yaml"),
                .embedInCode("steps/set-protector.yaml"),
                .embedInCode("steps/verify-registered-keys.yaml"),
                .embedInCode("steps/verify-protectors.yaml"),
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "TestFailover",
            dependencies: [
                "MusterPlugin", "CloudHTTP", "CloudSteps", "AzureSteps", "AzureClient", "OracleSteps",
                "OracleCloudClient", "SQLSteps", "MusterSQL", "MusterModel",
            ],
            path: "plugins/TestFailover",
            sources: ["Sources"],
            resources: [
                .embedInCode("steps/compare-markers.yaml"),
                .embedInCode("steps/data-guard-failover.yaml"),
                .embedInCode("steps/data-guard-reinstate.yaml"),
                .embedInCode("steps/data-guard-switchover.yaml"),
                .embedInCode("steps/fail-back.yaml"),
                .embedInCode("steps/forced-failover.yaml"),
                .embedInCode("steps/planned-failover.yaml"),
                .embedInCode("steps/probe.yaml"),
                .embedInCode("steps/snapshot-standby.yaml"),
                .embedInCode("steps/verify-data-guard.yaml"),
                .embedInCode("steps/verify-encryption.yaml"),
                .embedInCode("steps/verify-oracle-data.yaml"),
                .embedInCode("steps/verify-roles.yaml"),
                .embedInCode("steps/wait-for-replication.yaml"),
                .embedInCode("steps/write-markers.yaml"),
                .embedInCode("steps/write-oracle-data.yaml"),
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "OracleDRSetup",
            dependencies: [
                "MusterPlugin", "CloudHTTP", "CloudSteps", "AzureSteps", "AzureClient", "OracleSteps",
                "OracleCloudClient", "SQLSteps", "MusterSQL", "MusterModel",
            ],
            path: "plugins/OracleDRSetup",
            sources: ["Sources"],
            resources: [
                .embedInCode("steps/associate-vault.yaml"),
                .embedInCode("steps/audit-verdict.yaml"),
                .embedInCode("steps/create-database.yaml"),
                .embedInCode("steps/group-members.yaml"),
                .embedInCode("steps/identity-connector.yaml"),
                .embedInCode("steps/inputs-fit.yaml"),
                .embedInCode("steps/key-access-events.yaml"),
                .embedInCode("steps/key-store.yaml"),
                .embedInCode("steps/key-usable.yaml"),
                .embedInCode("steps/key-vault-audit.yaml"),
                .embedInCode("steps/key-vault-roles.yaml"),
                .embedInCode("steps/key-vault.yaml"),
                .embedInCode("steps/key.yaml"),
                .embedInCode("steps/managed-hsm-roles.yaml"),
                .embedInCode("steps/managed-hsm.yaml"),
                .embedInCode("steps/migrate-database-key.yaml"),
                .embedInCode("steps/prerequisites.yaml"),
                .embedInCode("steps/register-vault.yaml"),
                .embedInCode("steps/reset-node.yaml"),
                .embedInCode("steps/rotate-key.yaml"),
                .embedInCode("steps/security-group.yaml"),
                .embedInCode("steps/surroundings.yaml"),
                .embedInCode("steps/vault-private-link.yaml"),
                .embedInCode("steps/verify-database-key.yaml"),
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "StandbyConnector",
            dependencies: [
                "MusterPlugin", "CloudHTTP", "CloudSteps", "AzureSteps", "AzureClient", "OracleSteps",
                "OracleCloudClient", "SQLSteps", "MusterSQL", "MusterModel",
            ],
            path: "plugins/StandbyConnector",
            sources: ["Sources"],
            resources: [
                .embedInCode("steps/prove-key-reach.yaml"),
                .embedInCode("steps/replicate-vault.yaml"),
                .embedInCode("steps/standby-database.yaml"),
            ],
            swiftSettings: strict),

        // MARK: Rehearsal

        .target(
            name: "CloudSimulator",
            dependencies: [
                "MusterModel", "MusterDocuments",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "muster-cloud-simulator",
            dependencies: [
                "CloudSimulator", "MusterModel", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        // MARK: Tests

        .target(
            name: "MusterTestSupport", dependencies: ["MusterModel", "MusterMachine", "MusterJournal", "MusterSystem"],
            swiftSettings: strict),

        .target(name: "CommandFixture", dependencies: ["MusterModel", "MusterSystem"], swiftSettings: strict),

        .target(name: "CloudFixture", dependencies: ["CloudHTTP", "MusterModel"], swiftSettings: strict),

        .target(name: "PostgreSQLFixture", dependencies: ["MusterModel", "MusterSystem"], swiftSettings: strict),

        .testTarget(
            name: "MusterModelTests", dependencies: ["MusterModel", "MusterTestSupport"], swiftSettings: strict),
        .testTarget(
            name: "MusterExpressionsTests", dependencies: ["MusterExpressions", "MusterModel"], swiftSettings: strict),
        .testTarget(
            name: "MusterDocumentsTests",
            dependencies: ["MusterDocuments", "MusterExpressions", "MusterTestSupport", "MusterModel"],
            swiftSettings: strict),
        .testTarget(
            name: "MusterMachineTests", dependencies: ["MusterMachine", "MusterModel", "MusterTestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "MusterRecordTests",
            dependencies: [
                "MusterRecord", "MusterExpressions", "MusterMachine", "MusterModel", "MusterSigning",
                "MusterTestSupport",
            ],
            exclude: ["Golden", "Histories"], swiftSettings: strict),
        .testTarget(
            name: "MusterApprovalTests",
            dependencies: [
                "MusterApproval", "MusterSigning", "MusterDocuments", "MusterMachine", "MusterModel", "MusterSystem",
                "MusterTestSupport", "CommandFixture",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MusterReportTests",
            dependencies: ["MusterReport", "MusterRecord", "MusterMachine", "MusterModel", "CommandFixture"],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "MusterJournalTests",
            dependencies: ["MusterJournal", "MusterMachine", "MusterSystem", "MusterTestSupport", "MusterModel"],
            swiftSettings: strict),
        .testTarget(
            name: "MusterGitTests",
            dependencies: ["MusterGit", "MusterSystem", "MusterTestSupport", "MusterModel", "muster"],
            exclude: ["Servers"], swiftSettings: strict),
        .testTarget(
            name: "MusterPluginHostTests",
            dependencies: [
                "MusterPluginHost", "MusterPluginProtocol", "MusterSystem", "MusterTestSupport", "MusterModel",
                "hostile-plugin", "noop-plugin",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MusterPluginTests", dependencies: ["MusterPlugin", "MusterPluginProtocol", "MusterModel"],
            swiftSettings: strict),
        .testTarget(
            name: "AzureClientTests",
            dependencies: [
                "CloudFixture", "AzureClient", "CloudHTTP", "MusterTestSupport", "MusterModel", "MusterSystem",
            ],
            exclude: ["Contract", "Recordings", "Servers"],
            swiftSettings: strict),
        .testTarget(
            name: "ChangeTicketsTests",
            dependencies: [
                "ChangeTickets", "CommandFixture", "CloudHTTP", "MusterMachine", "MusterModel", "MusterSystem",
                "muster",
            ],
            exclude: ["Servers"], swiftSettings: strict),
        .testTarget(
            name: "MusterSQLTests", dependencies: ["MusterSQL", "PostgreSQLFixture", "MusterModel", "MusterSystem"],
            swiftSettings: strict),
        .testTarget(
            name: "OracleCloudClientTests",
            dependencies: ["CloudFixture", "OracleCloudClient", "CloudHTTP", "MusterModel"],
            exclude: ["Contract"], swiftSettings: strict),
        .testTarget(
            name: "AzureStepsTests",
            dependencies: [
                "AzureSteps", "SQLSteps", "AzureClient", "CloudHTTP", "MusterPlugin", "MusterSQL", "MusterModel",
                "PostgreSQLFixture",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CloudSimulatorTests",
            dependencies: [
                "CloudSimulator", "MusterDocuments", "MusterModel", "MusterSystem", "muster-cloud-simulator",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FailoverGroupKeySwapTests",
            dependencies: [
                "CloudFixture", "FailoverGroupKeySwap", "MusterPlugin", "CloudSteps", "CloudHTTP", "AzureSteps",
                "AzureClient",
                "MusterModel",
                "MusterDocuments", "MusterSystem", "CloudSimulator", "MusterEngine", "MusterMachine",
                "MusterPluginProtocol",
                "MusterPluginHost", "MusterTestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "DataGuardTests",
            dependencies: [
                "CloudFixture", "TestFailover", "MusterPlugin", "OracleSteps", "OracleCloudClient", "CloudHTTP",
                "CloudSteps", "CloudSimulator",
                "MusterModel",
                "MusterDocuments",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "OracleKeyTests",
            dependencies: [
                "CloudFixture", "OracleDRSetup", "StandbyConnector", "MusterPlugin", "CloudHTTP", "CloudSteps",
                "AzureSteps",
                "AzureClient",
                "OracleSteps", "OracleCloudClient", "SQLSteps", "MusterSQL", "MusterModel", "MusterDocuments",
                "MusterSystem",
                "CloudSimulator", "PostgreSQLFixture", "TestFailover",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TestFailoverTests",
            dependencies: [
                "CloudFixture", "TestFailover", "MusterPlugin", "CloudHTTP", "CloudSteps", "AzureSteps", "SQLSteps",
                "AzureClient",
                "MusterSQL",
                "MusterModel", "MusterDocuments",
                "MusterSystem", "CloudSimulator",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MusterEngineTests",
            dependencies: [
                "MusterEngine", "MusterMachine", "MusterDocuments", "MusterPluginProtocol", "MusterRecord",
                "MusterModel",
                "MusterTestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "MusterEngine", "MusterMachine", "MusterJournal", "MusterPluginProtocol", "MusterModel",
                "MusterTestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MusterCommandsTests",
            dependencies: [
                "MusterCommands", "MusterDocuments", "MusterEngine", "MusterMachine", "MusterPluginProtocol",
                "MusterModel", "MusterSystem", "MusterTestSupport", "MusterGit", "CommandFixture", "muster",
                "noop-plugin",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "CommandFixture", "MusterModel", "MusterSystem", "MusterJournal", "MusterMachine", "MusterGit",
                "muster",
                "muster-cloud-simulator", "FailoverGroupKeySwap", "TestFailover", "noop-plugin", "hostile-plugin",
                "PostgreSQLFixture",
            ],
            exclude: ["Servers"],
            swiftSettings: strict),
        .testTarget(
            name: "TortureTests",
            dependencies: [
                "CommandFixture", "MusterTestSupport", "MusterModel", "MusterSystem", "muster",
                "muster-cloud-simulator",
                "FailoverGroupKeySwap", "noop-plugin",
            ],
            swiftSettings: strict),
        .testTarget(name: "PolicyTests", dependencies: ["MusterModel"], swiftSettings: strict),

        // MARK: Executables that tests and benchmarks drive

        .executableTarget(
            name: "hostile-plugin", dependencies: ["MusterModel"], path: "Tests/Fakes/hostile-plugin",
            swiftSettings: strict),
        .executableTarget(
            name: "noop-plugin", dependencies: ["MusterPlugin"], path: "Tests/Fakes/noop-plugin",
            sources: ["Sources"],
            resources: [
                .embedInCode("steps/nothing.yaml"), .embedInCode("steps/one-way.yaml"), .embedInCode("steps/tell.yaml"),
            ], swiftSettings: strict),
    ]
)
