// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct LayerTests {
    @Test func `every import and every declared dependency keeps to its layer`() throws {
        let manifest = Manifest(try Repository.file("Package.swift").text)
        #expect(manifest.targets.count > 20, "the manifest could not be read")
        let violations = Layers.violations(manifest: manifest, files: Repository.swiftFiles)
        #expect(violations.isEmpty, "\n\(violations.map(\.description).joined(separator: "\n"))")
    }

    @Test func `the strict settings are features that this compiler knows`() {
        // A misspelt feature name is accepted without a warning.
        var missing: [String] = []
        #if !hasFeature(ExistentialAny)
            missing.append("ExistentialAny")
        #endif
        #if !hasFeature(InternalImportsByDefault)
            missing.append("InternalImportsByDefault")
        #endif
        #if !hasFeature(MemberImportVisibility)
            missing.append("MemberImportVisibility")
        #endif
        #if !hasFeature(NonisolatedNonsendingByDefault)
            missing.append("NonisolatedNonsendingByDefault")
        #endif
        #expect(missing.isEmpty)
    }

    @Test func `a manifest is read with its kinds, folders, plain dependencies and products`() {
        let manifest = Manifest(
            """
            targets: [
                // .target(name: "Commented", dependencies: []),
                .systemLibrary(name: "CGit2", pkgConfig: "libgit2"),
                .target(
                    name: "A", dependencies: ["B", .product(name: "Crypto", package: "swift-crypto")]),
                .executableTarget(name: "P", dependencies: [], path: "plugins/P", sources: ["Sources"]),
                .testTarget(name: "ATests", dependencies: ["A"], exclude: ["Golden"]),
            ]
            """)
        #expect(manifest.targets.map(\.name) == ["CGit2", "A", "P", "ATests"])
        #expect(manifest.target("A")?.dependencies == ["B", "Crypto"])
        #expect(manifest.target("ATests")?.dependencies == ["A"])
        #expect(manifest.target(of: "plugins/P/Sources/Main.swift")?.name == "P")
        #expect(manifest.target(of: "Sources/A/X.swift")?.name == "A")
        #expect(manifest.target(of: "Sources/AB/X.swift") == nil)
    }

    @Test(arguments: [
        ("import MusterGit", "MusterMachine must not import MusterGit"),
        ("package import struct Foundation.Data", "MusterMachine must not import Foundation"),
        ("@_exported public import MusterModel", "MusterMachine re-exports MusterModel"),
        ("@preconcurrency internal import MusterExpressions", "imports MusterExpressions without declaring it"),
    ])
    func `a wrong import is found`(line: String, text: String) {
        let manifest = Manifest(#".target(name: "MusterMachine", dependencies: ["MusterModel"])"#)
        let file = SourceFile(
            path: "Sources/MusterMachine/X.swift", text: "// import Crypto\nimport MusterModel\n\(line)\n")
        let found = Layers.violations(manifest: manifest, files: [file])
        #expect(found.contains { $0.description.contains(text) && $0.line == 3 }, "\(found)")
        #expect(found.allSatisfy { $0.line == 3 })
    }

    @Test(arguments: [
        (#".target(name: "MusterEngine", dependencies: ["MusterGit"])"#, "MusterEngine must not depend on MusterGit"),
        (
            #".target(name: "MusterRecord", dependencies: [.product(name: "Crypto", package: "swift-crypto")])"#,
            "MusterRecord must not depend on Crypto"
        ),
        (#".target(name: "Newcomer")"#, "Newcomer has no row"),
    ])
    func `a wrong declaration is found`(declaration: String, text: String) {
        let found = Layers.violations(manifest: Manifest(declaration), files: [])
        #expect(found.count == 1 && found[0].text.contains(text), "\(found)")
    }

    @Test func `tests may import any layer that they declare, and no other`() {
        let manifest = Manifest(#".testTarget(name: "XTests", dependencies: ["MusterGit"])"#)
        let file = SourceFile(
            path: "Tests/XTests/X.swift", text: "import Foundation\nimport MusterGit\nimport MusterEngine")
        #expect(Layers.violations(manifest: manifest, files: [file]).map(\.line) == [3])
    }
}
