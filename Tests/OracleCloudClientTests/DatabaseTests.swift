// SPDX-License-Identifier: Apache-2.0

import CloudHTTP
import MusterModel
import Testing

@testable import OracleCloudClient

/// Databases, their keys and their nodes, as the requests go out.
struct DatabaseTests {
    private let accepted: HeaderFields = ["opc-work-request-id": "ocid1.coreservicesworkrequest.oc1.fra.w"]

    @Test func `a dry run is marked as one, and each is new to the service`() async throws {
        let bench = try Bench([.answer(databaseJSON(frankfurt)), .answer(databaseJSON(frankfurt))])
        for _ in 0..<2 { try await bench.calls().databases.validate(newDatabase) }
        #expect(bench.transport.requests.allSatisfy { $0.headers["opc-dry-run"] == "true" })
        #expect(Set(bench.transport.requests.map { $0.headers["opc-retry-token"] }).count == 2)
    }

    @Test func `nothing but a dry run says that it is one`() async throws {
        let bench = try Bench([.answer(databaseJSON(frankfurt), headers: accepted), .answer([:])])
        let begun = try await bench.calls().databases.create(newDatabase)
        #expect(begun.operation.workRequest == "ocid1.coreservicesworkrequest.oc1.fra.w")
        _ = try await bench.calls().databases.moveKey(of: bench.database, to: registeredKey)
        #expect(bench.transport.requests.allSatisfy { $0.headers["opc-dry-run"] == nil })
        #expect(bench.transport.requests.allSatisfy { $0.headers["opc-retry-token"] != nil })
    }

    @Test func `the token of a creation tells nothing of the password`() async throws {
        var tokens: Set<String?> = []
        for password in ["one", "two"] {
            let bench = try Bench(
                [.answer(databaseJSON(frankfurt))],
                section: ociSection(["database-admin-password": .string(password)]))
            _ = try await bench.calls().databases.create(newDatabase)
            tokens.insert(bench.transport.requests[0].headers["opc-retry-token"])
        }
        #expect(tokens.count == 1)
    }

    @Test func `a creation whose answer is lost is repeated with its token`() async throws {
        let bench = try Bench([
            .failure(TransportError(.connectionLost, "gone")), .answer(databaseJSON(frankfurt), headers: accepted),
        ])
        _ = try await bench.calls().databases.create(newDatabase)
        #expect(Set(bench.transport.requests.map { $0.headers["opc-retry-token"] }).count == 1)
        #expect(bench.transport.requests.count == 2)
    }

    @Test func `an answer to a creation that cannot be read leaves it in doubt`() async throws {
        let bench = try Bench([.answer(["code": "x"])])
        let error = await oracleError { try await bench.calls().databases.create(newDatabase) }
        #expect(error?.advice == .unknownOutcome)
    }

    @Test func `a deletion whose answer is lost is not sent again`() async throws {
        let bench = try Bench([.failure(TransportError(.connectionLost, "gone")), .answer([:])])
        let error = await oracleError { try await bench.calls().databases.delete(try bench.database) }
        #expect(error?.advice == .unknownOutcome)
        #expect(bench.transport.requests.count == 1)
        #expect(bench.transport.requests[0].headers["if-match"] == "etag-1")
    }

    @Test func `a standby takes the wallet's password, and that of SYS where none is given`() async throws {
        for (more, sent) in [([:], "s3cr3t"), (["tde-wallet-password": "w4llet"], "w4llet")] as [([String: JSON], JSON)]
        {
            let bench = try Bench([.answer(databaseJSON(frankfurt))], section: ociSection(more))
            _ = try await bench.calls().databases.create(newStandby)
            let body = try JSON.parse(bench.transport.requests[0].body ?? [])
            #expect(body["database"]?["sourceTdeWalletPassword"] == sent)
            #expect(body["database"]?["sourceEncryptionKeyLocationDetails"]?["providerType"] == "AZURE")
        }
    }

    @Test func `no password makes no database`() async throws {
        let section = ociSection(["database-admin-password": .null])
        let bench = try Bench([], section: section)
        let error = await oracleError { try await bench.calls().databases.create(newDatabase) }
        #expect(error?.code == "oracle.no-password")
    }

    @Test func `an id of another kind goes nowhere`() async throws {
        let bench = try Bench([])
        #expect(await oracleError { try await bench.calls().databases.database(node) }?.code == "oracle.not-a-database")
        #expect(await oracleError { try await bench.calls().databases.node(frankfurt) }?.code == "oracle.not-a-node")
    }

    @Test func `a node is followed by its own state where no work request is named`() async throws {
        let state = { (state: JSON) in
            ScriptedTransport.Reply.answer(["id": .string(node.text), "lifecycleState": state])
        }
        let bench = try Bench([state("STOPPING"), state("STARTING"), state("AVAILABLE")])
        let operation = OracleOperation(action: "softreset", database: node, workRequest: nil)
        #expect(try await bench.calls().workRequests.wait(for: operation) == .settled)
        #expect(bench.transport.requests.count == 3)
    }
}
