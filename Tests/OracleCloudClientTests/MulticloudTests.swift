// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import Foundation
import MusterModel
import Synchronization
import Testing

@testable import OracleCloudClient

private let vmCluster = OracleID("ocid1.cloudvmcluster.oc1.eu-frankfurt-1.aaaacluster")!
private let place = OracleID("ocid1.compartment.oc1..aaaacompartment")!
private let connectorID = OracleID("ocid1.oracledbazureconnector.oc1.eu-frankfurt-1.aaaaconnector")!

private func clusterJSON(_ more: [String: JSON] = [:]) -> JSON {
    let base: [String: JSON] = [
        "id": .string(vmCluster.text), "displayName": "exa-fra", "compartmentId": .string(place.text),
        "lifecycleState": "AVAILABLE",
    ]
    return .object(base.merging(more) { $1 })
}

/// Everything that a resource of the service can have, in as few members as the models ask for.
private let anyResource: JSON = [
    "id": .string(connectorID.text), "lifecycleState": "ACTIVE", "accessToken": "eyJ-secret-of-azure",
]

/// Keeps every request and answers with as little as the client accepts.
private final class CollectingTransport: HTTPTransport {
    private let state = Mutex([HTTPRequest]())
    var requests: [HTTPRequest] { state.withLock { $0 } }

    func send(_ request: HTTPRequest, timeout: Duration) async throws(TransportError) -> HTTPResponse {
        state.withLock { $0.append(request) }
        let path = request.url.path
        let answer: JSON =
            if path.hasSuffix("/cloudVmClusters") || path.hasSuffix("/databases") {
                []
            } else if path.contains("/cloudVmClusters/") {
                clusterJSON()
            } else if path.contains("workRequests") {
                path.hasSuffix("/errors") ? ["items": []] : ["id": "w", "status": "FAILED"]
            } else {
                request.method == .get && request.url.query.contains("compartmentId") ? ["items": []] : anyResource
            }
        return HTTPResponse(
            status: 200, headers: ["opc-work-request-id": "ocid1.workrequest.oc1.fra.w", "etag": "e"],
            body: answer.canonicalBytes())
    }
}

private let newConnector = NewConnector(
    cluster: vmCluster, compartment: place, name: "exa-fra", tenant: "t", subscription: "s", resourceGroup: "rg",
    privateEndpointAddress: "10.0.0.7", privateEndpointAlias: "arc.example")

struct MulticloudTests {
    @Test func `all requests for clusters and connectors fit the description`() async throws {
        let transport = CollectingTransport()
        let client = OracleClient(
            try OracleConnection(ociSection()), transport: transport, time: ManualTime(testStart).source)
        let calls = client.calls(OracleContext(deadline: Deadline(boot: .max), idempotencyKey: "run/step"))
        let cluster = try await calls.clusters.cluster(vmCluster)
        _ = try await calls.clusters.keyUsers(of: vmCluster, in: place)
        let home = try #require(OracleID("ocid1.dbhome.oc1.eu-frankfurt-1.home"))
        _ = try await calls.clusters.keyUsers(of: vmCluster, in: place, home: home)
        _ = try await calls.databases.databases(of: home, in: place)
        _ = try await calls.clusters.setAzureKeyStore(true, on: cluster)
        _ = try await calls.clusters.setAzureKeyStore(false, on: cluster)
        let multicloud = calls.multicloud
        let connector = try await multicloud.connector(connectorID)
        _ = try await multicloud.connectors(of: vmCluster, in: place)
        let made = try await multicloud.create(newConnector, accessToken: "token")
        _ = try await multicloud.wait(for: made.operation)
        _ = try await multicloud.submit(accessToken: "token", to: connector)
        _ = try await multicloud.delete(connector)
        #expect(transport.requests.count == 13)
        try checkContract(transport.requests)
    }

    @Test func `all requests for vaults, discoveries, keys and associations fit the description`() async throws {
        let transport = CollectingTransport()
        let client = OracleClient(
            try OracleConnection(ociSection()), transport: transport, time: ManualTime(testStart).source)
        let multicloud = client.calls(OracleContext(deadline: Deadline(boot: .max), idempotencyKey: "run/step"))
            .multicloud
        let found = VaultDiscovery.Found(
            id: "/subscriptions/s", name: "vault", resourceGroup: "rg", type: "vaults", location: "germanywestcentral",
            properties: ["a": "b"])
        _ = try await multicloud.register(found, name: "vault", through: connectorID, in: place)
        let vault = try await multicloud.vault(connectorID)
        _ = try await multicloud.vaults(in: place, regionOf: connectorID)
        _ = try await multicloud.refresh(vault, through: connectorID)
        for ends in [false, true] { _ = try await multicloud.replicate(vault, to: Region("iad"), ends: ends) }
        _ = try await multicloud.delete(vault)
        _ = try await multicloud.key(connectorID)
        _ = try await multicloud.keys(of: connectorID, in: place)
        _ = try await multicloud.discover(through: connectorID, in: place, name: "search")
        _ = try await multicloud.delete(try await multicloud.discovery(connectorID))
        let made = try await multicloud.associate(connectorID, with: connectorID, in: place, name: "a")
        _ = try await multicloud.associations(of: connectorID, in: place)
        _ = try await multicloud.associations(ofConnector: connectorID, in: place)
        _ = try await multicloud.delete(try await multicloud.association(made.association.id))
        #expect(transport.requests.count == 17)
        try checkContract(transport.requests)
    }

