// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

@testable import MusterRecord

@Suite struct MarkdownTextTests {
    @Test(arguments: [
        ("plain words, 14:03:02 and 1.5 s", "plain words, 14:03:02 and 1.5 s"), ("*a* _b_ `c`", #"\*a\* \_b\_ \`c\`"#),
        ("<script>alert(1)</script>", #"\<script\>alert(1)\</script\>"#),
        ("[a](javascript:x)", #"\[a\](javascript\:x)"#),
        ("![a](b)", #"\!\[a\](b)"#), ("a|b", #"a\|b"#), ("https://a.example/", #"https\://a.example/"#),
        ("www.a.example", #"www\.a.example"#), ("&lt;", #"\&lt;"#), ("# a", ##"\# a"##), ("- a", #"\- a"#),
        ("+ a", #"\+ a"#),
        ("1. a", #"1\. a"#), ("12) a", #"12\) a"#), ("= a", #"\= a"#), ("~~a~~", #"\~\~a\~\~"#), ("$a$", #"\$a\$"#),
        ("@team", #"\@team"#), ("anu@example.com", "anu@example.com"), (":smile:", #"\:smile:"#), (#"\"#, #"\\"#),
        ("a\nb\u{1B}[31m", #"a⏎b⟨U+001B⟩\[31m"#), ("\u{202E}x\u{200B}", "⟨U+202E⟩x⟨U+200B⟩"), ("\u{9B}", "⟨U+009B⟩"),
    ]) func `data is text`(data: String, markdown: String) { #expect(Markdown.text(data) == markdown) }

    @Test(arguments: [
        ("a", "`a`"), ("a`b", "``a`b``"), ("`a`", "`` `a` ``"), ("``", "``` `` ```"), ("", "*empty*"),
        ("a|b", #"a\|b"#),
        ("<b>\u{1B}\n", "`<b>⟨U+001B⟩⏎`"),
    ]) func `a value is a code span that it cannot leave`(data: String, markdown: String) {
        #expect(Markdown.code(data) == markdown)
    }

    @Test(arguments: [
        (KeySwap.primary, "`…/servers/tdeprimarytest`"), (KeySwap.secondaryKey, "`testanu2…/tey/29497bab…`"),
        (String(repeating: "0123456789", count: 6), "`012345678901234567890…901234567890123456789`"),
        ("short", "`short`"),
    ]) func `a long value shows what tells it apart`(data: String, markdown: String) {
        #expect(Markdown.shortCode(data) == markdown)
    }

    @Test func `a block keeps text as it is and cannot be left`() {
        #expect(Markdown.block("a\n```\n<b>\n") == ["````text", "a", "```", "<b>", "````"])
        let long = Array(repeating: "word", count: 30).joined(separator: " ")
        #expect(Markdown.block("  " + long).contains("  " + long))
        #expect(Markdown.block("  " + long)[1].hasPrefix("  word word"))
    }

    @Test(arguments: [
        ("register", "register"), ("register[0]", "register[0]"), ("..", "=2E."), (".git", "=2Egit"), ("a/b", "a=2Fb"),
        ("", "="), ("ä", "=C3=A4"), ("a b", "a=20b"),
    ]) func `any text is a safe file name`(text: String, name: String) { #expect(fileNameComponent(text) == name) }

    @Test func `long names stay apart and short`() {
        let long = String(repeating: "a", count: 300)
        #expect(fileNameComponent(long).utf8.count <= 120)
        #expect(fileNameComponent(long) != fileNameComponent(long + "b"))
    }

    static let payloads = [
        "<img src=x onerror=alert(1)>", "`; drop", "| a | b |", "\n# heading\n", "\u{1B}]52;c;aGk=\u{7}",
        "\u{202E}gnp.exe",
        "```\n</code><script>", "](javascript:alert(1))", "click s1 href \"javascript:alert(1)\"", "%%{init: {}}%%",
    ]

    /// The page with the payload in every field of text: no line begins or ends otherwise than without it.
    @Test(arguments: payloads) func `no field of the data changes the page's shape`(payload: String) throws {
        let harmless = try page(with: "harmless")
        let hostile = try page(with: payload)
        #expect(hostile.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A })
        #expect(markupOutsideCode(hostile) == markupOutsideCode(harmless))
        #expect(shape(hostile) == shape(harmless))
    }

    private func page(with text: String) throws -> String {
        var plan = KeySwap.plan()
        plan.runbook.summary = text
        plan.change = text
        plan.inputs = ["a": .string(text)]
        plan.steps[0].id = text
        plan.measures = [
            PlannedMeasure(
                id: text, summary: text,
                source: .clock(from: .init(step: text, edge: .started), to: .init(step: text, edge: .finished)),
                objective: .equal(.string(text))),
            PlannedMeasure(
                id: text, summary: text, source: .output(.init(step: text, output: text, type: text)), objective: nil),
            PlannedMeasure(
                id: text, summary: text, source: .output(.init(step: "verify-protectors", output: text, type: text)),
                objective: .equal(.string(text))),
        ]
        var script = try RunScript.begun(plan)
        try script.add(.stepStarted(StepStarted(step: text, attempt: 1, inputs: [text: .string(text)])))
        try script.show(text, text, "apply", ["request-id": .string(text)])
        let failure = StepFailure(kind: .permanent, code: text, message: text, remedy: text)
        try script.add(.attemptFailed(AttemptFailed(step: text, attempt: 1, failure: failure, retryAt: nil)))
        try script.add(.stepFailed(StepFailed(step: text, failure: failure, effect: .applied)))
        try script.start("verify-protectors")
        try script.add(.stepDone(StepDone(step: "verify-protectors", how: .shown, outputs: [text: .string(text)])))
        try script.add(.stopRequested(StopRequested(by: text, reason: text)))
        try script.add(.runFinished(RunFinished(outcome: .failed, why: text)))
        guard let readme = try script.files().files.first(where: { $0.path == "README.md" }),
            case .bytes(let bytes) = readme.content
        else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The first characters of each line, and the number of cells of a table's row.
    private func shape(_ page: String) -> [String] {
        var inBlock = false
        return page.split(separator: "\n", omittingEmptySubsequences: false).compactMap { line in
            if line.hasPrefix("```") { inBlock.toggle() }
            // What wraps in a block follows the length of the text.
            if inBlock { return nil }
            let cells = line.replacing(#"\|"#, with: "").count { $0 == "|" }
            let first = line.first.map { "#|>`-*<[1".contains($0) ? $0 : "x" } ?? " "
            return "\(first) \(cells)"
        }
    }

    /// Every character that is markup, of the page without its code spans (CommonMark 6.1) and backslash escapes.
    private func markupOutsideCode(_ page: String) -> String {
        var found = ""
        var rest = Substring(page)
        while let character = rest.first {
            if character == "`" {
                let fence = rest.prefix { $0 == "`" }
                rest = rest.dropFirst(fence.count)
                while !rest.isEmpty {
                    rest = rest.drop { $0 != "`" }
                    let closing = rest.prefix { $0 == "`" }.count
                    rest = rest.dropFirst(closing)
                    if closing == fence.count { break }
                }
            } else if character == "\\" {
                rest = rest.dropFirst(2)
            } else {
                if "<>[]*_".contains(character) { found.append(character) }
                rest = rest.dropFirst()
            }
        }
        return found
    }
}
