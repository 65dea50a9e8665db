// SPDX-License-Identifier: Apache-2.0

import Testing

/// The codes that steps throw, and what their definitions say of them: both speak of the same codes.
@Suite struct KnownErrorTests {
    /// Areas that many share: which of their codes reach a step depends on what it asks.
    private static let shared: Set = ["azure", "sql", "plugin"]
    private static let uses = ErrorCodes.uses(
        in: Repository.swiftFiles.filter { $0.path.hasPrefix("Sources/") || $0.path.hasPrefix("plugins/") })

    private static func area(_ code: String) -> String { String(code.prefix { $0 != "." }) }

    /// What the definitions under that folder explain, with the file of each.
    private static func explained(under folder: String) -> [(code: String, path: String)] {
        Repository.files.filter {
            $0.path.hasPrefix(folder) && $0.path.contains("/steps/") && $0.name.hasSuffix(".yaml")
        }
        .flatMap { file in
            file.text.matches(of: /\n  - match: "?([^"\n]+)"?/).map { (String($0.1), file.path) }
        }
    }

    /// The codes of its own that the sources under that folder throw.
    private static func thrown(under folder: String) -> Set<String> {
        Set(uses.filter { $0.place.hasPrefix(folder) }.map(\.code)).filter { !shared.contains(area($0)) }
    }

    private static let plugins = Set(
        Repository.files.map(\.path).filter { $0.hasPrefix("plugins/") }.map { String($0.split(separator: "/")[1]) })

    @Test(arguments: plugins)
    func `each code that a plugin throws is explained by a definition of it`(plugin: String) {
        let thrown = Self.thrown(under: "plugins/\(plugin)/Sources/")
        let explained = Set(Self.explained(under: "plugins/\(plugin)/").map(\.code))
        #expect(!thrown.isEmpty)
        #expect(thrown.subtracting(explained).sorted() == [])
    }

    @Test func `each code of what Oracle's steps share is explained by a definition`() {
        let thrown = Self.thrown(under: "Sources/OracleSteps/")
        #expect(thrown.contains("oracle.no-cluster"))
        #expect(thrown.subtracting(Self.explained(under: "plugins/").map(\.code)).sorted() == [])
    }

    @Test func `each code of ours that a definition explains is thrown`() {
        let thrown = Set(Self.uses.map(\.code))
        // The engine puts these two together: a condition after the effect that is unmet, or unverifiable.
        let explained = Self.explained(under: "plugins/").filter {
            $0.code.contains(".") && !["postcondition.unmet", "postcondition.unverifiable"].contains($0.code)
        }
        #expect(explained.count > 50)
        #expect(explained.filter { !thrown.contains($0.code) }.map { "\($0.path): \($0.code)" } == [])
    }

    @Test func `the database's own words for an error are in no code, so no definition waits for them`() {
        #expect(Self.explained(under: "plugins/").filter { $0.code.hasPrefix("ORA-") }.map(\.path) == [])
    }
}
