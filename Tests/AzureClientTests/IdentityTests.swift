// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import Foundation
import MusterModel
import Testing

@testable import AzureClient

private func form(_ request: HTTPRequest?) -> [String: String] {
    let text = String(decoding: request?.body ?? [], as: UTF8.self)
    return Dictionary(
        uniqueKeysWithValues: text.split(separator: "&").map {
            let pair = $0.split(separator: "=", maxSplits: 1)
            return (String(pair[0]), String(pair[1]).removingPercentEncoding ?? "")
        })
}

private let anyServer: JSON = ["id": .string(server.text), "name": "s", "properties": [:]]

struct TokenTests {
    @Test func `a token is got once and used until five minutes before its end`() async throws {
        let bench = try Bench([.answer(anyServer), .answer(anyServer), .answer(anyServer)])
        _ = try await bench.calls().sql.server(server)
        bench.time.advance(.seconds(3599 - 301))
        _ = try await bench.calls().sql.server(server)
        #expect(bench.transport.serviceRequests.last?.headers["authorization"] == "Bearer token-1")
        bench.time.advance(.seconds(2))
        _ = try await bench.calls().sql.server(server)
        #expect(bench.transport.serviceRequests.last?.headers["authorization"] == "Bearer token-2")
    }

    @Test func `a token refused in mid-run is replaced once`() async throws {
        let refusal: ScriptedTransport.Reply = .answer(
            ["error": ["code": "ExpiredAuthenticationToken", "message": "old"]], status: 401)
        let bench = try Bench([refusal, .answer(anyServer), refusal, refusal])
        _ = try await bench.calls().sql.server(server)
        #expect(
            bench.transport.serviceRequests.map { $0.headers["authorization"] } == ["Bearer token-1", "Bearer token-2"])
        #expect(await azureError { try await bench.calls().sql.server(server) }?.code == "ExpiredAuthenticationToken")
        #expect(bench.transport.serviceRequests.count == 4)
    }

    @Test func `the secret goes as a form to the tenant's endpoint, one scope a token`() async throws {
        let bench = try Bench([.answer(anyServer)])
        _ = try await bench.calls().sql.server(server)
        let request = bench.transport.requests.first
        #expect(request?.url.text == "https://login.microsoftonline.com/\(tenant)/oauth2/v2.0/token")
        #expect(
            form(request) == [
                "grant_type": "client_credentials", "client_id": "33333333-3333-3333-3333-333333333333",
                "client_secret": "s3cr3t", "scope": "https://management.azure.com/.default",
            ])
    }

    @Test(arguments: [
        (7_000_215, "The client secret is wrong"), (7_000_222, "has expired"), (700_016, "client id is unknown"),
        (90_002, "tenant is unknown"), (700_027, "not registered"), (700_213, "federated credential"),
    ])
    func `a refusal says what it means`(code: Int, meaning: String) async throws {
        let answer = HTTPResponse.json(
            [
                "error": "invalid_client", "error_codes": [.int(Int64(code))],
                "error_description": .string("AADSTS\(code): words.\r\nTrace ID: 1"),
            ], status: 401)
        let transport = FixedTransport(answer)
        let client = AzureClient(try AzureConnection(azureSection()), transport: transport, time: ManualTime().source)
        let context = RequestContext(deadline: Deadline(boot: .max))
        let error = await azureError { try await client.calls(context).sql.server(server) }
        #expect(error?.code == "AADSTS\(code)")
        #expect(error?.message.contains(meaning) == true)
        #expect(error?.message.contains("Trace ID") == false)
    }

    @Test func `a workload's token file is read anew for each token`() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("federated-\(UUID())")
        defer { try? FileManager.default.removeItem(at: file) }
        let credential: JSON = ["type": "workload-identity", "client-id": "c", "token-file": .string(file.path)]
        let bench = try Bench(
            [.answer(anyServer), .answer(anyServer)], connection: azureSection(["credential": credential]))
        for content in ["first", "second"] {
            try Data("\(content)\n".utf8).write(to: file)
            _ = try await bench.calls().sql.server(server)
            bench.time.advance(.seconds(3600))
        }
        let assertions = bench.transport.requests.map { form($0)["client_assertion"] }.compactMap { $0 }
        #expect(assertions == ["first", "second"])
    }
}

/// The same answer for everything.
struct FixedTransport: HTTPTransport {
    let answer: HTTPResponse
    init(_ answer: HTTPResponse) { self.answer = answer }
    func send(_ request: HTTPRequest, timeout: Duration) async throws(TransportError) -> HTTPResponse { answer }
}

struct ManagedIdentityTests {
    private func bench(_ credential: [String: JSON], _ replies: [ScriptedTransport.Reply]) throws -> Bench {
        try Bench(
            replies,
            connection: azureSection(["credential": .object(credential.merging(["type": "managed-identity"]) { $1 })]))
    }

    private let token: ScriptedTransport.Reply = .answer(["access_token": "from-platform", "expires_on": "1773230400"])

    @Test func `a virtual machine's metadata service is asked again while it starts`() async throws {
        let bench = try bench(
            ["client-id": "c-1"], [.answer([:], status: 404), .answer([:], status: 410), token, .answer(anyServer)])
        _ = try await bench.calls().sql.server(server)
        let first = bench.transport.requests[0]
        #expect(
            first.url.text
                == "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com&client_id=c-1"
        )
        #expect(first.headers["metadata"] == "true")
        #expect(bench.transport.requests.last?.headers["authorization"] == "Bearer from-platform")
        #expect(bench.time.slept == [.seconds(5), .seconds(5)])
    }

    @Test func `App Service is asked with its own header`() async throws {
        let bench = try bench(
            ["identity-endpoint": "http://127.0.0.1:41000/msi/token", "identity-header": "h-1"],
            [token, .answer(anyServer)])
        _ = try await bench.calls().sql.server(server)
        let first = bench.transport.requests[0]
        #expect(first.headers["x-identity-header"] == "h-1")
        #expect(first.url.query.hasPrefix("api-version=2019-08-01&resource="))
    }

    @Test func `an identity endpoint on another machine is refused`() async throws {
        let bench = try bench(["identity-endpoint": "http://10.1.2.3/msi/token", "identity-header": "h-1"], [])
        #expect(await azureError { try await bench.calls().sql.server(server) }?.code == "azure.plain-http")
        #expect(bench.transport.requests.isEmpty)
    }
}

