// SPDX-License-Identifier: Apache-2.0

package import CloudSteps
package import OracleCloudClient

/// Which databases of a cluster live by a key of Azure.
extension OracleSession {
    /// The databases of the connector's cluster whose key is in Azure.
    ///
    /// Which vault it is in does not count: a standby may name its key by the registration in its primary's region, so
    /// that nobody can tell by one region's registered keys.
    package func keyUsers(of connector: OracleID, knowing known: [OracleID] = []) async throws -> Finding {
        let read = try await oracle.multicloud.connector(connector).value
        guard let clusterID = read.dbClusterResourceId else {
            return .unverifiable("The connector \(read.label) does not say whose it is.")
        }
        return try await keyUsers(ofCluster: clusterID, knowing: known)
    }

    /// - Parameter known: databases that are known to be there, or to have a standby there. Each is read by its OCID,
    ///   whatever the lists show.
    package func keyUsers(ofCluster id: OracleID, knowing known: [OracleID] = []) async throws -> Finding {
        let cluster = try await oracle.clusters.cluster(id).value
        let listed = try await azureKeyUsers(on: cluster)
        let relatives = try await relatives(of: known)
        let users = Set(
            listed.all.map(\.label)
                + relatives.all.filter { $0.usesAzure && $0.vmClusterId == id.text }.map(\.dbUniqueName))
        if users.isEmpty {
            let doubts = [listed.doubt, relatives.doubt].compactMap(\.self)
            return doubts.isEmpty
                ? .met("No database on \(cluster.label) has its key in Azure.")
                : .unverifiable(doubts.joined(separator: " "))
        }
        let names = users.sorted().joined(separator: ", ")
        return .unmet("On \(cluster.label) \(names) \(users.count == 1 ? "has its" : "have their") key in Azure.")
    }

    /// Those of the cluster whose key is in Azure. What only a home shows is among them, and is told as a doubt.
    func azureKeyUsers(on cluster: CloudVMCluster) async throws -> ListedDatabases<KeyUser> {
        let listed = try await oracle.clusters.keyUsers(of: cluster.id, in: cluster.compartmentId)
        let known = Set(listed.map(\.id))
        var hidden: [KeyUser] = []
        for home in try await oracle.databases.homes(on: cluster.id, in: cluster.compartmentId) {
            hidden += try await oracle.clusters.keyUsers(of: cluster.id, in: cluster.compartmentId, home: home.id)
                .filter { !known.contains($0.id) && $0.lifecycleState != "TERMINATED" }
        }
        return ListedDatabases(
            all: (listed + hidden).filter(\.usesAzure), doubt: Self.doubt(hidden.map(\.label)))
    }

    /// The databases of these OCIDs, and the other ones of their Data Guard groups. One that cannot be found is a doubt: the
    /// service answers alike for what is not there and for what the user may not see.
    private func relatives(of known: [OracleID]) async throws -> ListedDatabases<OracleDatabase> {
        var found: [OracleDatabase] = []
        var hidden: [OracleID] = []
        for id in known {
            guard let database = try await databaseIfAny(id) else {
                hidden.append(id)
                continue
            }
            found.append(database)
            for member in database.dataGuardGroup?.members ?? [] where !known.contains(member.databaseId) {
                if let other = try await databaseIfAny(member.databaseId) {
                    found.append(other)
                } else {
                    hidden.append(member.databaseId)
                }
            }
        }
        let names = hidden.map(\.text).joined(separator: ", ")
        return ListedDatabases(
            all: found, doubt: hidden.isEmpty ? nil : "Where the key of \(names) is cannot be told: it is not found.")
    }

    private func databaseIfAny(_ id: OracleID) async throws(OracleError) -> OracleDatabase? {
        do throws(OracleError) {
            return try await oracle.databases.database(id).value
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }
}

extension OracleDatabase {
    /// It lives by a key of Azure.
    fileprivate var usesAzure: Bool {
        encryptionKeyLocationDetails?.providerType == "AZURE" && lifecycleState != "TERMINATED"
    }
}
