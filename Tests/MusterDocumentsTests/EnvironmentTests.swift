// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import Testing

private let lab = """
    environment: lab
    azure:
      cloud: public
      tenant: 11111111-1111-1111-1111-111111111111
      subscription: 22222222-2222-2222-2222-222222222222
      credential: { type: client-secret, client-id: 33333333-3333-3333-3333-333333333333, secret: { env: AZURE_CLIENT_SECRET } }
      endpoints:
        authority: https://login.microsoftonline.com
        key-vault-suffix: vault.localhost:8443
      api-versions: { Microsoft.Sql: "2023-08-01" }
    oci:
      profile: { file: ~/.oci/config, name: DEFAULT }
      region: eu-frankfurt-1
      endpoints: { database: "https://database.example:443/x" }
    sql:
      azure: { connection: "Server=${{ inputs.server }};Encrypt=yes", user: drill, password: { command: [pass, "sql lab"] } }
    tls: { ca-file: certs/lab-ca.pem }
    values: { resourceGroup: harshitha_lab }
    """

struct EnvironmentTests {
    private func environment() throws -> Environment { try Environment.parse(Array(lab.utf8), file: "e").get() }

    @Test func `a section is handed over with its secrets, and with tls`() throws {
        var asked: [SecretReference] = []
        let section = try environment().connection("azure") { reference in
            asked.append(reference)
            return "s3cret"
        }
        #expect(asked == [.env("AZURE_CLIENT_SECRET")])
        #expect(section["credential"]?["secret"] == "s3cret" && section["credential"]?["type"] == "client-secret")
        #expect(section["tls"] == ["ca-file": "certs/lab-ca.pem"])
        #expect(section["endpoints"]?["key-vault-suffix"] == "vault.localhost:8443")
    }

    @Test func `a connection string is handed over as it stands, and secrets are no templates`() throws {
        let section = try environment().connection("sql.azure") { _ in "${{ inputs.server }}" }
        #expect(section["connection"] == "Server=${{ inputs.server }};Encrypt=yes")
        #expect(section["password"] == "${{ inputs.server }}")
    }

    @Test func `the secrets of an Oracle section are handed over`() throws {
        let oci = """
              credential: { type: api-key, tenancy: t, user: u, fingerprint: f, key: { file: k.pem } }
              database-admin-password: { env: SYS }
            """
        let document = lab.replacing("  profile: { file: ~/.oci/config, name: DEFAULT }", with: oci)
        let environment = try Environment.parse(Array(document.utf8), file: "e").get()
        let section = try environment.connection("oci") { reference in reference == .env("SYS") ? "sys" : "pem" }
        #expect(section["credential"]?["key"] == "pem" && section["database-admin-password"] == "sys")
        #expect(Set(environment.secrets(ofConnection: "oci")) == [.env("SYS"), .file("k.pem")])
    }

    @Test func `what is digested holds references only`() throws {
        let environment = try environment()
        #expect(environment.withoutSecrets()["azure"]?["credential"]?["secret"] == ["env": "AZURE_CLIENT_SECRET"])
        #expect(environment.secrets(ofConnection: "sql.azure") == [.command(["pass", "sql lab"])])
        #expect(environment.values == ["resourceGroup": "harshitha_lab"])
        #expect(environment.connectionNames == ["azure", "oci", "sql.azure"])
    }