    @Test func `hosts have the service's own form, and a list is read page by page`() async throws {
        let page: (String, HeaderFields) -> ScriptedTransport.Reply = { id, headers in
            .answer(["items": [["id": .string("ocid1.x.oc1.fra.\(id)")]]], headers: headers)
        }
        let bench = try Bench([page("a", ["opc-next-page": "p2"]), page("b", [:])])
        let found = try await bench.calls().multicloud.connectors(of: vmCluster, in: place)
        #expect(found.map(\.id.text) == ["ocid1.x.oc1.fra.a", "ocid1.x.oc1.fra.b"])
        #expect(bench.transport.requests[0].url.host == "dbmulticloud.eu-frankfurt-1.oci.oraclecloud.com")
        #expect(bench.transport.requests[1].url.query.contains("page=p2"))
    }

    @Test func `a region that is in no list is reached in the realm of the resource`() async throws {
        let bench = try Bench([.answer(["id": "w", "status": "SUCCEEDED"])])
        let resource = try #require(OracleID("ocid1.oracledbazureconnector.oc19.eu-somewhere-1.c"))
        let operation = MulticloudOperation(
            action: "create", resource: resource, region: "eu-somewhere-1", workRequest: "w")
        _ = try await bench.calls().multicloud.wait(for: operation)
        #expect(bench.transport.requests[0].url.host == "dbmulticloud.eu-somewhere-1.oci.oraclecloud.eu")
    }

    @Test(arguments: ["NEEDS_ATTENTION", "WAITING"])
    func `a work request that waits for a person is not taken for one that runs`(status: String) async throws {
        let bench = try Bench([
            .answer(["id": "w", "status": .string(status)]),
            .answer(["items": [["code": "Token", "message": "The token has expired."]]]),
        ])
        let operation = MulticloudOperation(
            action: "create", resource: connectorID, region: "eu-frankfurt-1", workRequest: "w")
        let error = await oracleError { try await bench.calls().multicloud.wait(for: operation) }
        #expect(error?.code == "oracle.needs-attention" && error?.advice == .unknownOutcome)
        #expect(error?.message.contains("The token has expired.") == true)
    }

    @Test func `a work request is followed until it succeeds, and its failure is told with its reason`() async throws {
        let operation = MulticloudOperation(
            action: "create", resource: connectorID, region: "eu-frankfurt-1", workRequest: "w")
        let good = try Bench([
            .answer(["id": "w", "status": "ACCEPTED"]), .answer(["id": "w", "status": "IN_PROGRESS"]),
            .answer(["id": "w", "status": "SUCCEEDED"]),
        ])
        #expect(try await good.calls().multicloud.wait(for: operation) == .succeeded)
        let bad = try Bench([
            .answer(["id": "w", "status": "FAILED"]), .answer(["items": [["code": "No", "message": "No keys."]]]),
        ])
        #expect(
            try await bad.calls().multicloud.wait(for: operation)
                == .failed("Work request w is FAILED: No keys. [No]"))
    }

    @Test func `an access token goes into the body alone, and is not read back`() async throws {
        let bench = try Bench([.answer(anyResource, headers: ["opc-work-request-id": "w"])])
        let made = try await bench.calls().multicloud.create(newConnector, accessToken: "eyJ-secret-of-azure")
        let sent = try #require(bench.transport.requests.first)
        #expect(String(decoding: sent.body ?? [], as: UTF8.self).contains("eyJ-secret-of-azure"))
        #expect(!sent.headers.fields.contains { $0.value.contains("secret") } && !sent.url.text.contains("secret"))
        let kept = try JSON(encoding: bench.exchanges.all).canonicalText + JSON(encoding: made.connector).canonicalText
        #expect(!kept.contains("secret"))
    }

    @Test func `each attempt has a retry token of its own, and within one it stays the same`() async throws {
        let bench = try Bench((0..<3).map { _ in .answer(anyResource) })
        for attempt in [1, 1, 2] {
            let calls = bench.client.calls(
                OracleContext(deadline: Deadline(boot: .max), idempotencyKey: "run/step", attempt: attempt))
            _ = try await calls.multicloud.create(newConnector, accessToken: "token \(attempt)")
        }
        let tokens = bench.transport.requests.map { $0.headers["opc-retry-token"] }
        #expect(tokens[0] != nil && tokens[0] == tokens[1] && tokens[1] != tokens[2])
    }

    @Test func `the id of something else is refused before anything is sent`() async throws {
        let bench = try Bench([])
        let error = await oracleError { try await bench.calls().clusters.cluster(frankfurt) }
        #expect(error?.code == "oracle.not-a-cluster" && bench.transport.requests.isEmpty)
    }
}
