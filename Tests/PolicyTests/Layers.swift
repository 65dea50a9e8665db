// SPDX-License-Identifier: Apache-2.0

/// Who may import whom. The engine's side never reaches a cloud; the plugins' side never reaches the engine.
enum Layers {
    static let pure: Set = [
        "MusterModel", "MusterExpressions", "MusterDocuments", "MusterMachine", "MusterApproval", "MusterRecord",
        "MusterReport",
        "MusterPluginProtocol",
    ]
    static let adapters: Set = [
        "MusterSystem", "MusterJournal", "MusterGit", "MusterPluginHost", "MusterSigning", "ChangeTickets",
    ]
    private static let network: Set = ["NIOCore", "NIOPosix", "NIOHTTP1", "NIOSSL", "NIOTLS", "HTTPTypes", "Logging"]
    private static let foundation: Set = ["Foundation", "FoundationEssentials"]

    /// For each target the modules that its files may import, its own aside.
    static let mayImport: [String: Set<String>] = [
        "CMusterGit": ["CGit2"],
        "CMusterSystem": [],
        "MusterModel": ["Crypto"],
        "MusterExpressions": ["MusterModel"],
        "MusterDocuments": ["MusterModel", "MusterExpressions", "Yams", "CYaml"],
        "MusterMachine": ["MusterModel", "MusterExpressions"],
        "MusterApproval": ["MusterModel", "MusterDocuments", "MusterMachine"],
        "MusterRecord": ["MusterModel", "MusterExpressions", "MusterMachine"],
        "MusterReport": ["MusterModel", "MusterMachine", "MusterRecord"],
        "MusterPluginProtocol": ["MusterModel"],
        "MusterSystem": ["MusterModel", "CMusterSystem", "Glibc"],
        "MusterJournal": ["MusterModel", "MusterMachine", "MusterRecord", "MusterSystem", "Glibc"],
        "MusterGit": ["MusterModel", "MusterSigning", "MusterSystem", "CGit2", "CMusterGit", "Glibc"],
        "MusterSigning": ["MusterModel", "MusterSystem", "Glibc"],
        "MusterPluginHost": ["MusterModel", "MusterPluginProtocol", "MusterSystem", "Glibc"],
        // In a process of its own: the engine's holds no connection.
        "ChangeTickets": ["MusterModel", "MusterMachine", "MusterSystem", "CloudHTTP", "Glibc"],
        "MusterEngine": pure.subtracting(["MusterReport"]),
        "MusterCommands": pure.union(adapters).union(["MusterEngine", "ArgumentParser", "Glibc"]).union(foundation),
        "muster": ["MusterCommands", "MusterGit", "ChangeTickets"],
        "MusterPlugin": ["MusterModel", "MusterPluginProtocol", "Glibc", "Synchronization"],
        "CloudHTTP": network.union(["MusterModel", "MusterSystem", "AsyncHTTPClient", "Crypto", "Glibc"]),
        // MusterSystem is the operating system alone: child processes for the Azure CLI, the boot clock.
        "AzureClient": foundation.union([
            "CloudHTTP", "MusterModel", "MusterSystem", "Crypto", "CryptoExtras", "Glibc", "Synchronization",
        ]),
        "OracleCloudClient": ["CloudHTTP", "MusterModel", "MusterSystem", "Crypto", "CryptoExtras", "Glibc"],
        "CODBC": [],
        "MusterSQL": ["MusterModel", "MusterExpressions", "CODBC", "Glibc", "Synchronization"],
        "CloudSteps": ["MusterPlugin", "CloudHTTP", "MusterModel", "Synchronization"],
        "SQLSteps": ["MusterPlugin", "CloudSteps", "CloudHTTP", "MusterSQL", "MusterModel", "Synchronization"],
        "OracleSteps": [
            "MusterPlugin", "CloudSteps", "CloudHTTP", "SQLSteps", "OracleCloudClient", "MusterSQL", "MusterModel",
        ],
        "AzureSteps": [
            "MusterPlugin", "CloudSteps", "CloudHTTP", "SQLSteps", "AzureClient", "MusterSQL", "MusterModel",
            "Synchronization",
        ],
        "FailoverGroupKeySwap": [
            "MusterPlugin", "CloudSteps", "AzureSteps", "AzureClient", "MusterModel", "Synchronization",
        ],
        "OracleDRSetup": [
            "MusterPlugin", "CloudHTTP", "CloudSteps", "AzureSteps", "AzureClient", "OracleSteps", "OracleCloudClient",
            "SQLSteps", "MusterSQL", "MusterModel", "Synchronization",
        ],
        "StandbyConnector": [
            "MusterPlugin", "CloudHTTP", "CloudSteps", "AzureSteps", "AzureClient", "OracleSteps", "OracleCloudClient",
            "SQLSteps", "MusterSQL", "MusterModel", "Synchronization",
        ],
        "TestFailover": [
            "MusterPlugin", "CloudHTTP", "CloudSteps", "AzureSteps", "AzureClient", "OracleSteps", "OracleCloudClient",
            "SQLSteps", "MusterSQL", "MusterModel", "Synchronization",
        ],
        "CloudSimulator": network.union(foundation)
            .union([
                "MusterModel", "MusterDocuments", "Hummingbird", "HummingbirdCore", "HummingbirdTLS", "Crypto",
                "CryptoExtras", "Glibc", "Synchronization",
            ]),
        "muster-cloud-simulator": foundation.union(["CloudSimulator", "MusterModel", "ArgumentParser", "Glibc"]),
        // Tests depend on it; no product may.
        "MusterTestSupport": ["MusterModel", "MusterMachine", "MusterJournal", "MusterSystem", "Glibc"],
        "CommandFixture": foundation.union(["MusterModel", "MusterSystem", "Glibc"]),
        "CloudFixture": ["CloudHTTP", "MusterModel", "Synchronization"],
        "PostgreSQLFixture": ["MusterModel", "MusterSystem", "Glibc", "Synchronization"],
        "noop-plugin": ["MusterPlugin", "Glibc", "Synchronization"],
        "hostile-plugin": ["MusterModel", "Glibc"],
    ]

