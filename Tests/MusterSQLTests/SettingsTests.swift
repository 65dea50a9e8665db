// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterSQL
import Testing

struct SettingsTests {
    static let target = SQLTarget(
        server: "tdeprimarytest", host: "tdeprimarytest.database.windows.net", database: "tdedatabase",
        intent: .readOnly)

    private func filled(_ connection: String, _ target: SQLTarget = target, inputs: JSON = [:]) throws -> String {
        let settings = try SQLSettings(["connection": .string(connection)])
        switch try settings.address(of: target, inputs: inputs) {
        case .database(let string): return string.text
        case .simulator(let url): return "simulator \(url)"
        }
    }

    static let templates: [(String, String)] = [
        (
            "Driver={ODBC Driver 18 for SQL Server};Server=tcp:${{ target.host }},1433;Database=${{ target.database }};ApplicationIntent=${{ target.intent }};Encrypt=yes",
            "Driver={ODBC Driver 18 for SQL Server};Server=tcp:tdeprimarytest.database.windows.net,1433;Database=tdedatabase;ApplicationIntent=ReadOnly;Encrypt=yes;"
        ),
        ("Server=${{ target.server }} ; Database = ${{ inputs.database }};", "Server=tdeprimarytest;Database=x;"),
        ("Port=${{ inputs.port }};A={${{ inputs.database }}};B={a}}b;c}", "Port=5432;A=x;B={a}}b;c};"),
        ("A={x-${{ inputs.database }}};B= v = w ;C=", "A={x-x};B=v = w;C=;"),
        ("Simulator=http://127.0.0.1:${{ inputs.port }}", "simulator http://127.0.0.1:5432"),
        ("simulator={http://[::1]:80}", "simulator http://[::1]:80"),
    ]

    @Test(arguments: templates)
    func `a connection string is filled for one database`(template: String, expected: String) throws {
        #expect(try filled(template, inputs: ["port": 5432, "database": "x"]) == expected)
    }

    /// What someone who names a database, a server or an input might try, and what becomes of it as a whole value.
    static let values: [(String, String)] = [
        ("x;Server=evil", "{x;Server=evil}"), ("x};Server=evil;Y={", "{x}};Server=evil;Y={}"), ("{x", "{{x}"),
        ("x}", "{x}}}"),
        ("a=b", "{a=b}"), (" x", "{ x}"), ("x ", "{x }"), ("x\ny", "{x\ny}"), ("x\u{7f}", "{x\u{7f}}"), ("", ""),
        ("a,b@c!(d)", "a,b@c!(d)"), ("${{ inputs.secret }}", "{${{ inputs.secret }}}}}"), ("Grüße", "Grüße"),
    ]

    @Test(arguments: values)
    func `a value stays inside its attribute`(value: String, written: String) throws {
        var target = Self.target
        target.database = value
        let text = try filled("Database=${{ target.database }};Encrypt=yes", target, inputs: ["secret": "s"])
        #expect(text == "Database=\(written);Encrypt=yes;")
    }

    @Test(arguments: ["x;Server=evil", "x}", "{x", "a=b", "x\ny", "(x)", "x\u{0}"])
    func `beside other text a value that means something is refused, and not repeated`(value: String) throws {
        var target = Self.target
        target.host = value
        for template in ["Server=tcp:${{ target.host }},1433", "Server={tcp:${{ target.host }}}"] {
            let error = #expect(throws: SQLError.self) { try filled(template, target) }
            #expect(error?.kind == .configuration)
            #expect(error?.message.contains("'target.host' has a value with a character that is not allowed") == true)
            #expect(error?.message.contains(value) == false)
        }
    }

    @Test func `a NUL is refused everywhere`() throws {
        var target = Self.target
        target.database = "x\u{0};Server=evil"
        #expect(throws: SQLError.self) { try filled("Database=${{ target.database }}", target) }
        #expect(throws: SQLError.self) { try filled("Database=x\u{0}") }
    }

