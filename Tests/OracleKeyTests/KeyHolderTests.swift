// SPDX-License-Identifier: Apache-2.0

import AzureClient
import CloudSteps
import MusterModel
import OracleSteps
import Testing

@testable import AzureSteps

struct KeyHolderTests {
    private func beside(_ location: String?, cluster: String?, group: String = "drill") throws -> Finding {
        let vault = try #require(ResourceID(SurroundingsLab.vault))
        let id = try #require(ResourceID(SurroundingsLab.cluster.replacing("/drill/", with: "/\(group)/")))
        var members: [String: JSON] = ["id": .string(id.text), "name": "exa-east", "properties": [:]]
        if let cluster { members["location"] = .string(cluster) }
        let read = try JSON.object(members).decode(VMCluster.self)
        let facts = KeyHolder.Facts(name: "tde-keys", location: location, isProtectedFromPurge: true)
        return KeyHolder(id: vault, facts: .success(facts)).isBeside(
            ClusterView(
                id: id, cluster: .success(read), subnet: .failure(AzureError(code: "azure.answer", "not read")),
                gateway: .success(nil)))
    }

    @Test func `a vault is beside a cluster of its region and group`() throws {
        #expect(try beside("eastus", cluster: "East US").isMet)
        guard case .unmet = try beside("westus", cluster: "eastus") else { Issue.record("not unmet"); return }
        guard case .unmet = try beside("eastus", cluster: "eastus", group: "other") else {
            Issue.record("not unmet")
            return
        }
    }

    @Test(arguments: [(nil, nil), ("eastus", nil), (nil, "eastus")] as [(String?, String?)])
    func `a region that is not told is no region in common`(vault: String?, cluster: String?) throws {
        guard case .unverifiable(let why) = try beside(vault, cluster: cluster) else {
            Issue.record("not unverifiable")
            return
        }
        #expect(why.contains("does not tell the region"))
    }
}
