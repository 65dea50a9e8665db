// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// An Exadata VM cluster (API 20160918, `CloudVmCluster`).
package struct CloudVMCluster: Hashable, Sendable, Codable {
    package struct Connector: Hashable, Sendable, Codable {
        package var id: OracleID?
        /// `AZURE`, `GCP` or `AWS`.
        package var cloudProvider: String?
    }

    package var id: OracleID
    package var displayName: String
    package var compartmentId: OracleID
    /// `AVAILABLE`, `UPDATING`, `MAINTENANCE_IN_PROGRESS` and others.
    package var lifecycleState: String
    package var lifecycleDetails: String?
    package var nodeCount: Int?
    /// Whose key stores its databases can use beside their wallets: `AZURE`, `OCI`, `GCP` or `AWS`; nil for none.
    package var tdeKeyStoreType: String?
    package var multiCloudIdentityConnectorConfigs: [Connector]?

    /// For people: its name and where it is.
    package var label: String { id.region.map { "\(displayName) (\($0.name))" } ?? displayName }
}

/// A database of a cluster, for whoever asks where its keys are (`DatabaseSummary`).
package struct KeyUser: Hashable, Sendable, Codable {
    package struct Location: Hashable, Sendable, Codable {
        package var providerType: String?
        package var azureEncryptionKeyId: OracleID?
    }

    package var id: OracleID
    package var dbUniqueName: String?
    package var lifecycleState: String?
    package var vmClusterId: OracleID?
    /// Nil when its keys are in its wallet.
    package var encryptionKeyLocationDetails: Location?

    package var usesAzure: Bool {
        encryptionKeyLocationDetails?.providerType == "AZURE" && lifecycleState != "TERMINATED"
    }

    package var label: String { dbUniqueName ?? id.text }
}

/// VM clusters of the Database service.
package struct ClusterOperations: Sendable {
    let calls: OracleCalls

    package func cluster(_ id: OracleID) async throws(OracleError) -> Tagged<CloudVMCluster> {
        let url = try address(id)
        let answer = try await calls.sender.send(OracleRequest(.get, url))
        return Tagged(value: try model(answer, url), etag: answer.headers["etag"])
    }

    /// The databases of the cluster in that compartment, ended ones included.
    ///
    /// - Parameter home: those in this home alone, by a list of its own.
    package func keyUsers(
        of cluster: OracleID, in compartment: OracleID, home: OracleID? = nil
    ) async throws(OracleError) -> [KeyUser] {
        let place = home.map { ("dbHomeId", $0.text) } ?? ("systemId", cluster.text)
        let all: [KeyUser] = try await calls.list(
            try calls.address(of: .database, for: cluster).appending(
                path: "/20160918/databases", query: [("compartmentId", compartment.text), place]))
        return all.filter { ($0.vmClusterId ?? cluster) == cluster }
    }

    /// Begins to install, or to remove, the driver by which the cluster's databases use keys of Azure.
    ///
    /// - Parameter cluster: as it was read: the service refuses the change when it is not in that state any more.
    package func setAzureKeyStore(
        _ isOn: Bool, on cluster: Tagged<CloudVMCluster>
    ) async throws(OracleError) -> OracleOperation {
        let action = isOn ? "registerPkcs" : "unregisterPkcs"
        let key = calls.sender.context.idempotencyKey ?? RequestID.random()
        let state = "\(cluster.etag ?? "") attempt \(calls.sender.context.attempt)"
        let token = RequestID.derived(from: [key, action, cluster.value.id.text, state].joined(separator: "\n"))
        let answer = try await calls.sender.send(
            OracleRequest(
                .post, try address(cluster.value.id, "/actions/\(action)"), body: ["tdeKeyStoreType": "AZURE"],
                retryToken: token, ifMatch: cluster.etag))
        return OracleOperation(
            action: action, database: cluster.value.id, workRequest: answer.headers["opc-work-request-id"])
    }

    /// Follows such a change to its end; without a work request, until the cluster is no longer `UPDATING`.
    package func wait(
        for operation: OracleOperation, waiting: (_ fraction: Double?) -> Void = { _ in }
    ) async throws(OracleError) -> WorkRequestEnd {
        guard operation.workRequest == nil else {
            return try await calls.workRequests.wait(for: operation, waiting: waiting)
        }
        return try await calls.follow("The \(operation.action) of \(operation.database)", waiting: waiting) {
            () throws(OracleError) in
            let state = try await cluster(operation.database).value.lifecycleState
            return Look(end: state == "UPDATING" ? nil : .settled)
        }
    }

    private func address(_ id: OracleID, _ path: String = "") throws(OracleError) -> WebAddress {
        guard id.type == "cloudvmcluster" else {
            throw OracleError(code: "oracle.not-a-cluster", "\(id) is the id of a \(id.type), not of a VM cluster.")
        }
        return try calls.address(of: .database, for: id)
            .appending(path: "/20160918/cloudVmClusters/\(percentEncoded(id.text))\(path)")
    }
}
