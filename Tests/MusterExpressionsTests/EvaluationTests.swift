// SPDX-License-Identifier: Apache-2.0

import MusterExpressions
import MusterModel
import Testing

private let scope = ValueScope(
    roots: [
        "inputs": [
            "primary-key": "https://a", "servers": ["one", "two"], "count": 3, "ratio": 1.5.json, "on": true,
            "nothing": nil,
            "tags": ["owner team": "dba"], "trap": "${{ inputs.count }}",
        ],
        "environment": ["group": "harshitha_lab"], "run": ["id": "r-1"], "item": ["name": "x"],
    ],
    outputs: ["fail-over": ["role": "Primary", "list": [["id": 7]]]])

extension Double {
    fileprivate var json: JSON { .double(self) }
}

struct EvaluationTests {
    static let values: [(String, JSON)] = [
        ("inputs.primary-key", "https://a"), ("environment.group", "harshitha_lab"), ("run.id", "r-1"),
        ("item.name", "x"), ("steps.fail-over.outputs.role", "Primary"), ("steps.fail-over.outputs.list[0].id", 7),
        // Before a run nothing of it is in place.
        ("steps.fail-over.inPlace", false),
        ("inputs.servers[1]", "two"), ("inputs.tags['owner team']", "dba"), ("'it''s'", "it's"), ("\"a\"", "a"),
        ("-4", -4),
        ("true", true), ("null", nil), ("inputs.count == 3", true), ("inputs.count != 3", false),
        ("inputs.count < 4", true),
        ("inputs.count <= 3", true), ("inputs.count > 3", false), ("inputs.count >= 4", false), ("'a' < 'b'", true),
        ("inputs.ratio < inputs.count", true), ("1 == 1 and 2 == 2", true), ("1 == 2 or 2 == 2", true),
        ("not 1 == 2", true), ("not (1 == 1 and 2 == 2)", false), ("false and inputs.missing == 1", false),
        ("true or inputs.missing == 1", true), ("1 == 1 or 1 == 1 and 1 == 2", true), ("'3' == 3", false),
        ("inputs.nothing == null", true), ("length('äö')", 2), ("length(inputs.servers)", 2),
        ("length(inputs.tags)", 1),
        ("contains('abc', 'bc')", true), ("contains('abc', 'x')", false), ("contains('', '')", true),
        ("contains(inputs.servers, 'two')", true), ("starts-with('abc', 'ab')", true), ("ends-with('abc', 'bc')", true),
        ("ends-with('c', 'bc')", false), ("lower('AbÄ')", "abä"), ("upper('ab')", "AB"),
        ("join(inputs.servers, ', ')", "one, two"), ("default(inputs.missing, 'x')", "x"),
        ("default(inputs.nothing, 5)", 5),
        ("default(inputs.count, 5)", 3), ("default(steps.never.outputs.x[0], 'none')", "none"),
        ("last-segment('/subscriptions/s/resourceGroups/g')", "g"), ("last-segment('')", ""),
    ]

    @Test(arguments: values)
    func `an expression has this value`(text: String, expected: JSON) throws {
        #expect(try Expression(text).evaluate(in: scope) == expected)
    }

    @Test(arguments: [
        ("inputs.missing", "expression.no-value", "'inputs.missing' has no value"),
        ("nowhere.x", "expression.no-value", "'nowhere.x' has no value"),
        ("steps.fail-over.outputs.none", "expression.no-value", "'steps.fail-over.outputs.none' has no value"),
        ("inputs.servers[2]", "expression.no-value", "The list has 2 elements; there is no element 2"),
        ("inputs.servers[-1]", "expression.no-value", "The list has 2 elements; there is no element -1"),
        (
            "inputs.servers['a']", "expression.wrong-type",
            "A list takes an integer in brackets and an object a name; this is list"
        ),
        ("inputs.count and true", "expression.wrong-type", "A boolean is needed here, this is integer"),
        ("'a' < 1", "expression.wrong-type", "Two numbers or two texts can be ordered, not string and integer"),
        ("lower(3)", "expression.wrong-type", "Text is needed here, this is integer"),
        ("default(lower(3), 'x')", "expression.wrong-type", "Text is needed here, this is integer"),
        ("join('a', 'b')", "expression.wrong-type", "join takes a list, this is string"),
    ])
    func `what cannot be evaluated says why`(text: String, code: String, summary: String) throws {
        let issue = try #require(throws: ExpressionIssue.self) { try Expression(text).evaluate(in: scope) }
        #expect(issue.code == code && issue.summary == summary)
    }

    @Test func `a condition must be a boolean`() throws {
        #expect(try Expression("inputs.on").holds(in: scope))
        #expect(throws: ExpressionIssue.self) { try Expression("inputs.count").holds(in: scope) }
    }
}

struct TemplateTests {
    static let values: [(String, JSON)] = [
        ("plain", "plain"), ("", ""), ("${{ inputs.count }}", 3), ("${{ inputs.servers }}", ["one", "two"]),
        ("n=${{ inputs.count }}!", "n=3!"), ("${{inputs.on}} ${{ 'x' }}", "true x"),
        ("$${{ inputs.count }}", "${{ inputs.count }}"),
        ("${ x } $ {{ }}", "${ x } $ {{ }}"), ("${{ '}}' }}", "}}"), ("a ${{ inputs.trap }}", "a ${{ inputs.count }}"),
        ("${{ inputs.trap }}", "${{ inputs.count }}"), ("${{\n  inputs.count\n}}", 3), (" ${{ inputs.count }}", " 3"),
    ]

    @Test(arguments: values)
    func `a template has this value`(text: String, expected: JSON) throws {
        #expect(try Template(text).evaluate(in: scope) == expected)
    }

    @Test(arguments: [
        ("${{ inputs.nothing }}-", "expression.null-in-text"), ("-${{ inputs.servers }}", "expression.list-in-text"),
        ("-${{ inputs.tags }}", "expression.list-in-text"), ("${{ inputs.count", "expression.syntax"),
        ("${{ }}", "expression.syntax"), ("${{ 'open }}", "expression.syntax"),
    ])
    func `a template that has no value says why`(text: String, code: String) throws {
        let issue = try #require(throws: ExpressionIssue.self) { try Template(text).evaluate(in: scope) }
        #expect(issue.code == code)
    }

    @Test func `values are replaced deep inside, once, and names of members are left alone`() throws {
        let json: JSON = ["a": ["${{ inputs.count }}", ["${{ x }}": "${{ inputs.trap }}"]], "b": 1]
        #expect(try evaluate(json, in: scope) == ["a": [3, ["${{ x }}": "${{ inputs.count }}"]], "b": 1])
    }

    @Test func `references are listed, with the steps they need`() throws {
        let json: JSON = [
            "a": "${{ steps.one.outputs.x }} ${{ default(steps.two.outputs.y[0].z, inputs.q) }}", "b": ["${{ item }}"],
        ]
        let found = try references(in: json)
        #expect(found.map(\.description) == ["steps.one.outputs.x", "steps.two.outputs.y", "inputs.q", "item"])
        #expect(found.compactMap(\.step) == ["one", "two"])
    }

    @Test func `text without expressions comes back as it is`() throws {
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("${} }{'\"abc\n.ä→")
        for _ in 0..<2000 {
            let text = String(
                (0..<Int.random(in: 0..<20, using: &random)).map { _ in alphabet.randomElement(using: &random)! })
            guard !Template.hasExpression(text) else { continue }
            #expect(try Template(text).evaluate(in: ValueScope()) == .string(text))
            #expect(try Template(text).literal == text)
        }
    }
}
