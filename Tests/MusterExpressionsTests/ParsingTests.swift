// SPDX-License-Identifier: Apache-2.0

import MusterExpressions
import MusterModel
import Testing

struct ParsingTests {
    @Test(arguments: [
        ("", "The expression is empty", 0), ("a b", "'b' is not expected here", 2),
        ("a ==", "The end of the expression is not expected here", 4),
        ("a = b", "'=' is not expected here", 2), ("a && b", "'&' is not expected here", 2),
        ("!a", "'!' is not expected here", 0),
        ("a || b", "'|' is not expected here", 2), ("a + 1", "'+' is not expected here", 2),
        ("`ls`", "'`' is not expected here", 0),
        ("a; b", "';' is not expected here", 1), ("1.5", "Only whole numbers are allowed here", 0),
        ("'x", "The text in quotes has no end", 0),
        ("(a", "The end of the expression is not expected here", 2), ("a)", "')' is not expected here", 1),
        ("a[0", "The end of the expression is not expected here", 3),
        ("a.", "A name is expected after the dot", 2), ("a.0", "A name is expected after the dot", 2),
        ("and", "'and' is not expected here", 0),
        ("1 < 2 < 3", "Comparisons cannot follow each other", 6), ("nope(1)", "There is no function 'nope'", 0),
        ("a }}", "'}}' is not expected here", 2),
        ("lower()", "'lower' takes one value", 0), ("lower(a, b)", "'lower' takes one value", 0),
        ("join(a)", "'join' takes 2 values", 0),
        ("99999999999999999999", "The number is too large", 0), ("ä", "'ä' is not expected here", 0),
        ("12ab", "Only whole numbers are allowed here", 0),
        ("[1]", "'[' is not expected here", 0), ("a[]", "']' is not expected here", 2),
        ("a,b", "',' is not expected here", 1),
    ])
    func `what is no expression says why and where`(text: String, summary: String, offset: Int) throws {
        let issue = try #require(throws: ExpressionIssue.self) { try Expression(text) }
        #expect(issue.summary == summary)
        #expect(issue.offset == offset)
    }

    @Test(arguments: [
        ("=", "a = b", "Compare with ==."), ("&", "a && b", "Write and."),
        ("lower", "lowr(a)", "Did you mean 'lower'?"),
    ])
    func `a common slip gets advice`(name: String, text: String, help: String) throws {
        let issue = try #require(throws: ExpressionIssue.self) { try Expression(text) }
        #expect(issue.help == help)
    }

    @Test func `an error inside a template is placed in the whole text`() throws {
        let issue = try #require(throws: ExpressionIssue.self) { try Template("äb ${{ a }} ${{ b ! }}") }
        #expect(issue.offset == "äb ${{ a }} ${{ b ".utf8.count)
    }

    @Test(arguments: [
        String(repeating: "(", count: 10_000), String(repeating: "not ", count: 10_000) + "true",
        "true" + String(repeating: " and true", count: 100), "a" + String(repeating: "[0]", count: 100),
        "a" + String(repeating: ".b", count: 100), String(repeating: "lower(", count: 1000),
        "'" + String(repeating: "x", count: 3000) + "'", String(repeating: "a[", count: 5000),
    ])
    func `length and depth are bounded`(text: String) {
        #expect(throws: ExpressionIssue.self) { try Expression(text) }
    }

    @Test func `no text crashes the parser, and what is read evaluates or says why not`() {
        var random = SystemRandomNumberGenerator()
        let words = [
            "inputs", ".", "a", "[", "]", "(", ")", "'t'", "1", "==", "<", "and", "or", "not", "default", ",", "null",
            "}}", "${{",
            " ", "-", "lower", "ä", "\"", "'",
        ]
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 1..<12, using: &random)).map { _ in words.randomElement(using: &random)! }
                .joined()
            for candidate in [text, "x ${{ \(text) }}"] {
                do throws(ExpressionIssue) {
                    let template = try Template(candidate)
                    let scope = ValueScope(roots: ["inputs": ["a": [1]]])
                    #expect(try template.evaluate(in: scope) == (try template.evaluate(in: scope)))
                } catch {
                    #expect((0...candidate.utf8.count).contains(error.offset))
                }
            }
        }
    }

    @Test(arguments: [
        ("primry", "primary"), ("primaryKey", "primary-key"), ("prmiary", "primary"), ("secondary", "secondry"),
        ("zzz", nil),
        ("PRIMARY", "primary"), ("", nil),
    ])
    func `the nearest name is offered`(name: String, expected: String?) {
        #expect(nearestName(to: name, in: ["primary", "primary-key", "secondry", "group"]) == expected)
    }
}
