// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import MusterModel
import MusterPlugin
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup

struct SecurityGroupTests {
    private let inputs = KeyLab.groupInputs

    @Test func `a group is made once, and taken away when this run made it`() async throws {
        let lab = try await KeyLab()
        let step = try lab.harness(SetUpSecurityGroup.self)
        #expect(try await step.check(inputs).failing == [])
        let outputs = try await step.apply(inputs)
        #expect(try await step.observe(inputs) == .satisfied(outputs))
        #expect(try await lab.harness(SetUpSecurityGroup.self).apply(inputs) == outputs)
        #expect(try await step.verify(inputs).failing == [] && lab.kinds == ["group.created"])
        #expect(try await step.checkUndo(inputs).failing == [])
        try await step.undo(inputs)
        try await step.undo(inputs)
        #expect(lab.kinds == ["group.created", "group.deleted"])
        #expect(try await step.observe(inputs).isNeeded)
    }

    @Test func `a lost answer makes no second group`() async throws {
        let lab = try await KeyLab(faults: ["connection-lost-after-effect:operation=groups_Create,times=9"])
        let step = try lab.harness(SetUpSecurityGroup.self)
        #expect(await thrown { try await step.apply(inputs) }?.kind == .unknownOutcome)
        #expect(try await step.observe(inputs).isSatisfied)
        #expect(try await step.checkUndo(inputs).failing == [])
        try await step.undo(inputs)
        #expect(lab.kinds == ["group.created", "group.deleted"])
    }

    @Test func `two groups of one name are a question to people`() async throws {
        let lab = try await KeyLab(["groups": ["oracle-nodes": [:]]])
        lab.clouds.changeAzure { world in
            var twin = world.state.directory.groups[0]
            twin.id = KeyLab.somebody
            world.state.directory.groups.append(twin)
        }
        let step = try lab.harness(SetUpSecurityGroup.self)
        #expect(try await step.check(inputs).failing == ["group-unambiguous"])
        #expect(await thrown { try await step.apply(inputs) }?.code == "oracle-dr-setup.ambiguous-group")
    }

    @Test func `a distribution list is no security group`() async throws {
        let lab = try await KeyLab(["groups": ["oracle-nodes": ["security": false]]])
        #expect(try await lab.harness(SetUpSecurityGroup.self).check(inputs).failing == ["group-unambiguous"])
    }

    @Test func `a group that others have joined stays`() async throws {
        let lab = try await KeyLab()
        let step = try lab.harness(SetUpSecurityGroup.self)
        _ = try await step.apply(inputs)
        lab.clouds.changeAzure { world in
            world.state.directory.others.insert(KeyLab.somebody)
            world.state.directory.groups[0].members = [.init(id: KeyLab.somebody, effective: lab.time.now)]
        }
        #expect(try await step.checkUndo(inputs).failing == ["undo-group-empty"])
        #expect(await thrown { try await step.undo(inputs) }?.code == "oracle-dr-setup.group-not-empty")
    }

    @Test func `a group whose members cannot be read is not deleted`() async throws {
        let lab = try await KeyLab(faults: ["unavailable:operation=groups_ListMembers,times=always"])
        let step = try lab.harness(SetUpSecurityGroup.self)
        _ = try await step.apply(inputs)
        #expect(await thrown { try await step.undo(inputs) }?.code == "oracle-dr-setup.group-not-empty")
        #expect(lab.kinds == ["group.created"])
    }

    @Test func `without the right to make groups the service's own code is shown`() async throws {
        let lab = try await KeyLab(faults: ["missing-role:operation=groups_Create"])
        let step = try lab.harness(SetUpSecurityGroup.self)
        #expect(await thrown { try await step.apply(inputs) }?.code == "Authorization_RequestDenied")
        #expect(lab.kinds == [])
    }
}

struct GroupMemberTests {
    private static let cloud: [String: JSON] = [
        "groups": ["oracle-nodes": [:]], "arc-machines": ["node1": ["location": "eastus"]],
        "oracle": KeyLab.oracle,
    ]
    private let inputs = KeyLab.memberInputs(.string(KeyLab.machine))

