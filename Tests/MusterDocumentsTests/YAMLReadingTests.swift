// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import Testing

struct YAMLReadingTests {
    static let accepted: [(String, JSON)] = [
        ("a: 1", ["a": 1]), ("a: -1", ["a": -1]), ("a: 0", ["a": 0]), ("a: 1.5", ["a": .double(1.5)]),
        ("a: true", ["a": true]),
        ("a: false", ["a": false]), ("a: null", ["a": nil]), ("a: [1, x, [2]]", ["a": [1, "x", [2]]]),
        ("a: {}", ["a": [:]]),
        ("a: 'no'", ["a": "no"]), ("a: \"22:22\"", ["a": "22:22"]), ("a: ''", ["a": ""]), ("'1': x", ["1": "x"]),
        ("a: |\n  x\n  y\n", ["a": "x\ny\n"]), ("a: >\n  x\n  y\n", ["a": "x y\n"]), ("a: x\n  y", ["a": "x y"]),
        ("a: 1.2.3", ["a": "1.2.3"]), ("a: 127.0.0.1", ["a": "127.0.0.1"]), ("a: 20m", ["a": "20m"]),
        ("a: 5s..2m", ["a": "5s..2m"]),
        ("a: 11111111-1111-1111-1111-111111111111", ["a": "11111111-1111-1111-1111-111111111111"]),
        ("a: 2023-08-01-preview", ["a": "2023-08-01-preview"]), ("a: https://x:80/y", ["a": "https://x:80/y"]),
        ("a: p/s@1.0.0", ["a": "p/s@1.0.0"]), ("a: p/s@^1.2", ["a": "p/s@^1.2"]), ("a: -x", ["a": "-x"]),
        ("a: x#y # z", ["a": "x#y"]),
        ("a: None", ["a": "None"]), ("a: node", ["a": "node"]), ("a: 1x", ["a": "1x"]), ("a: .", ["a": "."]),
        ("a: 1e", ["a": "1e"]),
        ("a: ${{ b }}", ["a": "${{ b }}"]), ("a: ⚠️ ä 日本", ["a": "⚠️ ä 日本"]), ("a: 1\r\nb: 2\r\n", ["a": 1, "b": 2]),
        ("---\na: 1\n...\n", ["a": 1]), ("- 1\n- 2", [1, 2]), ("x", "x"),
        ("a: \"tab\\tnewline\\n\"", ["a": "tab\tnewline\n"]),
        ("a: 1:a", ["a": "1:a"]), ("a: 9223372036854775807", ["a": .int(.max)]),
        ("a: 29497babb0cb4af58a77", ["a": "29497babb0cb4af58a77"]),
    ]

    @Test(arguments: accepted)
    func `it is read as every YAML reader reads it`(text: String, expected: JSON) {
        let parsed = parseYAML(Array(text.utf8), file: "f.yaml")
        #expect(parsed.value?.json == expected, "\(parsed.diagnostics)")
    }

    @Test func `values remember their places, columns in characters`() throws {
        let root = try #require(parseYAML(Array("ä: { b: [1, x] }\nc:\n  - d: z\n".utf8), file: "f.yaml").value)
        #expect(root["ä"]?["b"]?.list?[1].location == SourceLocation(file: "f.yaml", line: 1, column: 13))
        #expect(root["c"]?.list?[0]["d"]?.location == SourceLocation(file: "f.yaml", line: 3, column: 8))
        #expect(root.members?[1].nameLocation == SourceLocation(file: "f.yaml", line: 2, column: 1))
    }

    @Test func `each expression of a text has its own place`() throws {
        let text = "a: ä ${{ x }} ${{ y }}\nb: |\n  one\n  two ${{ z }}\nc: \"q\\n ${{ w }}\"\n"
        let root = try #require(parseYAML(Array(text.utf8), file: "f.yaml").value)
        let places = ["a", "b", "c"].flatMap { root[$0]?.expressionStarts ?? [] }.map { "\($0.line):\($0.column)" }
        #expect(places == ["1:6", "1:15", "4:7", "5:9"])
    }

    @Test func `the limits themselves are allowed`() {
        let wide = "[" + String(repeating: "1,", count: 19_998) + "1]"
        #expect(parseYAML(Array(wide.utf8), file: "f").value?.list?.count == 19_999)
        let deep = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        #expect(parseYAML(Array(deep.utf8), file: "f").value != nil)
        let long = "a: " + String(repeating: "x", count: (256 << 10) - 3)
        #expect(parseYAML(Array(long.utf8), file: "f").value != nil)
    }
}
