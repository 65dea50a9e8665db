// SPDX-License-Identifier: Apache-2.0

import AzureClient
import AzureSteps
import CloudHTTP
import MusterModel
import MusterPlugin
import MusterSQL
import PostgreSQLFixture
import SQLSteps
import Testing

struct DatabaseDoorTests {
    private func failure(_ step: StepHarness<AskingStep>, _ inputs: AskingStep.Inputs) async throws -> StepError? {
        await #expect(throws: StepError.self) { try await step.verify(inputs) }
    }

    private func step(_ connections: [String: any Encodable & Sendable]) throws -> StepHarness<AskingStep> {
        // On a busy machine a test may wait for its turn for minutes.
        var options = StepHarness<AskingStep>.Options()
        options.timeout = .seconds(1800)
        return try StepHarness(AskingStep.self, connections: connections, options: options)
    }

    @Test func `a step reaches the database that target and inputs name, and keeps who answered`() async throws {
        let server = try PostgreSQLFixture.running()
        let database = try server.createDatabase()
        let section: JSON = [
            "connection":
                "Driver={PostgreSQL Unicode};Server=127.0.0.1;Port=${{ inputs.port }};Database=${{ target.database }};SSLmode=disable",
            "user": .string(PostgreSQLFixture.user), "password": .string(PostgreSQLFixture.password),
        ]
        let step = try step(["sql.azure": section])
        let statement = "SELECT current_database() AS name, '\\x0aff'::bytea AS thumbprint, NULL AS nothing"
        let conditions = try await step.verify(
            AskingStep.Inputs(database: database, statement: statement, port: server.port))
        #expect(conditions.map(\.says) == ["1 rows"])
        let evidence = try #require(try step.evidence("sql", as: JSON.self).first)
        #expect(evidence["rows"] == [[.string(database), "0x0AFF", .null]])
        #expect(evidence["columns"] == ["name", "thumbprint", "nothing"])
        #expect(evidence["source"]?["kind"] == "odbc" && evidence["statement"] == .string(statement))
        #expect(evidence["source"]?["driver"]?.string?.hasPrefix("psqlodbcw.so") == true)
        #expect(evidence["server"] == "tdeprimarytest" && evidence["intent"] == "ReadWrite")
    }

    @Test func `a password that is refused ends the step for good, and is in no text`() async throws {
        let server = try PostgreSQLFixture.running()
        let section: JSON = [
            "connection": .string(server.connectionString(database: "postgres")), "user": "drill",
            "password": "ge{heim",
        ]
        let step = try step(["sql.azure": section])
        let error = try await failure(step, AskingStep.Inputs(database: "x", statement: "SELECT 1"))
        #expect(error?.kind == .permanent && error?.code == "sql.refused" && error?.remedy != nil)
        let evidence = try step.evidence("sql", as: JSON.self)
        #expect(evidence.first?["error"]?.string?.contains("password authentication failed") == true)
        #expect(!"\(evidence) \(String(describing: error))".contains("heim"))
    }

    static let sections: [(JSON, String)] = [
        (["connection": "Driver={X}", "password": "p"], "The section has a 'password' and no 'user'."),
        (
            ["connection": "Simulator=http://10.0.0.1:8080"],
            "The connection string's 'Simulator' is not the http address"
        ),
        (["connection": "Simulator=http://localhost.example:80"], "The connection string's 'Simulator' is not"),
        (["connection": "Simulator=127.0.0.1:80"], "The connection string's 'Simulator' is not the http address"),
        (
            ["connection": "Simulator=http://127.0.0.1:80/x"],
            "The connection string's 'Simulator' is not the http address"
        ),
        (["connection": "Database=${{ inputs.none }}"], "The connection string cannot be filled"),
    ]

    @Test(arguments: sections)
    func `a section at fault is said before anything is reached`(section: JSON, message: String) async throws {
        let error = try await failure(
            step(["sql.azure": section]), AskingStep.Inputs(database: "x", statement: "SELECT 1"))
        #expect(error?.kind == .permanent && error?.code == "sql.configuration")
        #expect(error?.message.hasPrefix(message) == true, "\(String(describing: error))")
    }

    static let clouds: [(JSON, String)] = [
        ("public", "https%3A%2F%2Fdatabase.windows.net%2F.default"),
        ("usgovernment", "https%3A%2F%2Fdatabase.usgovcloudapi.net%2F.default"),
        ("china", "https%3A%2F%2Fdatabase.chinacloudapi.cn%2F.default"),
    ]

    @Test(arguments: clouds)
    func `a token is asked of the cloud's own database service`(cloud: JSON, scope: String) async throws {
        let azure: JSON = [
            "cloud": cloud, "tenant": .string("tenant-\(cloud.text)"),
            "credential": [
                "type": "client-secret", "client-id": "33333333-3333-3333-3333-333333333333", "secret": "geheim",
            ],
        ]
        let transport = AnsweringTransport { _ in
            HTTPResponse(status: 200, body: Array(#"{"access_token":"to-ken","expires_in":3599}"#.utf8))
        }
        await AzureClients.shared.use(AzureClient(try AzureConnection(azure), transport: transport), for: azure)
        // The driver is missing, so that the token goes nowhere.
        let step = try step([
            "azure": azure, "sql.azure": ["connection": "Driver={No Such Driver}", "token": "azure"] as JSON,
        ])
        let error = try await failure(step, AskingStep.Inputs(database: "x", statement: "SELECT 1"))
        #expect(error?.code == "sql.configuration" && error?.remedy?.contains("msodbcsql18") == true)
        let body = String(decoding: transport.requests.first?.body ?? [], as: UTF8.self)
        #expect(transport.requests.count == 1 && body.contains("scope=\(scope)"))
    }

    @Test func `a token that is refused, and a token without its section`() async throws {
        let azure: JSON = [
            "tenant": "tenant-refused",
            "credential": [
                "type": "client-secret", "client-id": "33333333-3333-3333-3333-333333333333", "secret": "geheim",
            ],
        ]
        let transport = AnsweringTransport { _ in
            HTTPResponse(
                status: 401,
                body: Array(#"{"error":"invalid_client","error_description":"no","error_codes":[7000215]}"#.utf8))
        }
        await AzureClients.shared.use(AzureClient(try AzureConnection(azure), transport: transport), for: azure)
        let database: JSON = ["connection": "Driver={X}", "token": "azure"]
        let inputs = AskingStep.Inputs(database: "x", statement: "SELECT 1")
        let refused = try await failure(step(["azure": azure, "sql.azure": database]), inputs)
        #expect(refused?.code == "sql.refused" && refused?.message.contains("AADSTS7000215") == true)
        #expect(try await failure(step(["sql.azure": database]), inputs)?.code == "plugin.no-connection")
    }
}