    @Test func `a missing section is named, and a failed secret is passed on`() throws {
        let environment = try environment()
        let missing = #expect(throws: MusterError.self) { try environment.connection("sql.azur") { _ in "" } }
        #expect(missing?.code == "environment.missing-section" && missing?.help == "Did you mean 'sql.azure'?")
        let failed = #expect(throws: MusterError.self) {
            try environment.connection("azure") { _ throws(MusterError) in throw MusterError(code: "secret.x", "no") }
        }
        #expect(failed?.code == "secret.x")
    }

    static let changes: [(String, String, [String])] = [
        (
            "secret: { env: AZURE_CLIENT_SECRET }", "secret: hunter2",
            ["6:95: error: 'secret' needs a mapping, this is text [document.wrong-type]"]
        ),
        (
            "secret: { env: AZURE_CLIENT_SECRET }", "secret: {}",
            ["6:95: error: 'secret' needs exactly one of env, file, command [document.missing-key]"]
        ),
        (
            "secret: { env: AZURE_CLIENT_SECRET }", "secret: { env: A, file: b }",
            ["6:95: error: 'secret' needs exactly one of env, file, command [document.missing-key]"]
        ),
        (
            "secret: { env: AZURE_CLIENT_SECRET }", "secret: { command: pass }",
            ["6:106: error: 'command' needs a list, this is text [document.wrong-type]"]
        ),
        (
            ", secret: { env: AZURE_CLIENT_SECRET }", "",
            ["6:15: error: 'credential' needs 'secret' [document.missing-key]"]
        ),
        (
            "type: client-secret", "type: client-secrt",
            [
                "6:23: error: 'type' is one of client-secret, client-certificate, workload-identity, managed-identity, azure-cli, not 'client-secrt' [document.bad-value]"
            ]
        ),
        (
            "type: client-secret", "type: azure-cli",
            [
                "6:34: error: 'credential' may not hold 'client-id' [document.unknown-key]",
                "6:83: error: 'credential' may not hold 'secret' [document.unknown-key]",
            ]
        ),
        (
            "cloud: public", "cloud: germany",
            ["3:10: error: 'cloud' is one of public, usgovernment, china, custom, not 'germany' [document.bad-value]"]
        ),
        (
            "\"2023-08-01\"", "2023-08-01",
            ["10:34: error: Some YAML readers take '2023-08-01' for a date, others do not [yaml.ambiguous]"]
        ),
        (
            "\"2023-08-01\"", "latest",
            [
                "10:34: error: 'Microsoft.Sql' needs an API version such as \"2023-08-01\" or 2023-08-01-preview, not 'latest' [document.bad-value]"
            ]
        ),
        (
            "tenant: 11111111-1111-1111-1111-111111111111", "tenant: a/b",
            ["4:11: error: 'tenant' needs a tenant's id or domain name, not 'a/b' [document.bad-value]"]
        ),
        (
            "{ inputs.server }", "{ environment.x }",
            [
                "16:24: error: A connection string reads inputs and target.server, target.host, target.database, target.intent, not 'environment.x' [environment.reference]"
            ]
        ),
        (
            "{ inputs.server }", "{ target.databse }",
            [
                "16:24: error: A connection string reads inputs and target.server, target.host, target.database, target.intent, not 'target.databse' [environment.reference]"
            ]
        ),
        (
            "Encrypt=yes", "Encrypt=yes; Pwd=geheim",
            ["16:24: error: A connection string holds no password [environment.secret-in-connection]"]
        ),
        (
            "user: drill,", "token: azure, user: drill,",
            [
                "16:87: error: With 'token' there is no 'user' [environment.two-sign-ins]",
                "16:104: error: With 'token' there is no 'password' [environment.two-sign-ins]",
            ]
        ),
        (
            "user: drill,", "",
            ["16:78: error: A 'password' needs a 'user' [environment.password-without-user]"]
        ),
        (
            "user: drill, password: { command: [pass, \"sql lab\"] }", "token: entra",
            ["16:74: error: 'token' is one of azure, not 'entra' [document.bad-value]"]
        ),
        (
            "password: { command: [pass, \"sql lab\"] }", "password: geheim",
            ["16:90: error: 'password' needs a mapping, this is text [document.wrong-type]"]
        ),
        (
            "tls:", "approvals: { dba: 2 }\ntls:",
            ["17:14: error: 'approvals' may not hold 'dba' [document.unknown-key]"]
        ),
        (
            "  region: eu-frankfurt-1\n", "  regoin: eu-frankfurt-1\n",
            ["13:3: error: 'oci' may not hold 'regoin' [document.unknown-key]"]
        ),
        (
            "  profile: { file: ~/.oci/config, name: DEFAULT }\n", "",
            ["12:3: error: 'oci' says not as whom [environment.oracle-cloud]"]
        ),
        (
            "  region: eu-frankfurt-1\n",
            "  credential: { type: api-key, tenancy: t, user: u, fingerprint: f, key: { env: K } }\n",
            ["12:3: error: 'oci' has both 'profile' and 'credential' [environment.oracle-cloud]"]
        ),
        (
            "  profile: { file: ~/.oci/config, name: DEFAULT }\n  region: eu-frankfurt-1\n",
            "  credential: { type: api-key, tenancy: t, user: u, fingerprint: f, key: { env: K } }\n",
            ["12:3: error: 'oci' has no region [environment.oracle-cloud]"]
        ),
    ]

    @Test(arguments: changes)
    func `a mistake is reported where it stands`(text: String, replacement: String, expected: [String]) {
        let document = lab.replacing(text, with: replacement, maxReplacements: 1)
        #expect(document != lab)
        let diagnostics = Environment.parse(Array(document.utf8), file: "e").diagnostics
        #expect(diagnostics.map(firstLine) == expected)
        #expect(!diagnostics.contains { $0.description.contains("hunter2") || $0.description.contains("geheim") })
    }

    static let endpoints: [(String, Bool)] = [
        ("https://x", true), ("https://x.example:8443/a/b", true), ("http://localhost:80", true),
        ("http://a.localhost", true),
        ("http://127.0.0.1:1", true), ("http://127.9.9.9/x", true), ("http://[::1]:8080/x", true),
        ("https://[::1]", true),
        ("http://x.example", false), ("http://127.0.0.1.example", false), ("http://localhost.example", false),
        ("http://10.0.0.1", false),
        ("http://[::2]", false), ("ftp://x", false), ("x.example", false), ("https://", false), ("https://u@x", false),
        ("https://x?y", false), ("https://x#y", false), ("https://x:0", false), ("https://x:99999", false),
        ("https://x:", false),
        ("https://a b", false), ("https://-x", false), ("http://127.1", false),
        ("http://localhost@evil.example", false),
        ("https://x\\y", false), ("http://0x7f.0.0.1", false),
    ]

    @Test(arguments: endpoints)
    func `credentials go over https, or to this machine`(endpoint: String, isAllowed: Bool) {
        let document = lab.replacing("https://login.microsoftonline.com", with: "'\(endpoint)'")
        #expect((Environment.parse(Array(document.utf8), file: "e").value != nil) == isAllowed)
    }

    @Test(arguments: [
        ("vault.azure.net", true), ("vault.localhost:8443", true), ("http://vault.localhost:8443", true),
        ("https://vault.x", true),
        ("http://vault.azure.net", false), ("vault.azure.net/x", false), ("vault..net", false), ("vault.net:x", false),
        (".x", false),
    ])
    func `a suffix is a DNS suffix`(suffix: String, isAllowed: Bool) {
        let document = lab.replacing("vault.localhost:8443", with: "'\(suffix)'")
        #expect((Environment.parse(Array(document.utf8), file: "e").value != nil) == isAllowed)
    }

    @Test(arguments: [
        "{ type: client-certificate, client-id: 33333333-3333-3333-3333-333333333333, certificate-file: c.pem, key: { file: k.pem } }",
        "{ type: workload-identity }",
        "{ type: managed-identity, identity-endpoint: 'http://169.254.130.1:8081/msi/token' }",
        "{ type: azure-cli }",
    ])
    func `each kind of credential is read`(credential: String) {
        let document = "environment: e\nazure:\n  tenant: contoso.onmicrosoft.com\n  credential: \(credential)\n"
        #expect(Environment.parse(Array(document.utf8), file: "e").diagnostics == [])
    }

    @Test func `a connection string names the database that is wanted, and a token needs no user`() {
        let document = """
            environment: e
            azure: { tenant: contoso.onmicrosoft.com, credential: { type: azure-cli } }
            sql:
              azure:
                connection: "Driver={X};Server=${{ target.host }},${{ inputs.port }};Database=${{ target.database }};ApplicationIntent=${{ target.intent }}"
                token: azure
            """
        #expect(Environment.parse(Array(document.utf8), file: "e").diagnostics == [])
        let withoutAzure = document.split(separator: "\n").filter { !$0.hasPrefix("azure") }.joined(separator: "\n")
        #expect(
            Environment.parse(Array(withoutAzure.utf8), file: "e").diagnostics.map(firstLine) == [
                "5:12: error: A token of Azure needs the environment's 'azure' section [environment.token-without-azure]"
            ])
    }

    @Test(arguments: ["http://169.254.example", "http://10.0.0.1/x", "http://169.254.1.1@evil.example"])
    func `a platform's endpoint is on this machine or its link`(endpoint: String) {
        let credential = "{ type: managed-identity, identity-endpoint: '\(endpoint)' }"
        let document = "environment: e\nazure:\n  tenant: contoso.onmicrosoft.com\n  credential: \(credential)\n"
        #expect(Environment.parse(Array(document.utf8), file: "e").value == nil)
    }
}
