// SPDX-License-Identifier: Apache-2.0

import CloudSimulator
import MusterModel
import Testing

@Suite struct OperationTests {
    private static let key: JSON = ["properties": ["serverKeyType": "AzureKeyVault", "uri": .string(Rehearsal.keyA)]]
    private static let keyPath = "\(Rehearsal.servers)/first/keys/\(Rehearsal.nameA)"

    @Test func `a change is accepted, runs, and is there only when it has ended`() throws {
        var drill = try Rehearsal()
        let accepted = drill.call("PUT", Self.keyPath, Self.key)
        #expect(accepted.status == 202 && accepted.headers["retry-after"] == nil)
        #expect(accepted.json?["operation"] == "UpsertLogicalServerEncryptionKeys")
        let status = try #require(accepted.headers["azure-asyncoperation"])
        let result = try #require(accepted.headers["location"])
        #expect(status.utf8.count > 3000 && status.contains("/serverKeyAzureAsyncOperation/"))
        drill.pass(.milliseconds(1999))
        #expect(drill.poll(status).json?["status"] == "InProgress")
        #expect(drill.poll(result).status == 202)
        #expect(drill.call("GET", Self.keyPath).status == 404)
        #expect(drill.effects.isEmpty)
        drill.pass(.milliseconds(1))
        #expect(drill.poll(status).json?["status"] == "Succeeded")
        #expect(drill.poll(result).json?["name"]?.string == Rehearsal.nameA)
        #expect(drill.call("GET", Self.keyPath).status == 200)
    }

    @Test(arguments: ["t", "c", "s", "h"])
    func `an operation's URL must come back as it was given`(parameter: String) throws {
        var drill = try Rehearsal()
        let accepted = drill.call("PUT", Self.keyPath, Self.key)
        let url = try #require(accepted.headers["azure-asyncoperation"])
        #expect(drill.poll(url).status == 200)
        let changed = url.replacing("&\(parameter)=", with: "&\(parameter)=0")
        #expect(drill.poll(changed).json?["error"]?["code"] == "InvalidParameterValue")
        let unknown = url.replacing(/Operation\/[0-9a-f-]+/) { _ in "Operation/00000000-0000-0000-0000-000000000000" }
        #expect(drill.poll(unknown).json?["error"]?["code"] == "OperationIdNotFound")
    }

    @Test func `a busy server refuses another change, the other server does not`() throws {
        var drill = try Rehearsal()
        #expect(drill.call("PUT", Self.keyPath, Self.key).status == 202)
        let second = drill.call("PUT", Self.keyPath, Self.key)
        #expect(second.status == 409 && second.json?["error"]?["code"] == "ConflictingServerOperation")
        #expect(drill.call("PUT", Self.keyPath.replacing("/first/", with: "/second/"), Self.key).status == 202)
        let failover = drill.call("POST", "\(Rehearsal.servers)/second/failoverGroups/pair/failover")
        #expect(failover.json?["error"]?["code"] == "FailoverGroupBusy")
        let running = drill.get("\(Rehearsal.servers)/first/operations")["value"]?.array
        #expect(running?.first?["properties"]?["state"] == "InProgress")
    }

    @Test func `a fast clock tells clients when to ask again`() throws {
        var drill = try Rehearsal(speed: 60)
        let headers = drill.call("PUT", Self.keyPath, Self.key).headers
        #expect(headers["retry-after"] == "1" && headers["retry-after-ms"] == "250")
    }

    @Test func `planned failover goes to the secondary only and swaps the roles`() throws {
        var drill = try Rehearsal()
        let groups = ["first", "second"].map { "\(Rehearsal.servers)/\($0)/failoverGroups/pair" }
        #expect(drill.follow("POST", groups[0] + "/failover") == "FailoverGroupFailoverRequestOnPrimary")
        #expect(drill.follow("POST", groups[1] + "/failover") == "Succeeded")
        let roles = groups.map { drill.get($0)["properties"]?["replicationRole"]?.string }
        #expect(roles == ["Secondary", "Primary"])
        #expect(drill.get(groups[0])["properties"]?["replicationState"] == "CATCH_UP")
        #expect(drill.effects == ["failover-group.failed-over"])
        let link = drill.get("\(Rehearsal.servers)/second/databases/db/replicationLinks")["value"]?.array?.first
        #expect(link?["properties"]?["role"] == "Primary" && link?["properties"]?["partnerServer"] == "first")
    }