    /// Modules that come with the compiler and are declared nowhere.
    static let ofTheToolchain = foundation.union(["Swift", "Glibc", "Synchronization", "Testing", "Dispatch"])

    /// Modules whose types stand in the interface of a declared product, so that using it means importing them.
    static let inTheInterfaceOf: [String: Set<String>] = [
        "AsyncHTTPClient": ["NIOCore", "NIOPosix", "NIOHTTP1", "NIOSSL"],
        "Hummingbird": ["HummingbirdCore", "HTTPTypes", "Logging", "NIOCore", "NIOPosix"],
        "HummingbirdTLS": ["NIOSSL"],
        "Yams": ["CYaml"],
    ]

    static func violations(manifest: Manifest, files: [SourceFile]) -> [Violation] {
        manifest.targets.flatMap { declarationViolations($0) }
            + files.flatMap { file in
                manifest.target(of: file.path).map { importViolations(file, target: $0) } ?? []
            }
    }

    private static func declarationViolations(_ target: Manifest.Target) -> [Violation] {
        guard target.kind == .library || target.kind == .executable else { return [] }
        guard let allowed = mayImport[target.name] else {
            return [Violation(path: "Package.swift", text: "target \(target.name) has no row in the layer table")]
        }
        return target.dependencies.filter { !allowed.contains($0) }
            .map { Violation(path: "Package.swift", text: "\(target.name) must not depend on \($0)") }
    }

    private static func importViolations(_ file: SourceFile, target: Manifest.Target) -> [Violation] {
        imports(file.code).flatMap { module, line -> [Violation] in
            var found: [Violation] = []
            // Whoever imports this file's module uses the other one without importing or declaring it.
            if file.lines[line - 1].contains("@_exported") {
                found.append(Violation(path: file.path, line: line, text: "\(target.name) re-exports \(module)"))
            }
            if module == target.name { return found }
            if !isDeclared(module, by: target) {
                found.append(
                    Violation(
                        path: file.path, line: line, text: "\(target.name) imports \(module) without declaring it"))
            }
            if target.kind != .test, let allowed = mayImport[target.name], !allowed.contains(module) {
                found.append(Violation(path: file.path, line: line, text: "\(target.name) must not import \(module)"))
            }
            return found
        }
    }

    private static func isDeclared(_ module: String, by target: Manifest.Target) -> Bool {
        ofTheToolchain.contains(module) || target.dependencies.contains(module)
            || target.dependencies.contains { inTheInterfaceOf[$0]?.contains(module) == true }
    }

    /// The modules that Swift code imports, with their lines.
    static func imports(_ code: String) -> [(module: String, line: Int)] {
        let pattern = /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|private|fileprivate)\s+)?/
        let rest = /^import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias|actor)\s+)?(\w+)/
        return code.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .compactMap { index, line in
                guard line.contains("import ") else { return nil }
                let after = line.trimmingPrefix(pattern)
                return after.firstMatch(of: rest).map { (String($0.1), index + 1) }
            }
    }
}