struct ClientCertificateTests {
    private struct Files {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("certificate-\(UUID())")
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        init() throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try openssl([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=drill", "-days", "2", "-keyout",
                path("key.pem"),
                "-out", path("cert.pem"),
            ])
        }
        func read(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }
    }

    @Test func `the assertion is signed with PS256, which openssl proves`() throws {
        let files = try Files()
        defer { try? FileManager.default.removeItem(at: files.folder) }
        let certificate = try ClientCertificate(
            pem: files.read("cert.pem") + files.read("key.pem"), keyPEM: nil, origin: "cert.pem")
        let now = Timestamp("2026-03-10T12:00:00Z")!
        let jwt = try certificate.assertion(clientID: "c-1", audience: "https://login/t", now: now, id: "j-1")
        let parts = jwt.split(separator: ".").map(String.init)
        let header = try JSON.parse(try #require(Base64.decode(parts[0])))
        #expect(header["alg"] == "PS256")
        let claims = try JSON.parse(try #require(Base64.decode(parts[1])))
        #expect(claims["exp"]?.int == now.milliseconds / 1000 + 600)
        #expect(claims["aud"] == "https://login/t")
        #expect(claims["iss"] == "c-1" && claims["sub"] == "c-1" && claims["jti"] == "j-1")
        let digest = try openssl(["x509", "-in", files.path("cert.pem"), "-noout", "-fingerprint", "-sha256"])
        let hex = hexText(try #require(Base64.decode(header["x5t#S256"]?.string ?? ""))).uppercased()
        #expect(digest.filter { $0 != ":" }.contains(hex))

        try Data("\(parts[0]).\(parts[1])".utf8).write(to: files.folder.appendingPathComponent("signed"))
        try Data(try #require(Base64.decode(parts[2]))).write(to: files.folder.appendingPathComponent("signature"))
        try openssl(["x509", "-in", files.path("cert.pem"), "-pubkey", "-noout", "-out", files.path("public.pem")])
        let verdict = try openssl([
            "dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest", "-verify",
            files.path("public.pem"), "-signature", files.path("signature"), files.path("signed"),
        ])
        #expect(verdict.contains("Verified OK"))
    }

    @Test func `what is no certificate with an RSA key is said`() throws {
        let files = try Files()
        defer { try? FileManager.default.removeItem(at: files.folder) }
        let certificate = try files.read("cert.pem")
        try openssl([
            "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", files.path("ec.pem"),
        ])
        try openssl([
            "pkcs8", "-topk8", "-in", files.path("key.pem"), "-passout", "pass:x", "-out", files.path("locked.pem"),
        ])
        let cases = [
            (try files.read("key.pem"), nil, "no PEM certificate"), (certificate, nil, "no PEM private key"),
            (certificate, try files.read("locked.pem"), "encrypted"),
            (certificate, try files.read("ec.pem"), "not RSA"),
        ]
        for (pem, key, expected) in cases {
            let error = #expect(throws: AzureError.self) {
                try ClientCertificate(pem: pem, keyPEM: key, origin: "file")
            }
            #expect(error?.message.contains(expected) == true)
        }
    }
}

struct ConnectionTests {
    @Test(
        arguments: [
            (["cloud": "moon"], "azure.cloud"), (["tenant": nil], "azure.tenant is missing"),
            (["tenant": "a/b"], "azure.tenant"),
            (["credential": ["type": "password"]], "azure.credential.type"),
            (["credential": ["type": "client-secret", "client-id": "c"]], "azure.credential.secret is missing"),
            (["cloud": "custom"], "azure.endpoints.authority is missing"),
            (["endpoints": ["resource-manager": "management"]], "azure.endpoints.resource-manager"),
            (["endpoints": ["key-vault-suffix": "a/b"]], "azure.endpoints.key-vault-suffix"),
            (["tls": "x"], "azure.tls"),
        ] as [([String: JSON], String)])
    func `what is wrong is named by its path`(change: [String: JSON], expected: String) {
        let error = #expect(throws: AzureError.self) { try AzureConnection(azureSection(change)) }
        #expect(error?.code == "azure.connection")
        #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
    }

    @Test func `a cloud sets hosts and scopes and an environment overrides single ones`() throws {
        let connection = try AzureConnection(
            azureSection([
                "cloud": "usgovernment", "endpoints": ["authority": "https://login.localhost:8443/"],
                "api-versions": ["Microsoft.Sql": "2021-11-01"],
            ]))
        #expect(connection.resourceManager.text == "https://management.usgovcloudapi.net")
        #expect(connection.resourceManagerScope == "https://management.core.usgovcloudapi.net/.default")
        #expect(connection.authority.text == "https://login.localhost:8443")
        #expect(connection.versions.sql == "2021-11-01")
        #expect(connection.versions.keyVault == "2026-02-01")
    }
}

/// Runs openssl and returns what it wrote; throws when it fails.
@discardableResult
func openssl(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: output, as: UTF8.self)
    guard process.terminationStatus == 0 else { throw MusterError(code: "test.openssl", text) }
    return text
}
