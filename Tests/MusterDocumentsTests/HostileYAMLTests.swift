// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import Testing

/// What is read, and the one diagnostic that must come of it: its code with its line and column.
struct HostileYAMLTests {
    static let scalars: [(String, String)] =
        [
            "no", "No", "NO", "yes", "Yes", "YES", "on", "On", "ON", "off", "Off", "OFF", "y", "Y", "n", "N", "True",
            "TRUE", "False",
            "FALSE", "~", "Null", "NULL", "22:22", "1:30:00", "190:20:30.15", "1_2:30", "0777", "0o17", "007", "-012",
            "0x1F", "0X1f",
            "0b101", "1_000", "1_0.5", "2026-01-02", "2026-1-2", "2026-01-02T03:04:05Z", "2026-01-02 03:04:05", "1e3",
            "1E3",
            "1.5e+3", "-1e-3", ".5", "5.", "+1", "+1.5", ".inf", "-.inf", "+.INF", ".nan", ".NaN", "=",
            "9223372036854775808",
            "123456789012345678901234567890", "0.12345678901234567890", "01.5", "0x_1", "1e400",
        ].map { ("a: \($0)", "yaml.ambiguous 1:4") }

    static let structures: [(String, String)] = [
        ("", "yaml.empty 1:1"), ("# only a comment\n", "yaml.empty 1:1"), ("---\n", "yaml.missing-value 2:1"),
        ("a:\n", "yaml.missing-value 1:3"), ("a: { b }", "yaml.missing-value 1:8"),
        ("- a\n-\n", "yaml.missing-value 2:2"),
        ("a: &x 1", "yaml.anchor 1:4"), ("a: &x [1]", "yaml.anchor 1:4"), ("a: &x\n  b: 1", "yaml.anchor 1:4"),
        ("a: *x", "yaml.alias 1:4"), ("*x : 1", "yaml.alias 1:1"), ("- *x", "yaml.alias 1:3"),
        ("a: !exec ls", "yaml.tag 1:4"), ("a: !!str 1", "yaml.tag 1:4"), ("a: !!binary aGk=", "yaml.tag 1:4"),
        ("a: ! 1", "yaml.tag 1:4"),
        ("!!map\na: 1", "yaml.tag 1:1"), ("a: !<tag:yaml.org,2002:str> x", "yaml.tag 1:4"),
        ("- !!set [a]", "yaml.tag 1:3"),
        ("%YAML 1.1\n---\na: 1", "yaml.directive 1:1"), ("%TAG ! tag:x,2002:\n---\na: 1", "yaml.directive 1:1"),
        ("<<: { a: 1 }", "yaml.merge-key 1:1"), ("b: 2\n<<: 1", "yaml.merge-key 2:1"),
        ("a: 1\na: 2", "yaml.doubled-name 2:1"), ("a: 1\n\"a\": 2", "yaml.doubled-name 2:1"),
        ("{a: 1, a: 1}", "yaml.doubled-name 1:8"),
        ("\"\\u0061\": 1\na: 2", "yaml.doubled-name 2:1"), ("é: 1\ne\u{301}: 2", "yaml.doubled-name 2:1"),
        ("1: a\n\"1\": b", "yaml.name 1:1"), ("1.5: a", "yaml.name 1:1"), ("true: a", "yaml.name 1:1"),
        ("no: a", "yaml.name 1:1"),
        ("null: a", "yaml.name 1:1"), ("~: a", "yaml.name 1:1"), ("2026-01-02: a", "yaml.name 1:1"),
        ("\"\": a", "yaml.name 1:1"),
        (": a", "yaml.syntax 1:1"), ("? [a]\n: b", "yaml.name 1:3"), ("? {a: 1}\n: b", "yaml.name 1:3"),
        ("{[a]: b}", "yaml.name 1:2"),
        ("a: 1\n---\nb: 2", "yaml.documents 2:1"), ("a: 1\n...\n---\nb: 2", "yaml.documents 3:1"),
        ("---\na: 1\n---\n", "yaml.documents 3:1"),
        ("\u{FEFF}a: 1", "yaml.character 1:1"), ("a: \u{FEFF}1", "yaml.character 1:4"),
        ("a: x\u{202E}y", "yaml.character 1:5"),
        ("a: \u{2066}y", "yaml.character 1:4"), ("a: x\u{200B}y", "yaml.character 1:5"),
        ("a: x\u{200D}y", "yaml.character 1:5"),
        ("a: \u{0}", "yaml.character 1:4"), ("a: x\u{1B}[31m", "yaml.character 1:5"),
        ("a: \u{7F}", "yaml.character 1:4"),
        ("a: \u{85}b", "yaml.character 1:4"), ("a: x\u{2028}b: 1", "yaml.character 1:5"),
        ("a: \u{AD}", "yaml.character 1:4"),
        ("b: ä\na: \u{E0041}", "yaml.character 2:4"), ("a: 1\rb: 2", "yaml.character 1:6"),
        ("a: 1\r", "yaml.character 1:6"),
        ("\"a\u{8}\": 1", "yaml.character 1:3"), ("a: \"\\u202E\"", "yaml.character 1:4"),
        ("a: \"\\0\"", "yaml.character 1:4"),
        ("a: \"\\x1b[0m\"", "yaml.character 1:4"), ("a: \"\\uFEFF\"", "yaml.character 1:4"),
        ("\"\\u200B\": 1", "yaml.character 1:1"),
        ("# comment \u{202E}\na: 1", "yaml.character 1:11"), ("a: \u{FFFF}", "yaml.character 1:4"),
        ("a: x\u{FE01}", "yaml.character 1:5"), ("a: x\u{FE0F}", "yaml.character 1:5"),
        ("a: \u{26A0}\u{FE0F}\u{FE0F}", "yaml.character 1:6"), ("a: \u{2800}", "yaml.character 1:4"),
        ("a: \u{1D173}", "yaml.character 1:4"), ("a: \u{180B}", "yaml.character 1:4"),
        ("a: \"\\uFE0F\"", "yaml.character 1:4"), ("a: \"\\u2800\"", "yaml.character 1:4"),
        ("a: [1", "yaml.syntax 2:1"), ("a: 'x", "yaml.syntax 1:6"), ("a: b: c", "yaml.syntax 1:5"),
        ("a: 1\n b: 2", "yaml.syntax 2:3"),
        ("\ta: 1", "yaml.syntax 1:1"), ("a: @x", "yaml.syntax 1:4"), ("a: `x`", "yaml.syntax 1:4"),
        ("a: %x", "yaml.syntax 1:4"),
        ("a: \"\\q\"", "yaml.syntax 1:5"), ("[1, 2]]", "yaml.syntax 1:7"), ("a: {b: ${{ c }} }", "yaml.syntax 1:9"),
        ("a: |\n x\n\ty", "yaml.syntax 3:1"), ("- a\nb: 1", "yaml.syntax 2:1"), ("a: \"\\uD800\"", "yaml.syntax 1:7"),
    ]