    @Test func `a failover occupies both servers, and both name the same roles, states and databases`() throws {
        var drill = try Rehearsal()
        let accepted = drill.call("POST", "\(Rehearsal.servers)/second/failoverGroups/pair/failover")
        #expect(accepted.status == 202)
        let again = drill.call("POST", "\(Rehearsal.servers)/second/failoverGroups/pair/failover")
        #expect(again.status == 409 && again.json?["error"]?["code"] == "FailoverGroupBusy")
        #expect(drill.call("PUT", Self.keyPath, Self.key).json?["error"]?["code"] == "ConflictingServerOperation")
        drill.pass(.seconds(40))
        for (server, role, partner) in [("first", "Secondary", "second"), ("second", "Primary", "first")] {
            let group = drill.get("\(Rehearsal.servers)/\(server)/failoverGroups/pair")["properties"]
            #expect(group?["replicationRole"]?.string == role && group?["replicationState"] == "CATCH_UP")
            #expect(group?["databases"] == [.string("\(Rehearsal.servers)/\(server)/databases/db")])
            let links = drill.get("\(Rehearsal.servers)/\(server)/replicationLinks")["value"]?.array
            #expect(links == drill.get("\(Rehearsal.servers)/\(server)/databases/db/replicationLinks")["value"]?.array)
            let link = links?.first?["properties"]
            #expect(link?["role"]?.string == role && link?["partnerServer"]?.string == partner)
            #expect(link?["replicationState"] == "CATCH_UP" && links?.count == 1)
        }
    }

    @Test(arguments: ["SEEDING", "SUSPENDED", "PENDING"])
    func `a group that is not caught up can't fail over as planned`(state: String) throws {
        var drill = try Rehearsal {
            $0.set("cloud", "failover-groups", "pair", "replication-state", to: .string(state))
        }
        let failover = "\(Rehearsal.servers)/second/failoverGroups/pair/failover"
        #expect(drill.follow("POST", failover) == "PlannedFailoverTimedOut")
        #expect(drill.effects.isEmpty)
    }

    @Test func `a forced failover suspends replication until it has caught up`() throws {
        var drill = try Rehearsal { $0.set("cloud", "durations", to: ["catch-up": "1h"]) }
        let group = "\(Rehearsal.servers)/second/failoverGroups/pair"
        #expect(drill.follow("POST", group + "/forceFailoverAllowDataLoss") == "Succeeded")
        #expect(drill.get(group)["properties"]?["replicationState"] == "SUSPENDED")
        let back = "\(Rehearsal.servers)/first/failoverGroups/pair"
        #expect(drill.follow("POST", back + "/failover") == "PlannedFailoverTimedOut")
        drill.pass(.seconds(3600))
        try drill.renewTokens()
        #expect(drill.get(group)["properties"]?["replicationState"] == "CATCH_UP")
        #expect(drill.follow("POST", back + "/tryPlannedBeforeForcedFailover") == "Succeeded")
        #expect(drill.effects == ["failover-group.forced", "failover-group.failed-over"])
    }

    @Test func `databases go offline ten minutes after the key is lost and come back by revalidation`() throws {
        var drill = try Rehearsal(faults: ["key-disabled:key=shared/old"])
        let server = "\(Rehearsal.servers)/first"
        #expect(drill.get(server)["properties"]?["state"] == "Ready")
        drill.pass(.seconds(599))
        #expect(drill.get("\(server)/inaccessibleDatabases")["value"] == [])
        drill.pass(.seconds(1))
        #expect(drill.get("\(server)/inaccessibleDatabases")["value"]?.array?.count == 1)
        #expect(drill.get("\(server)/databases/db")["properties"]?["status"] == "Inaccessible")
        #expect(drill.protect("first", with: Rehearsal.oldName) == "CMKOperationNotAllowed")
        #expect(drill.follow("POST", "\(server)/encryptionProtector/current/revalidate") == "AzureKeyVaultKeyDisabled")
    }

    @Test func `a role assignment has its effect only when it has spread`() throws {
        var drill = try Rehearsal { document in
            document.set("cloud", "role-assignments", to: [["principal": "second", "role": "Key Vault Crypto User"]])
            document.set("cloud", "role-propagation", to: "10m")
        }
        #expect(drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first") == "AzureKeyVaultMissingPermissions")
        let server = drill.get("\(Rehearsal.servers)/first")
        let principal = try #require(server["identity"]?["principalId"])
        let scope = "\(Rehearsal.vaults)/vaulta/providers/Microsoft.Authorization/roleAssignments"
        let role = "/x/providers/Microsoft.Authorization/roleDefinitions/e147488a-f6f5-4113-8e2d-b22465e65bf6"
        let body: JSON = [
            "properties": [
                "roleDefinitionId": .string(role), "principalId": principal, "principalType": "ServicePrincipal",
            ]
        ]
        let name = "88888888-0000-0000-0000-00000000000"
        #expect(drill.call("PUT", "\(scope)/\(name)1", body, version: "2022-04-01").status == 201)
        #expect(drill.call("PUT", "\(scope)/\(name)1", body, version: "2022-04-01").status == 200)
        let again = drill.call("PUT", "\(scope)/\(name)2", body, version: "2022-04-01")
        #expect(again.status == 409 && again.json?["error"]?["code"] == "RoleAssignmentExists")
        #expect(drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first") == "AzureKeyVaultMissingPermissions")
        drill.pass(.seconds(600))
        #expect(drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first") == "Succeeded")
        #expect(drill.call("DELETE", "\(scope)/\(name)1", version: "2022-04-01").status == 200)
        #expect(drill.call("DELETE", "\(scope)/\(name)1", version: "2022-04-01").status == 204)
        #expect(drill.effects == ["role-assignment.created", "server-key.registered", "role-assignment.removed"])
    }
}
