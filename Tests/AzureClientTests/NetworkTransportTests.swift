// SPDX-License-Identifier: Apache-2.0

import CloudHTTP
import Foundation
import MusterModel
import Testing

@testable import AzureClient

/// A real server with TLS on loopback, its throw-away authority and another one.
private final class TLSServer {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID())")
    let port: Int
    private let process = Process()
    private let input = Pipe()

    init() throws {
        let folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        for name in ["ca", "other-ca"] {
            try openssl([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=\(name)", "-days", "2", "-keyout",
                path("\(name).key"),
                "-out", path("\(name).pem"),
            ])
        }
        try openssl([
            "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server", "-keyout", path("key.pem"), "-out",
            path("csr.pem"),
        ])
        try Data("subjectAltName=DNS:arm.localhost".utf8).write(to: folder.appendingPathComponent("san"))
        try openssl([
            "x509", "-req", "-in", path("csr.pem"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial",
            "-days", "2",
            "-extfile", path("san"), "-out", path("cert.pem"),
        ])
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Servers/tls_server.py")
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", script.path, path("cert.pem"), path("key.pem")]
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    func stop() {
        try? input.fileHandleForWriting.close()  // Already closed means already stopped.
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)  // It lies in the system's temporary folder.
    }

    func connection(host: String, ca: String) throws -> AzureConnection {
        let origin: JSON = .string("https://\(host):\(port)")
        let file: JSON = .string(folder.appendingPathComponent(ca).path)
        return try AzureConnection(
            azureSection(["endpoints": ["authority": origin, "resource-manager": origin], "tls": ["ca-file": file]]))
    }
}

struct NetworkTransportTests {
    /// Runs the work with a client on a real connection, and closes it.
    private func with<Value: Sendable>(
        _ connection: AzureConnection, attempts: Int = 1, exchanges: Recorder = Recorder(),
        _ work: (SQLOperations) async throws -> Value
    ) async throws -> Value {
        let transport = try NetworkTransport(caFile: connection.caFile)
        let client = AzureClient(connection, transport: transport, retry: RetryPolicy(attemptsMax: attempts))
        let calls = client.calls(
            RequestContext(deadline: Deadline(after: .seconds(36_000), from: .system), record: exchanges.add))
        do {
            let value = try await work(calls.sql)
            await transport.shutdown()
            return value
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    @Test func `a private authority is trusted by file, for a name of this machine that no resolver knows`()
        async throws
    {
        let tls = try TLSServer()
        defer { tls.stop() }
        let found = try await with(tls.connection(host: "arm.localhost", ca: "ca.pem")) { try await $0.server(server) }
        #expect(found.properties.state == "Ready")
        #expect(found.name == "arm.localhost:\(tls.port)")
    }

    @Test func `another authority and another name are refused, and nothing is sent`() async throws {
        let tls = try TLSServer()
        defer { tls.stop() }
        for (host, ca) in [("arm.localhost", "other-ca.pem"), ("other.localhost", "ca.pem"), ("127.0.0.1", "ca.pem")] {
            let connection = try tls.connection(host: host, ca: ca)
            let error = await azureError { try await with(connection) { try await $0.server(server) } }
            #expect(error?.code == "azure.tls", "\(host) with \(ca)")
        }
    }

    @Test func `a redirect is not followed`() async throws {
        let tls = try TLSServer()
        defer { tls.stop() }
        let connection = try tls.connection(host: "arm.localhost", ca: "ca.pem")
        let target = try #require(server.parent?.appending("Microsoft.Sql", "redirected"))
        let error = await azureError { try await with(connection) { try await $0.server(target) } }
        #expect(error?.code == "azure.redirect")
        #expect(error?.message.contains("https://elsewhere.localhost") == true)
    }

    @Test func `an answer that is cut off is a lost connection`() async throws {
        let tls = try TLSServer()
        defer { tls.stop() }
        let connection = try tls.connection(host: "arm.localhost", ca: "ca.pem")
        let target = try #require(server.parent?.appending("Microsoft.Sql", "cut"))
        let error = await azureError { try await with(connection) { try await $0.server(target) } }
        #expect(error?.code == "azure.connection-lost")
        #expect(error?.advice == .retryable)
    }

    @Test(arguments: ["silent", "torn", "garbled"])
    func `a change whose answer is cut off or garbled is sent once, and its outcome is unknown`(
        end: String
    ) async throws {
        let tls = try TLSServer()
        defer { tls.stop() }
        let connection = try tls.connection(host: "arm.localhost", ca: "ca.pem")
        let target = try #require(server.parent?.appending("Microsoft.Sql", end))
        let exchanges = Recorder()
        let error = await azureError {
            try await with(connection, attempts: 2, exchanges: exchanges) {
                try await $0.setProtector(target, keyName: "k", type: "AzureKeyVault", autoRotation: false)
            }
        }
        #expect(error?.code == "azure.connection-lost" && error?.advice == .unknownOutcome)
        #expect(exchanges.all.last?.attempts == 1)
    }

    @Test func `a server that is not there is said at once`() async throws {
        let tls = try TLSServer()
        let connection = try tls.connection(host: "arm.localhost", ca: "ca.pem")
        tls.stop()
        let transport = try NetworkTransport(caFile: nil)
        let client = AzureClient(connection, transport: transport, retry: RetryPolicy(attemptsMax: 1))
        let calls = client.calls(RequestContext(deadline: Deadline(after: .seconds(36_000), from: .system)))
        let error = await azureError { try await calls.sql.server(server) }
        #expect(error?.code == "azure.cannot-connect")
        await transport.shutdown()
    }

    @Test func `a CA file that is not there or holds none is named`() throws {
        for path in ["/nonexistent/ca.pem", "/dev/null"] {
            let connection = try AzureConnection(azureSection(["tls": ["ca-file": .string(path)]]))
            let error = #expect(throws: AzureError.self) { try AzureClient(overNetworkTo: connection) }
            #expect(error?.code == "azure.ca-file")
            #expect(error?.message.contains(path) == true)
        }
    }
}