    @Test func `a machine's identity becomes a member, and is removed again`() async throws {
        let lab = try await KeyLab(Self.cloud)
        let step = try lab.harness(AddGroupMembers.self)
        #expect(try await step.check(inputs).failing == [])
        let principal = try #require(lab.clouds.azure.arcMachinePrincipal("node1", resourceGroup: "lab"))
        let outputs = try await step.apply(inputs)
        #expect(outputs.members == [principal])
        #expect(try await step.observe(inputs) == .satisfied(outputs))
        #expect(try await step.verify(inputs).failing == [])
        #expect(try await lab.harness(AddGroupMembers.self).apply(inputs) == outputs)
        try await step.undo(inputs)
        try await step.undo(inputs)
        #expect(lab.kinds == ["group.member-added", "group.member-removed"])
        #expect(try await step.observe(inputs).isNeeded)
    }

    @Test func `nodes whose databases have their keys in Azure stay members`() async throws {
        let lab = try await KeyLab(Self.cloud)
        let step = try lab.harness(AddGroupMembers.self)
        _ = try await step.apply(inputs)
        #expect(try await step.checkUndo(inputs).failing == [])
        lab.clouds.changeOracle { state in
            var database = OracleState.Database(
                id: "ocid1.database.oc1.eu-frankfurt-1.sales", uniqueName: "SALES_FRA", region: "eu-frankfurt-1",
                role: "PRIMARY", lifecycleState: "AVAILABLE", applyLag: "", transportLag: "", readiness: "")
            database.place.cluster = ConnectionLab.cluster
            database.keys.registered = "ocid1.oracledbazurekey.oc1.eu-frankfurt-1.erp"
            state.databases = [database]
        }
        #expect(try await step.checkUndo(inputs).failing == ["undo-no-database-uses-it"])
        let error = await thrown { try await step.undo(inputs) }
        #expect(error?.code == "oracle-dr-setup.members-in-use" && error?.message.contains("SALES_FRA") == true)
        #expect(lab.kinds == ["group.member-added"])
    }

    @Test func `without a cluster nobody can look, so nobody is taken out`() async throws {
        let lab = try await KeyLab(Self.cloud)
        var blind = inputs.object ?? [:]
        blind["cluster"] = nil
        let step = try lab.harness(AddGroupMembers.self)
        _ = try await step.apply(blind)
        #expect(try await step.checkUndo(blind).one("undo-no-database-uses-it")?.verdict == .unverifiable)
        #expect(await thrown { try await step.undo(blind) }?.code == "oracle-dr-setup.members-in-use")
        #expect(lab.kinds == ["group.member-added"])
    }

    @Test func `a machine may be named within its resource group`() async throws {
        let lab = try await KeyLab(Self.cloud)
        var named = KeyLab.memberInputs("node1").object ?? [:]
        #expect(try await lab.harness(AddGroupMembers.self).check(named).failing == ["members-known"])
        named["resourceGroup"] = "lab"
        let outputs = try await lab.harness(AddGroupMembers.self).apply(named)
        #expect(outputs.members == [lab.clouds.azure.arcMachinePrincipal("node1", resourceGroup: "lab")])
    }

    @Test func `who is named twice is added once`() async throws {
        let lab = try await KeyLab(Self.cloud)
        let twice = KeyLab.memberInputs(.string(KeyLab.machine), .string(KeyLab.machine))
        let step = try lab.harness(AddGroupMembers.self)
        #expect(try await step.apply(twice).members.count == 1)
        #expect(lab.kinds == ["group.member-added"])
    }

