// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct HouseRuleTests {
    @Test func `every file keeps the rules of the house`() {
        #expect(Repository.files.count > 50, "the repository could not be read")
        let violations = Repository.files.flatMap { file in HouseRules.all.flatMap { $0(file) } }
        #expect(violations.isEmpty, "\n\(violations.map(\.description).joined(separator: "\n"))")
    }

    @Test(arguments: [
        ("Sources/A/B.swift", "import A\n", "SPDX"),
        ("scripts/x", "#!/bin/sh\necho\n", "SPDX"),
        ("Sources/A/B.swift", header + String(repeating: "//\n", count: 500), "more than 500"),
        ("Tests/A/B.swift", header + String(repeating: "//\n", count: 800), "more than 800"),
        ("Sources/A/StringUtils.swift", header, "named for no concept"),
        ("Sources/A/B.swift", header + "let a = try! f()", "try!"),
        ("plugins/A/Sources/B.swift", header + "let a = try? f()", "try?"),
        ("Sources/A/B.swift", header + "final class C: @unchecked Sendable {}", "compiler's check"),
        ("Sources/A/B.swift", header + "print(1)", "prints"),
        ("Sources/A/B.swift", header + "public struct S {}", "only the authors' kit"),
        ("docs/a.md", "later: TO" + "DO", "placeholder"),
        ("docs/a.md", "see `/wo" + "rk/x`", "outside this repository"),
    ])
    func `a broken rule is found`(path: String, text: String, finding: String) {
        let found = HouseRules.all.flatMap { $0(SourceFile(path: path, text: text)) }
        #expect(found.count == 1 && found[0].text.contains(finding), "\(found)")
    }

    @Test(arguments: [
        ("Sources/A/B.swift", "/// Never `try!` nor print( here.\nlet a = \"try! \\(\"print(\") public x\""),
        ("Sources/A/B.swift", "// The caller looks again anyway.\nlet a = try? f()"),
        ("Sources/A/B.swift", "// Guarded by the lock.\nfinal class C: @unchecked Sendable {}"),
        ("Sources/muster/Main.swift", "print(1)"),
        ("Sources/MusterPlugin/Step.swift", "public protocol P { func f() }"),
        ("Sources/A/B.swift", "let s = #\"\"\"\n public \" try! \n\"\"\"#\nlet url = \"https://a/b\" // public x"),
    ])
    func `what is no breach is let be`(path: String, text: String) {
        let found = HouseRules.all.flatMap { $0(SourceFile(path: path, text: Self.header + text)) }
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
        let functions = SwiftFunction.all(in: text)
        #expect(functions.map(\.name) == ["init", "short", "long"])
        #expect(functions.map(\.bodyLines) == [1, 0, 71])
        let path = "Sources/A/B.swift"
        #expect(HouseRules.functionWall(SourceFile(path: path, text: text)).map(\.line) == [10])
        let test = "@Test func `a b`() {\n" + String(repeating: "f()\n", count: 41) + "}"
        #expect(HouseRules.functionWall(SourceFile(path: "Tests/A/B.swift", text: test)).count == 1)
    }

    static let header = "// SPDX-License-Identifier: Apache-2.0\n"
}