    static let bombs: [(name: String, text: String, expected: String)] = [
        ("deep lists", String(repeating: "[", count: 100), "yaml.too-deep"),
        ("very deep lists", String(repeating: "[", count: 10_000), "yaml.syntax"),
        ("deep mappings", String(repeating: "{a: ", count: 10_000), "yaml.too-deep"),
        (
            "deep indentation", (0..<400).map { String(repeating: " ", count: $0) + "a:\n" }.joined() + "x",
            "yaml.too-deep"
        ),
        ("deep dashes", String(repeating: "- ", count: 10_000) + "x", "yaml.too-deep"),
        ("many nodes", "[" + String(repeating: "1,", count: 20_001) + "1]", "yaml.too-large"),
        ("many names", (0..<15_000).map { "a\($0): x\n" }.joined(), "yaml.too-large"),
        ("large", "a: " + String(repeating: "x", count: 256 << 10), "yaml.too-large"),
        (
            "aliases", "a: &a [x]\n" + "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n" + "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n",
            "yaml.anchor"
        ),
        ("alias as a name", "a: &a {x: 1}\n? *a\n: 1\n", "yaml.anchor"),
    ]

    @Test(arguments: scalars + structures)
    func `it is refused at its place`(text: String, expected: String) {
        let parsed = parseYAML(Array(text.utf8), file: "f.yaml")
        #expect(parsed.value == nil)
        let first = parsed.diagnostics.first.map { "\($0.code) \($0.location?.line ?? 0):\($0.location?.column ?? 0)" }
        #expect(first == expected, "\(parsed.diagnostics)")
    }

    @Test(arguments: bombs)
    func `what would grow is refused`(name: String, text: String, expected: String) {
        let parsed = parseYAML(Array(text.utf8), file: "f.yaml")
        #expect(parsed.value == nil && parsed.diagnostics.first?.code == expected, "\(name)")
    }

    @Test(
        arguments: [
            [0x61, 0xFF], [0x61, 0x3A, 0x20, 0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xFF, 0xFE, 0x61, 0],
        ] as [[UInt8]])
    func `what is not UTF-8 is refused`(bytes: [UInt8]) {
        #expect(parseYAML(bytes, file: "f.yaml").diagnostics.map(\.code) == ["yaml.not-utf8"])
    }

    @Test func `an expression without quotes inside braces gets advice`() {
        let parsed = parseYAML(Array("a: { b: ${{ c }} }".utf8), file: "f.yaml")
        #expect(parsed.diagnostics.first?.help == "Inside { } and [ ] an expression stands in quotes: \"${{ … }}\".")
    }

    @Test func `there are more than a hundred of them`() {
        #expect(Self.scalars.count + Self.structures.count + Self.bombs.count > 100)
    }

    @Test func `all that is wrong is said at once`() {
        let parsed = parseYAML(Array("a: no\nb: &x 1\nc: !t 2\na: 0777\n".utf8), file: "f.yaml")
        #expect(
            parsed.diagnostics.map { "\($0.code) \($0.location?.line ?? 0)" } == [
                "yaml.ambiguous 1", "yaml.anchor 2", "yaml.tag 3", "yaml.doubled-name 4", "yaml.ambiguous 4",
            ])
    }
}
