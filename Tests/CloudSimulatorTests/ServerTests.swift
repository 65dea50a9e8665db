// SPDX-License-Identifier: Apache-2.0

import CloudSimulator
import MusterModel
import MusterSystem
import Testing

/// The executable over real connections.
@Suite(.timeLimit(.minutes(30))) struct ServerTests {
    @Test func `one ready line says where everything is, and a whole change goes over HTTP`() throws {
        let simulator = try RunningSimulator(["--speed", "1000"])
        defer { simulator.stop() }
        let ready = simulator.ready
        #expect(ready["ready"] == true && ready["scenario"] == "default")
        #expect(ready["endpoints"]?["authority"]?.string == "http://127.0.0.1:\(simulator.port)")
        #expect(ready["endpoints"]?["key-vault-suffix"]?.string == "http://vault.localhost:\(simulator.port)")
        let key = "testanu2_tey_29497babb0cb4af58a773104a5dd61e5"
        let path = simulator.server("tdeprimarytest") + "/keys/\(key)?api-version=2023-08-01"
        let body =
            #"{"properties":{"serverKeyType":"AzureKeyVault","uri":"https://testanu2.vault.azure.net/keys/tey/29497babb0cb4af58a773104a5dd61e5"}}"#
        #expect(try simulator.call("PUT", path, body: body).status == 202)
        while try simulator.call("GET", path).status != 200 {}
        let vault = try simulator.call(
            "GET", "/keys/tey/29497babb0cb4af58a773104a5dd61e5?api-version=7.5", host: "testanu2.vault.localhost",
            scope: "https://vault.azure.net/.default")
        #expect(vault.json?["key"]?["kty"] == "RSA")
        let effects = try RawConnection.send("GET", "/simulator/effects", port: simulator.port).json
        #expect(effects?["total"] == 1 && effects?["effects"]?.array?.first?["kind"] == "server-key.registered")
        let state = try RawConnection.send("GET", "/simulator/state", port: simulator.port)
        #expect(state.json?["servers"]?["tdeprimarytest"]?["keys"]?.array?.count == 2)
        let secret = try #require(ready["client-secret"]?.string)
        #expect(!String(decoding: state.body, as: UTF8.self).contains(secret))
    }

    @Test func `who asks for the Oracle cloud of a scenario without one is told what is missing`() throws {
        let simulator = try RunningSimulator(["--speed", "1000"])
        defer { simulator.stop() }
        let answer = try RawConnection.send("GET", "/simulator/oracle", port: simulator.port)
        #expect(answer.status == 404)
        #expect(String(decoding: answer.body, as: UTF8.self).contains("The scenario has no Oracle cloud"))
    }

    @Test func `a lost connection ends without an answer though the change is made`() throws {
        let simulator = try RunningSimulator(["--speed", "1000", "--fault", "connection-lost-after-effect"])
        defer { simulator.stop() }
        let group = simulator.server("tdesecondarytest") + "/failoverGroups/tdefailovergroup"
        #expect(try simulator.call("POST", "\(group)/failover?api-version=2023-08-01").status == nil)
        let view = "\(group)?api-version=2023-08-01"
        while try simulator.call("GET", view).json?["properties"]?["replicationRole"] != "Primary" {}
        let effects = try RawConnection.send("GET", "/simulator/effects", port: simulator.port).json
        #expect(effects?["total"] == 1)
    }

    @Test func `a statement needs no token, and its connection breaks when a fault says so`() throws {
        let simulator = try RunningSimulator(["--speed", "1000", "--fault", "failover-drops-connections:statements=1"])
        defer { simulator.stop() }
        let statement =
            #"{"server":"tdefailovergroup","database":"tdedatabase","intent":"ReadWrite","statement":"SELECT 1 AS good"}"#
        func ask() throws -> RawConnection.Answer {
            try RawConnection.send("POST", "/simulator/sql", port: simulator.port, body: statement)
        }
        #expect(try ask().json == ["columns": ["simulated"], "rows": [[["integer": 1]]]])
        let group = simulator.server("tdesecondarytest") + "/failoverGroups/tdefailovergroup"
        #expect(try simulator.call("POST", "\(group)/failover?api-version=2023-08-01").status == 202)
        let view = "\(group)?api-version=2023-08-01"
        while try simulator.call("GET", view).json?["properties"]?["replicationRole"] != "Primary" {}
        #expect(try ask().status == nil)
        #expect(try ask().status == 200)
        let rows = try RawConnection.send(
            "GET", "/simulator/sql/dm_database_encryption_keys?server=tdesecondarytest&database=tdedatabase",
            port: simulator.port)
        #expect(rows.status == 200 && String(decoding: rows.body, as: UTF8.self).hasPrefix("database_id,"))
    }

    @Test func `sixteen clients at once see one world`() async throws {
        let simulator = try RunningSimulator([])
        defer { simulator.stop() }
        let token = try simulator.token("https://management.azure.com/.default")
        let path = simulator.server("tdeprimarytest") + "?api-version=2023-08-01"
        let port = simulator.port
        try await withThrowingTaskGroup(of: Int?.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    try RawConnection.send("GET", path, port: port, headers: ["Authorization": "Bearer \(token)"])
                        .status
                }
            }
            for try await status in group { #expect(status == 200) }
        }
        let requests = try RawConnection.send("GET", "/simulator/requests", port: port).json
        #expect(requests?["total"] == 17)
    }

    @Test func `it ends when its stdin ends, and when it is asked to`() throws {
        let orphan = try RunningSimulator([])
        orphan.process.closeInput()
        #expect(orphan.process.reap(blocking: true) == .exited(0))
        let asked = try RunningSimulator([])
        #expect(try RawConnection.send("POST", "/simulator/shutdown", port: asked.port).status == 202)
        #expect(asked.process.reap(blocking: true) == .exited(0))
    }

    @Test func `scenario and secret can come through stdin`() throws {
        let document = Rehearsal.document.canonicalText
        let simulator = try RunningSimulator(
            ["--secret-from-stdin"], scenario: "-", input: document + "\n" + #"{"client-secret":"chosen"}"# + "\n")
        defer { simulator.stop() }
        #expect(simulator.ready["client-secret"] == "chosen" && simulator.ready["scenario"] == "test")
        #expect(try simulator.token("https://management.azure.com/.default").isEmpty == false)
    }

    @Test(arguments: [
        (["--scenario", "/nonexistent"], "simulator.no-scenario"), (["--scenario", "-"], "simulator.no-scenario"),
        (["--scenario", "default", "--fault", "nonsense"], "simulator.unknown-fault"),
    ])
    func `what can't be served is said on stderr, with exit status 2 and nothing on stdout`(
        arguments: [String], code: String
    ) throws {
        let file = Files.path("runbooks/tests/failover-group-key-swap/default.yaml")
        let process = try ChildProcess(
            path: try Files.executable("muster-cloud-simulator"),
            arguments: arguments.map { $0 == "default" ? file : $0 }, environment: [:])
        process.closeInput()
        #expect(process.reap(blocking: true) == .exited(2))
        #expect(RunningSimulator.drain { process.readErrors() }.contains("[\(code)]"))
        #expect(RunningSimulator.drain { process.readOutput() } == "")
    }

    @Test(.enabled(if: Files.hasProgram("openssl"))) func `with a certificate it serves HTTPS`() throws {
        let folder = try Files.temporaryFolder()
        defer { Files.remove(folder) }
        let (certificate, key) = ("\(folder)/certificate.pem", "\(folder)/key.pem")
        let made = try Files.run(
            [
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-keyout", key,
                "-out", certificate,
            ])
        #expect(made.status == 0)
        let simulator = try RunningSimulator(["--tls-certificate", certificate, "--tls-key", key])
        defer { simulator.stop() }
        #expect(simulator.ready["endpoints"]?["authority"]?.string == "https://127.0.0.1:\(simulator.port)")
        let request = "GET /simulator/effects HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        let answer = try Files.run(
            [
                "openssl", "s_client", "-quiet", "-connect", "127.0.0.1:\(simulator.port)", "-CAfile", certificate,
                "-verify_return_error",
            ], input: request)
        #expect(answer.output.hasPrefix("HTTP/1.1 200") && answer.output.contains(#""total":0"#), "\(answer.output)")
    }

    @Test func `the list of faults names each of them`() throws {
        let process = try ChildProcess(
            path: try Files.executable("muster-cloud-simulator"), arguments: ["--list-faults"], environment: [:])
        let text = RunningSimulator.drain { process.readOutput() }
        #expect(process.reap(blocking: true) == .exited(0))
        for kind in FaultKind.allCases { #expect(text.contains("\(kind.rawValue)\n")) }
    }
}
