// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import MusterModel
import Testing

@testable import CloudSimulator
@testable import OracleCloudClient

/// The simulated cloud is as strict as the real one.
struct SimulatedOracleTests {
    private func database() async throws -> (SimulatedOracle, OracleConnection, HTTPRequest) {
        let lab = try await Lab()
        let user = try #require(SimulatedOracle.user)
        let identity = try SigningIdentity(
            tenancy: user.tenancy, user: user.user, fingerprint: user.fingerprint, pem: user.privateKeyPEM, origin: "k")
        let url = try #require(WebAddress("https://simulated.example/oci/eu-amsterdam-1/20160918/databases/\(standby)"))
        let signed = try RequestSigner(identity: identity).signed(HTTPRequest(.get, url), at: lab.time.now)
        let connection = try OracleConnection(
            [
                "credential": [
                    "tenancy": .string(user.tenancy), "user": .string(user.user),
                    "fingerprint": .string(user.fingerprint), "key": .string(user.privateKeyPEM),
                ], "region": "fra",
            ])
        return (lab.cloud, connection, signed)
    }

    @Test func `a signed request is answered, in the database's own region alone`() async throws {
        let (cloud, connection, signed) = try await database()
        #expect(try await cloud.send(signed, timeout: .seconds(1)).status == 200)
        var elsewhere = signed
        elsewhere.url = try #require(
            WebAddress("https://simulated.example/oci/eu-frankfurt-1/20160918/databases/\(standby)"))
        let identity = try #require(connection.identity)
        let resigned = try RequestSigner(identity: identity).signed(elsewhere, at: ManualTime.start)
        #expect(try await cloud.send(resigned, timeout: .seconds(1)).status == 404)
    }

    @Test(arguments: ["authorization", "date", "host"])
    func `a request whose signature does not fit is refused`(header: String) async throws {
        let (cloud, _, signed) = try await database()
        var damaged = signed
        damaged.headers[header] = header == "date" ? "Tue, 10 Mar 2026 12:00:01 GMT" : "other.example"
        #expect(try await cloud.send(damaged, timeout: .seconds(1)).status == 401)
        var moved = signed
        moved.url = signed.url.appending(path: "", query: [("a", "b")])
        #expect(try await cloud.send(moved, timeout: .seconds(1)).status == 401)
    }

    @Test func `a wrong password, an old etag and a busy group are refused`() async throws {
        let lab = try await Lab()
        let section = try OracleConnection(
            OracleWorld(
                state: OracleState(
                    databaseName: "S", protectionMode: "", transport: "", password: "wrong", figuresAge: .zero),
                user: try #require(SimulatedOracle.user), faults: [], speed: 1
            ).connection(base: "https://simulated.example"))
        let client = OracleClient(section, transport: lab.cloud, time: lab.time.source)
        let calls = client.calls(OracleContext(deadline: Deadline(boot: .max)))
        var read = try await calls.databases.database(try #require(OracleID(standby)))
        await #expect(throws: OracleError.self) { try await calls.databases.begin(.switchover, on: read) }
        read.etag = "old"
        do {
            _ = try await calls.databases.begin(.switchover, on: read)
            Issue.record("an old etag was accepted")
        } catch { #expect(error.code == "NoEtagMatch" && error.advice == .retryable) }
        #expect(lab.cloud.effects.isEmpty)
    }
}