    @Test func `who was a member before stays`() async throws {
        let lab = try await KeyLab(Self.cloud)
        _ = try await lab.harness(AddGroupMembers.self, key: "earlier").apply(inputs)
        lab.clouds.changeAzure { $0.state.directory.others.insert(KeyLab.somebody) }
        let both = KeyLab.memberInputs(.string(KeyLab.machine), .string(KeyLab.somebody))
        let step = try lab.harness(AddGroupMembers.self)
        _ = try await step.apply(both)
        try await step.undo(both)
        #expect(lab.clouds.azure.state.directory.groups[0].members.count == 1)
    }

    @Test func `what an attempt added before it broke off is undone with the rest`() async throws {
        let lab = try await KeyLab(
            Self.cloud, faults: ["connection-lost-after-effect:operation=groups_AddMember,times=1"])
        lab.clouds.changeAzure { $0.state.directory.others.insert(KeyLab.somebody) }
        let both = KeyLab.memberInputs(.string(KeyLab.machine), .string(KeyLab.somebody))
        let step = try lab.harness(AddGroupMembers.self)
        #expect(await thrown { try await step.apply(both) }?.kind == .unknownOutcome)
        #expect(try await step.observe(both).isUnfinished)
        _ = try await step.apply(both, after: try step.begun().last)
        let added = try #require(try step.begun().last).added
        #expect(Set(added).count == 2 && added.count == 2)
        try await step.undo(both)
        #expect(lab.clouds.azure.state.directory.groups[0].members == [])
        #expect(try await step.observe(both).isNeeded)
    }

    @Test func `an identity that the directory does not know yet is waited for, and not for ever`() async throws {
        let lab = try await KeyLab(Self.cloud)
        let unknown = KeyLab.memberInputs(.string("88888888-8888-8888-8888-888888888888"))
        let step = try lab.harness(AddGroupMembers.self)
        let error = await thrown { try await step.apply(unknown) }
        #expect(error?.code == "Request_ResourceNotFound")
        #expect(step.progress.contains { $0.contains("waiting for the directory") })
    }

    @Test func `a machine that is not there is said before any effect`() async throws {
        let lab = try await KeyLab(["groups": ["oracle-nodes": [:]], "oracle": KeyLab.oracle])
        #expect(try await lab.harness(AddGroupMembers.self).check(inputs).failing == ["members-known"])
    }

    @Test func `whom somebody else added while this run was refused stays`() async throws {
        let lab = try await KeyLab(Self.cloud, faults: ["throttle:operation=groups_AddMember,times=6"])
        let step = try lab.harness(AddGroupMembers.self)
        #expect(await thrown { try await step.apply(inputs) }?.kind == .retryable)
        #expect(try step.begun().map(\.added.count) == [1, 0])
        _ = try await lab.harness(AddGroupMembers.self, key: "other").apply(inputs)
        #expect(try await step.observe(inputs).isSatisfied)
        #expect(try await step.checkUndo(inputs).count == 2)
        #expect(try await step.checkUndo(inputs).failing == [])
        try await step.undo(inputs)
        #expect(lab.kinds == ["group.member-added"])
        #expect(try await step.observe(inputs).isNeeded)
    }

    @Test func `of two, only the one that this run added is taken out again`() async throws {
        let lab = try await KeyLab(Self.cloud)
        lab.clouds.changeAzure { $0.state.directory.others.insert(KeyLab.somebody) }
        lab.clouds.lie { asked in
            let isSecond = String(decoding: asked.body, as: UTF8.self).contains(KeyLab.somebody)
            return asked.method == "POST" && isSecond ? SimulatedResponse(403, ["error": ["code": "No"]]) : nil
        }
        let both = KeyLab.memberInputs(.string(KeyLab.machine), .string(KeyLab.somebody))
        let step = try lab.harness(AddGroupMembers.self)
        #expect(await thrown { try await step.apply(both) }?.kind == .unknownOutcome)
        #expect(try step.begun().map(\.added.count) == [1, 2, 1])
        lab.clouds.tellTruth()
        _ = try await lab.harness(AddGroupMembers.self, key: "other").apply(both)
        try await step.undo(both)
        let left = lab.clouds.azure.state.directory.groups[0].members
        #expect(left.map(\.id) == [KeyLab.somebody])
        #expect(try await step.observe(both).isNeeded)
    }

