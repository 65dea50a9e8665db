// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Whose nodes the machines are. A machine of another cluster would be let in to the keys, and an undo, which looks at the
/// databases of the cluster that is given, would take it out again while its own live by them.
extension AddGroupMembers {
    func ofCluster(_ inputs: Inputs, _ session: AzureSession, _ context: StepContext) async throws -> Finding {
        guard let cluster = inputs.cluster else {
            return .met("No cluster is given, so whose nodes the members are was not looked up.")
        }
        let machines = inputs.members.compactMap { machine($0, inputs, session) }
        let rest = inputs.members.count - machines.count
        let note = rest == 0 ? "" : " \(rest) given by object id were not compared."
        guard !machines.isEmpty else { return .met("No Arc machine is given.\(note)") }
        do {
            return try await OracleSession.run(context) { session in
                let place = try await session.oracle.clusters.cluster(cluster).value
                return compare(machines, try await session.connector(of: place), place, note)
            }
        } catch let error as StepError {
            return .unverifiable("The connector of \(cluster) could not be read: \(error.message)")
        }
    }

    private func machine(_ member: String, _ inputs: Inputs, _ session: AzureSession) -> ResourceID? {
        RequestID.isUUID(member.lowercased())
            ? nil : Principals.machineID(member, inputs.resourceGroup, session.azure.connection.subscription)
    }

    private func compare(
        _ machines: [ResourceID], _ connector: IdentityConnector?, _ cluster: CloudVMCluster, _ note: String
    ) -> Finding {
        guard let connector else {
            return .unverifiable("\(cluster.label) has no identity connector, which would name its nodes.")
        }
        let nodes = (connector.arcAgentNodes ?? []).compactMap(\.hostName)
        guard !nodes.isEmpty else {
            return .unverifiable("The connector \(connector.label) of \(cluster.label) names no node.")
        }
        let strangers = machines.filter { !connector.hasNode($0) }
        let names = nodes.joined(separator: ", ")
        guard strangers.isEmpty else {
            let others = strangers.map(\.text).joined(separator: ", ")
            return .unmet("No nodes of \(cluster.label), whose nodes are \(names): \(others).\(note)")
        }
        return .met("\(machines.map(\.name).joined(separator: ", ")) are nodes of \(cluster.label).\(note)")
    }
}

extension IdentityConnector {
    /// Whether the machine is one of its nodes, where it has enrolled them as far as it tells: another resource group may hold a
    /// machine of the same name.
    fileprivate func hasNode(_ machine: ResourceID) -> Bool {
        func fits(_ told: String?, _ own: String?) -> Bool { told.map { $0.lowercased() == own?.lowercased() } ?? true }
        return (arcAgentNodes ?? []).contains { $0.hostName?.lowercased() == machine.name.lowercased() }
            && fits(azureSubscriptionId, machine.subscription) && fits(azureResourceGroup, machine.resourceGroup)
    }
}
