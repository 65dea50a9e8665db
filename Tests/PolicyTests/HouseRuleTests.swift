// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct HouseRuleTests {
    @Test func `every file keeps the rules of the house`() {
        #expect(Repository.files.count > 50, "the repository could not be read")
        let violations = Repository.files.flatMap { file in HouseRules.all.flatMap { $0(file) } }
        #expect(violations.isEmpty, "\n\(violations.map(\.description).joined(separator: "\n"))")
    }

    @Test(arguments: [
        Example("Sources/A/B.swift", "import A\n", breaks: "SPDX"),
        Example("scripts/x", "#!/bin/sh\necho\n", breaks: "SPDX"),
        Example("Sources/A/B.swift", header + String(repeating: "//\n", count: 500), breaks: "more than 500"),
        Example("Tests/A/B.swift", header + String(repeating: "//\n", count: 800), breaks: "more than 800"),
        Example("Sources/A/StringUtils.swift", header, breaks: "named for no concept"),
        Example("Sources/A/B.swift", header + "let a = try! f()", breaks: "try!"),
        Example("plugins/A/Sources/B.swift", header + "let a = try? f()", breaks: "try?"),
        Example("Sources/A/B.swift", header + "final class C: @unchecked Sendable {}", breaks: "compiler's check"),
        Example("Sources/A/B.swift", header + "print(1)", breaks: "prints"),
        Example("Sources/A/B.swift", header + "public struct S {}", breaks: "only the authors' kit"),
        Example("docs/a.md", "later: TO" + "DO", breaks: "placeholder"),
        Example("docs/a.md", "see `/ho" + "me/x`", breaks: "outside this repository"),
    ])
    func `a broken rule is found`(example: Example) {
        let found = HouseRules.all.flatMap { $0(example.file) }
        #expect(found.count == 1 && found[0].text.contains(example.breaks), "\(found)")
    }

    @Test(arguments: [
        Example(
            "Sources/A/B.swift", header + "/// Never `try!` nor print( here.\nlet a = \"try! \\(\"print(\") public x\""),
        Example("Sources/A/B.swift", header + "// The caller looks again anyway.\nlet a = try? f()"),
        Example("Sources/A/B.swift", header + "// Guarded by the lock.\nfinal class C: @unchecked Sendable {}"),
        Example("Sources/muster/Main.swift", header + "print(1)"),
        Example("Sources/MusterPlugin/Step.swift", header + "public protocol P { func f() }"),
        Example(
            "Sources/A/B.swift",
            header + "let s = #\"\"\"\n public \" try! \n\"\"\"#\nlet url = \"https://a/b\" // public x"),
    ])
    func `what is no breach is let be`(example: Example) {
        let found = HouseRules.all.flatMap { $0(example.file) }
        #expect(found.isEmpty, "\(found)")
    }

    @Test func `functions are measured by their bodies`() {
        let long = String(repeating: "    f()\n", count: 71)
        let text = """
            protocol P {
                func requirement(_ a: Int) -> Int
                init(a: Int)
            }
            struct S {
                init(a: [String: Int] = [:], b: (Int) -> Void) {
                    self.a = a
                }
                func short() -> Int { 1 }
                func long<T>(
                    _ a: T
                ) throws -> [T] where T: P {
            \(long)    }
            }
            """
        let functions = SwiftFunction.all(inCode: SwiftText.code(of: text))
        #expect(functions.map(\.name) == ["init", "short", "long"])
        #expect(functions.map(\.bodyLines) == [1, 0, 71])
        let path = "Sources/A/B.swift"
        #expect(HouseRules.functionWall(SourceFile(path: path, text: text)).map(\.line) == [10])
        let test = "@Test func `a b`() {\n" + String(repeating: "f()\n", count: 41) + "}"
        #expect(HouseRules.functionWall(SourceFile(path: "Tests/A/B.swift", text: test)).count == 1)
    }

    static let header = "// SPDX-License-Identifier: Apache-2.0\n"
}

/// A file, and the rule that it breaks; empty where it breaks none.
struct Example: Sendable, CustomTestStringConvertible {
    var file: SourceFile
    var breaks: String

    init(_ path: String, _ text: String, breaks: String = "") {
        file = SourceFile(path: path, text: text)
        self.breaks = breaks
    }

    var testDescription: String { "\(file.path): \(breaks)" }
}
