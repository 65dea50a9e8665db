// SPDX-License-Identifier: Apache-2.0

import MusterExpressions
import MusterModel
import Testing

private let subscription = "/subscriptions/11111111-1111-1111-1111-111111111111"
private let server = subscription + "/resourceGroups/harshitha_lab/providers/Microsoft.Sql/servers/tdeprimarytest"
private let version = "29497babb0cb4af58a773104a5dd61e5"

struct ValueTypeTests {
    static let accepted: [(String, JSON)] = [
        ("string", "x"), ("integer", 3), ("number", 3), ("number", .double(1.5)), ("boolean", false),
        ("duration", "1h30m"),
        ("object", ["a": 1]), ("any", nil), ("any", [1]), ("list of string", ["a"]), ("list of integer", []),
        ("secret", ["env": "A"]), ("secret", ["file": "/run/a"]), ("secret", ["command": ["pass", "show"]]),
        ("azure-resource-id", .string(server)), ("azure-resource-id", .string(subscription)),
        ("azure-resource-id", .string(subscription + "/resourcegroups/G")),
        ("azure-resource-id", .string(server + "/keys/a_b_c")),
        ("key-vault-key-id", .string("https://testanu2.vault.azure.net/keys/tey/\(version)")),
        ("key-vault-key-id", .string("https://hsm.managedhsm.azure.net/keys/k-1/\(version)")),
        ("key-vault-key-id", .string("http://v.vault.localhost:8443/keys/k/\(version)")),
    ]
    static let refused: [(String, JSON)] = [
        ("string", 3), ("string", nil), ("integer", "3"), ("integer", .double(1.5)), ("number", "1"),
        ("boolean", "true"),
        ("duration", "1 hour"), ("duration", 5), ("object", [1]), ("list of string", ["a", 1]), ("list of string", "a"),
        ("secret", "hunter2"), ("secret", ["env": ""]), ("secret", ["env": "A", "file": "B"]),
        ("secret", ["command": []]),
        ("secret", ["vault": "x"]), ("azure-resource-id", "tdeprimarytest"),
        ("azure-resource-id", .string(server + "/")),
        ("azure-resource-id", .string(server + "/../x")), ("azure-resource-id", .string(server + "/keys")),
        ("azure-resource-id", .string(server + "?x=1")),
        ("azure-resource-id", .string("/subscriptions/x/resourceGroups/g")),
        ("azure-resource-id", .string(server + "/keys/a%2Fb")), ("azure-resource-id", .string("https://x" + server)),
        ("key-vault-key-id", .string("https://v.vault.azure.net/keys/tey")),
        ("key-vault-key-id", .string("https://v.vault.azure.net/secrets/tey/\(version)")),
        ("key-vault-key-id", .string("http://v.vault.azure.net/keys/tey/\(version)")),
        ("key-vault-key-id", .string("https://v.vault.azure.net/keys/tey/\(version)/")),
        ("key-vault-key-id", .string("https://u@v.vault.azure.net/keys/tey/\(version)")),
        ("key-vault-key-id", .string("https://v.vault.azure.net:x/keys/tey/\(version)")),
        ("key-vault-key-id", .string("https:///keys/tey/\(version)")),
        ("key-vault-key-id", .string("https://v.vault.azure.net/keys/tey/29497babb0cb4af58a773104a5dd61e")),
    ]

    @Test(arguments: accepted)
    func `a value of the type is accepted`(name: String, value: JSON) throws {
        #expect(try #require(ValueType(name: name)).mismatch(of: value) == nil)
    }

    @Test(arguments: refused)
    func `a value of another type is refused`(name: String, value: JSON) throws {
        #expect(try #require(ValueType(name: name)).accepts(value) == false)
    }

    @Test func `a secret is never repeated`() {
        #expect(ValueType.secret.mismatch(of: "hunter2")?.contains("hunter2") == false)
    }

