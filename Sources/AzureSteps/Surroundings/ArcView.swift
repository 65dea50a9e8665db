// SPDX-License-Identifier: Apache-2.0

package import AzureClient
package import CloudSteps

/// The Azure Arc machines that a cluster's nodes are.
package struct ArcView: Sendable {
    package var wanted: [String]
    package var machines: Result<[ArcMachine], AzureError>

    /// - Parameter group: the resource group; nil finds none.
    package static func read(_ names: [String], in group: ResourceID?, _ session: AzureSession) async throws -> ArcView
    {
        guard let group, !names.isEmpty else { return ArcView(wanted: names, machines: .success([])) }
        let azure = session.azure
        return ArcView(
            wanted: names,
            machines: try await attempt { () throws(AzureError) in try await azure.arc.machines(in: group) })
    }

    /// Azure notices up to half an hour late that a machine is gone, so this alone proves no access.
    package var areConnected: Finding {
        machines.finding { machines in
            let findings = wanted.map { name in
                guard let machine = machines.first(where: { $0.name.lowercased() == name.lowercased() }) else {
                    return Finding.unmet("There is no Arc machine \(name).")
                }
                let status = machine.properties.status ?? "in no state that Azure tells"
                let since = machine.changedAt.map { " since \($0)" } ?? ""
                return machine.isConnected
                    ? .met("\(name) is Connected\(since), as far as Azure has heard.")
                    : .unmet("\(name) is \(status)\(since).")
            }
            return Finding.all(findings, none: "No Arc machine is named, so none is looked at.")
        }
    }
}
