// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct DocumentationTests {
    @Test func `docs/errors.md lists every error code of the sources`() throws {
        let sources = Repository.swiftFiles.filter { $0.path.hasPrefix("Sources/") || $0.path.hasPrefix("plugins/") }
        let uses = ErrorCodes.uses(in: sources)
        #expect(!uses.isEmpty)
        let page = ErrorCodes.page(uses)
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try page.write(
                to: Repository.root.appendingPathComponent("docs/errors.md"), atomically: true, encoding: .utf8)
        }
        let isCurrent = try Repository.file("docs/errors.md").text == page
        #expect(isCurrent, "docs/errors.md is not current: run `make errors`")
    }

    @Test func `a code is read with its summary, interpolations shortened`() {
        let text = #"""
            throw MusterError(
                code: "git.no-such-ref", "There is no ref \(names.map { "\($0)" }.joined(separator: ")")) in \"\(path)\".")
            Diagnostic(code: "lint.x", computed)
            throw StepError.permanent(
                "plugin.no-connection", "There is no connection.")
            let decoded = Answer(code: "NotOurs")
            """#
        let uses = ErrorCodes.uses(in: [SourceFile(path: "a", text: text)])
        #expect(Set(uses.map(\.code)) == ["git.no-such-ref", "lint.x", "plugin.no-connection"])
        #expect(uses.first { $0.code == "git.no-such-ref" }?.meaning?.hasPrefix("There is no ref …") == true)
        #expect(uses.contains { $0.code == "lint.x" && $0.meaning == nil })
        #expect(ErrorCodes.page(uses).contains("| `lint.x` |"))
    }

    @Test func `a code is found as a constant, by a condition, as a raw value, and before a message that is computed`()
    {
        let text = #"""
            static let code = "run.closed"
            throw MusterError(code: Self.code, "\(window) is closed.")
            throw AzureError(code: isLate ? "azure.late" : "azure.gone", "It was \(what) then.")
            enum Kind: String {
                /// The server
                /// was not reached.
                case unreachable = "sql.unreachable"
                case file = "plan.json"
            }
            func retryable(_ code: String, _ message: String) {}
            throw StepError.retryable("test.running", why)
            read("record.json", why)
            """#
        let found = Dictionary(grouping: ErrorCodes.uses(in: [SourceFile(path: "a", text: text)]), by: \.code)
            .mapValues { $0.compactMap(\.meaning) }
        #expect(
            found == [
                "run.closed": ["… is closed."], "azure.late": ["It was … then."], "azure.gone": ["It was … then."],
                "sql.unreachable": ["The server was not reached."], "test.running": [],
            ])
    }

    @Test func `a code that is put together is found by the names that it is called with`() {
        let files = [
            SourceFile(
                path: "Sources/A/Lint.swift",
                text:
                    #"func report(_ code: String) { Finding(code: "lint." + code, x) }; report("no-name", "It has no name.")"#
            ),
            SourceFile(
                path: "Sources/A/Lint+Steps.swift", text: #"report( "no-step", "There is no step."); other("x", "y")"#),
            SourceFile(path: "Sources/A/Other.swift", text: #"report("elsewhere", "…"); f(code: "lint.\(kind)")"#),
        ]
        let uses = ErrorCodes.uses(in: files)
        #expect(Set(uses.map(\.code)) == ["lint.no-name", "lint.no-step", "lint.…"])
        #expect(uses.first { $0.code == "lint.no-step" }?.meaning == "There is no step.")
    }

    @Test func `docs/modules.md has a paragraph for each target`() throws {
        let page = try Repository.file("docs/modules.md").text
        let targets = Manifest(try Repository.file("Package.swift").text).targets.filter { $0.kind != .test }
        let missing = targets.map(\.name).filter { !page.contains("**`\($0)`**") }
        #expect(missing.isEmpty)
    }

    @Test func `every relative link in the documentation resolves`() {
        let pages = Repository.files.filter { $0.path.hasSuffix(".md") && !$0.path.hasPrefix("Tests/") }
        let broken = pages.flatMap { Links.broken(in: $0, exists: Repository.exists) }
        #expect(broken.isEmpty, "\n\(broken.map(\.description).joined(separator: "\n"))")
    }

    @Test func `a broken link is found, an address and a code block are not`() {
        let text = """
            [a](../b.md#part) [web](https://example.org) [here](#there) ![picture](missing.svg)
            ```
            [code](nowhere.md)
            ```
            """
        let broken = Links.broken(in: SourceFile(path: "docs/a.md", text: text)) { $0 == "b.md" }
        #expect(broken.map(\.text) == ["the link to missing.svg leads nowhere"])
    }
}

enum Links {
    static func broken(in page: SourceFile, exists: (String) -> Bool) -> [Violation] {
        var found: [Violation] = []
        var inCode = false
        for (index, line) in page.lines.enumerated() {
            if line.hasPrefix("```") { inCode.toggle() }
            guard !inCode else { continue }
            for match in line.matches(of: /\]\(([^)\s]+)\)/) where !isAddress(match.1) {
                let target = match.1.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)[0]
                guard !target.isEmpty, !exists(resolve(String(target), from: page.path)) else { continue }
                found.append(Violation(path: page.path, line: index + 1, text: "the link to \(target) leads nowhere"))
            }
        }
        return found
    }

    private static func isAddress(_ target: Substring) -> Bool {
        target.firstMatch(of: /^[a-z]+:/) != nil || target.hasPrefix("#")
    }

    private static func resolve(_ target: String, from page: String) -> String {
        var parts = page.split(separator: "/").dropLast().map(String.init)
        for part in target.split(separator: "/") {
            if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(String(part)) }
        }
        return parts.joined(separator: "/")
    }
}