    @Test func `a resource id must be of the resource named, in any case`() {
        let type = ValueType.azureResourceID(resource: "microsoft.sql/SERVERS")
        #expect(type.accepts(.string(server)))
        #expect(
            type.mismatch(of: .string(server + "/keys/k"))?.hasSuffix(
                "is a Microsoft.Sql/servers/keys, a microsoft.sql/SERVERS is needed") == true)
        let lock = ValueType.azureResourceID(resource: "Microsoft.Authorization/locks")
        #expect(lock.accepts(.string(server + "/providers/Microsoft.Authorization/locks/l")))
    }

    @Test func `an enum accepts its values`() {
        let type = ValueType(name: "enum", values: ["fast", "safe"])
        #expect(type?.accepts("fast") == true && type?.accepts("slow") == false)
    }

    @Test(arguments: ["text", "list of", "list of list of string", "list of text", "", "String"])
    func `an unknown type is none`(name: String) {
        #expect(ValueType(name: name) == nil)
    }

    @Test(arguments: [
        (ValueType.any, ValueType.string, true), (.string, .any, true), (.any, .secret, false),
        (.secret, .string, false),
        (.string, .secret, false), (.number, .integer, true), (.integer, .number, false), (.string, .duration, true),
        (.duration, .string, false), (.string, .keyVaultKeyID, true), (.keyVaultKeyID, .string, false),
        (.list(.number), .list(.integer), true), (.list(.string), .string, false), (.string, .optional(.string), false),
        (.optional(.string), .string, true), (.oneOf(["a", "b"]), .oneOf(["a"]), true),
        (.oneOf(["a"]), .oneOf(["a", "b"]), false),
        (.azureResourceID(resource: "A/b"), .azureResourceID(resource: "a/B"), true),
        (.azureResourceID(resource: "A/b"), .azureResourceID(resource: nil), true),
        (.azureResourceID(resource: "A/b"), .azureResourceID(resource: "A/c"), false), (.boolean, .string, false),
    ])
    func `one type stands where another is wanted`(wanted: ValueType, given: ValueType, expected: Bool) {
        #expect(wanted.admits(given) == expected)
    }
}

struct TypeCheckTests {
    static let scope = TypeTable(roots: [
        "inputs": [
            "name": .string, "count": .integer, "servers": .list(.string), "maybe": .optional(.string), "on": .boolean,
            "mode": .oneOf(["fast", "safe"]), "key": .keyVaultKeyID, "tags": .object, "password": .secret, "free": .any,
        ]
    ])

    @Test(arguments: [
        ("inputs.name", ValueType.string), ("inputs.servers[0]", .string), ("inputs.tags.x", .any),
        ("inputs.tags['x']", .any),
        ("inputs.free.x[1]", .any), ("length(inputs.servers)", .integer), ("inputs.count == 1", .boolean),
        ("inputs.count < 1", .boolean),
        ("inputs.mode == 'fast'", .boolean), ("inputs.maybe == null", .boolean),
        ("default(inputs.maybe, 'x')", .string),
        ("default(inputs.key, inputs.name)", .string), ("join(inputs.servers, ',')", .string),
        ("not inputs.on", .boolean),
        ("last-segment(inputs.key)", .string), ("contains(inputs.servers, 'a')", .boolean), ("null", .optional(.any)),
    ])
    func `an expression has this type`(text: String, expected: ValueType) throws {
        let (type, issues) = try Expression(text).check(against: Self.scope)
        #expect(issues.isEmpty)
        #expect(type == expected)
    }

    @Test(arguments: [
        ("inputs.nmae", "There is no 'nmae' in 'inputs.nmae'. Did you mean 'name'?"),
        ("input.name", "There is no 'input' in 'input.name'. Did you mean 'inputs'?"),
        ("inputs.name.x", "A value of type string has no members"),
        ("inputs.name[0]", "A value of type string has no elements"),
        ("inputs.servers['a']", "A list takes an integer in brackets, this is string"),
        ("inputs.count == 'x'", "integer and string cannot be compared with =="),
        ("inputs.maybe < 'x'", "string or null and string cannot be compared with <"),
        ("inputs.mode == 'fats'", "'fats' is not one of fast, safe. Did you mean 'fast'?"),
        ("inputs.name and true", "boolean is needed here, this is string"),
        ("lower(inputs.count)", "string is needed here, this is integer"),
        ("length(inputs.count)", "length takes text, a list or an object, this is integer"),
        ("join(inputs.name, ',')", "list of string is needed here, this is string"),
        ("default(inputs.count, 'x')", "default needs two values of one type, these are integer and string"),
        ("contains(inputs.count, 1)", "Text or a list is needed here, this is integer"),
    ])
    func `a wrong type says what is needed`(text: String, expected: String) throws {
        let (_, issues) = try Expression(text).check(against: Self.scope)
        #expect(issues.map(\.description) == [expected])
    }

    @Test(arguments: [
        ("a ${{ inputs.maybe }}", "expression.null-in-text"), ("a ${{ inputs.servers }}", "expression.list-in-text"),
        ("a ${{ inputs.password }}", "expression.secret-in-text"),
    ])
    func `what cannot stand inside text is found before the run`(text: String, code: String) throws {
        #expect(try Template(text).check(against: Self.scope).issues.map(\.code) == [code])
    }

    @Test func `every error of an expression is reported`() throws {
        let (_, issues) = try Expression("inputs.a == 1 or inputs.b == 2 and lower(1) == 'x'").check(
            against: Self.scope)
        #expect(issues.map(\.offset) == [0, 17, 41])
    }
}