    static let mistakes: [(String, String)] = [
        ("", "The section's 'connection' is not a text, or empty."),
        (" ; ;", "The connection string is empty."),
        ("Server", "The connection string's 'Server' has no '=' and value."),
        ("Server;A=b", "The connection string's 'Server' has no '=' and value."),
        ("=x", "The connection string has an attribute without a name."),
        ("A={x", "The connection string's 'A' has no closing brace."),
        ("A={x}y", "In the connection string's 'A' something stands behind the brace."),
        ("A={x}${{ target.host }}", "In the connection string's 'A' something stands behind the brace."),
        ("A=b;${{ target.host }}", "In the connection string 'target.host' stands outside of a value."),
        ("A${{ target.host }}=b", "In the connection string 'target.host' stands outside of a value."),
        ("A=1;a=2", "The connection string says 'a' twice."),
        ("DRIVER=${{ inputs.driver }}", "The connection string's 'DRIVER' cannot be an expression."),
        ("Driver={/x/${{ inputs.driver }}}", "The connection string's 'Driver' cannot be an expression."),
        ("FileDSN=${{ inputs.driver }}", "The connection string's 'FileDSN' cannot be an expression."),
        ("A=${{ inputs.none }}", "The connection string cannot be filled: 'inputs.none' has no value."),
        ("A=${{ inputs.list }}", "In the connection string 'inputs.list' is not a text."),
        ("A=${{ target.port }}", "The connection string cannot be filled: 'target.port' has no value."),
        ("Simulator=http://127.0.0.1:1;Server=x", "In a connection string with 'Simulator' nothing else stands."),
    ]

    @Test(arguments: mistakes)
    func `a mistake in a connection string is said`(template: String, message: String) {
        let error = #expect(throws: SQLError.self) {
            try filled(template, inputs: ["driver": "x", "list": ["a"]])
        }
        #expect(error?.message == message && error?.kind == .configuration)
    }

    static let signIns: [(JSON, String)] = [
        (["user": "u", "password": "p"], "user u with a password"),
        (["user": "u"], "user u"),
        ([:], "as configured"), (["token": "azure"], "a token of Azure"),
        (["password": "p"], "The section has a 'password' and no 'user'."),
        (["token": "azure", "user": "u"], "With 'token' the section has neither 'user' nor 'password'."),
        (["token": "aws"], "The section's 'token' is not 'azure'."),
        (["user": 1], "The section's 'user' is not a text, or empty."),
    ]

    @Test(arguments: signIns)
    func `who signs in is said once`(members: JSON, expected: String) {
        var section = members.object!
        section["connection"] = "Server=x"
        do throws(SQLError) {
            #expect("\(try SQLSettings(.object(section)).signIn)" == expected)
        } catch {
            #expect(error.message == expected)
        }
    }

    @Test(
        arguments: [
            ("UID=sa", ["user": "u"]), ("Password=x", ["user": "u"]),
            ("Authentication=ActiveDirectoryMsi", ["token": "azure"]), ("Trusted_Connection=no", ["token": "azure"]),
        ] as [(String, JSON)])
    func `a connection string does not say it too`(attribute: String, members: JSON) {
        var section = members.object!
        section["connection"] = .string("Server=x;\(attribute)")
        let error = #expect(throws: SQLError.self) { try SQLSettings(.object(section)) }
        #expect(error?.message.hasSuffix("says who signs in, and the section does.") == true)
    }

    @Test func `a token becomes the attribute that Microsoft's driver documents`() throws {
        #expect(AccessTokenAttribute.number == 1256)
        let token = try AccessTokenAttribute("eyJ0.")
        #expect(token.bytes == [10, 0, 0, 0, 0x65, 0, 0x79, 0, 0x4A, 0, 0x30, 0, 0x2E, 0])
        #expect("\(token)" == "an access token" && String(reflecting: token) == "an access token")
        let long = try AccessTokenAttribute(String(repeating: "a", count: 2000))
        #expect(long.bytes.prefix(4) == [0xA0, 0x0F, 0, 0] && long.bytes.count == 4004)
    }

    @Test(arguments: ["", "a b", "a\u{0}", "ä", "a\n"])
    func `what is no token is refused before the driver sees it`(text: String) {
        #expect(throws: SQLError.self) { try AccessTokenAttribute(text) }
    }

    @Test func `what is printed by mistake shows no password`() throws {
        let settings = try SQLSettings(["connection": "Server=x", "user": "u", "password": "geheim"])
        let credential = try settings.credential(token: nil)
        #expect(!"\(settings) \(credential) \(String(reflecting: credential))".contains("geheim"))
    }

    @Test func `a connection string does not show its values`() throws {
        let settings = try SQLSettings(["connection": "Server=x;Application=y"])
        guard case .database(var string) = try settings.address(of: Self.target, inputs: [:]) else { return }
        string.append("PWD", "geheim")
        #expect("\(string)" == "Server=…;Application=…;PWD=…;" && !String(reflecting: string).contains("geheim"))
    }
}