    @Test func `one that is a member by the time that it is added is not the run's`() async throws {
        let lab = try await KeyLab(Self.cloud)
        lab.clouds.lie { asked in
            let says = "One or more added object references already exist for: 'members'."
            let refusal: JSON = ["error": ["code": "Request_BadRequest", "message": .string(says)]]
            return asked.method == "POST" && asked.path.hasSuffix("/$ref") ? SimulatedResponse(400, refusal) : nil
        }
        let step = try lab.harness(AddGroupMembers.self)
        _ = try await step.apply(inputs)
        #expect(try step.begun().map(\.added.count) == [1, 0])
    }
}

struct ClusterMemberTests {
    private static func cloud(_ oracle: JSON = KeyLab.oracle) -> [String: JSON] {
        [
            "groups": ["oracle-nodes": [:]],
            "arc-machines": ["node1": ["location": "eastus"], "node2": ["location": "eastus"]], "oracle": oracle,
        ]
    }
    private let stranger: JSON = .string("\(KeyLab.place)/Microsoft.HybridCompute/machines/node2")
    private let inputs = KeyLab.memberInputs(.string(KeyLab.machine))

    @Test func `a machine of another cluster is named before it is let in`() async throws {
        let lab = try await KeyLab(Self.cloud())
        let step = try lab.harness(AddGroupMembers.self)
        #expect(try await step.check(inputs).failing == [])
        let found = try await step.check(KeyLab.memberInputs(.string(KeyLab.machine), stranger))
        #expect(found.failing == ["members-of-cluster"])
        let says = found.one("members-of-cluster")?.says ?? ""
        #expect(says.hasSuffix("machines/node2.") && says.contains("node1"), "\(says)")
    }

    @Test func `the machines that a connector puts out are those of its own cluster alone`() async throws {
        let lab = try await ConnectionLab()
        let made = try await lab.harness(MakeConnector.self).apply(ConnectionLab.connector())
        _ = try await lab.harness(MakeConnector.self).apply(ConnectionLab.connector(ConnectionLab.standby))
        func given(to cluster: String) -> JSON {
            [
                "group": "oracle-keys", "members": .array(made.machines.map { .string($0) }), "databases": [],
                "patience": "10m", "cluster": .string(cluster),
            ]
        }
        let step = try lab.harness(AddGroupMembers.self)
        #expect(try await step.check(given(to: ConnectionLab.cluster)).failing == [])
        #expect(try await step.check(given(to: ConnectionLab.standby)).failing == ["members-of-cluster"])
    }

    @Test func `a machine of the same name in another resource group is another machine`() async throws {
        var oracle = KeyLab.oracle
        oracle[path: "connectors", "to-azure", "resource-group"] = "other"
        let lab = try await KeyLab(Self.cloud(oracle))
        #expect(try await lab.harness(AddGroupMembers.self).check(inputs).failing == ["members-of-cluster"])
    }

    @Test func `without a connector nobody can tell whose nodes they are`() async throws {
        var oracle = KeyLab.oracle.object ?? [:]
        oracle["connectors"] = nil
        let lab = try await KeyLab(Self.cloud(.object(oracle)))
        let found = try await lab.harness(AddGroupMembers.self).check(inputs)
        #expect(found.one("members-of-cluster")?.verdict == .unverifiable)
    }

    @Test func `without a cluster, and for object ids, it is said that nothing was compared`() async throws {
        let lab = try await KeyLab(Self.cloud())
        var blind = inputs.object ?? [:]
        blind["cluster"] = nil
        let step = try lab.harness(AddGroupMembers.self)
        #expect(try await step.check(blind).one("members-of-cluster")?.says.contains("No cluster is given") == true)
        let found = try await step.check(KeyLab.memberInputs(.string(KeyLab.somebody)))
        #expect(found.one("members-of-cluster")?.says.contains("1 given by object id") == true)
    }
}
