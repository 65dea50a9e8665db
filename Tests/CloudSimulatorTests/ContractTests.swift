// SPDX-License-Identifier: Apache-2.0

import CloudSimulator
import MusterModel
import Testing

/// Every kind of answer against Microsoft's own API descriptions.
@Suite struct ContractTests {
    @Test func `answers of all operations, good and bad, have the shape that the API descriptions give`() throws {
        var drill = try Rehearsal()
        try readEverything(&drill)
        changeEverything(&drill)
        try signInWrongly(&drill)
        let operations = Set(drill.world.requests.entries.map(\.operation))
        let missing = Set(AzureWorld.operationNames).subtracting(AzureWorld.surroundingNames)
            .subtracting(AzureWorld.keyAdministrationNames).subtracting(operations)
        #expect(missing.isEmpty, "not in the session: \(missing.sorted())")
        let verdicts = try Self.verdicts(drill.exchanges)
        for (exchange, verdict) in zip(drill.exchanges, verdicts) {
            #expect(Self.offences(verdict).isEmpty, "\(exchange.canonicalText.prefix(600))\n\(verdict.canonicalText)")
        }
    }

    @Test func `answers under faults keep the shape of errors`() throws {
        for fault in ["throttle", "unavailable", "missing-role:method=GET", "token-expired", "busy"] {
            var drill = try Rehearsal(faults: [fault])
            _ = drill.call("GET", "\(Rehearsal.servers)/first")
            _ = drill.key("vaulta", "/keys/a/")
            _ = drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first")
            for verdict in try Self.verdicts(drill.exchanges) {
                #expect(Self.offences(verdict).isEmpty, "\(fault): \(verdict.canonicalText)")
            }
        }
    }

    /// What is wrong with an answer. What is wrong with a request is left out: some are wrong on purpose.
    static func offences(_ verdict: JSON) -> [String] {
        let texts = verdict["violations"]?.array?.compactMap(\.string) ?? ["no verdict"]
        return texts.filter { $0.hasPrefix("response") || $0.hasPrefix("status") || $0.hasPrefix("no ") }
    }

    private func readEverything(_ drill: inout Rehearsal) throws {
        let server = "\(Rehearsal.servers)/first"
        let link = drill.get("\(server)/databases/db/replicationLinks")["value"]?.array?.first?["name"]?.string ?? ""
        for path in [
            "", "/keys", "/keys/ServiceManaged", "/keys/\(Rehearsal.oldName)", "/keys/none", "/encryptionProtector",
            "/encryptionProtector/current", "/failoverGroups", "/failoverGroups/pair", "/failoverGroups/none",
            "/replicationLinks",
            "/databases", "/databases/db", "/databases/none", "/databases/db/replicationLinks",
            "/databases/db/replicationLinks/\(link)", "/databases/db/transparentDataEncryption",
            "/databases/db/transparentDataEncryption/current", "/inaccessibleDatabases", "/operations",
        ] { _ = drill.get(server + path) }
        let subscription = "/subscriptions/22222222-2222-2222-2222-222222222222"
        _ = drill.get("\(subscription)/providers/Microsoft.Sql/servers")
        _ = drill.get(Rehearsal.servers)
        for path in [
            "\(subscription)/providers/Microsoft.KeyVault/vaults", Rehearsal.vaults, "\(Rehearsal.vaults)/vaulta",
            "\(Rehearsal.vaults)/none", "\(subscription)/providers/Microsoft.KeyVault/deletedVaults",
            "\(subscription)/providers/Microsoft.KeyVault/locations/eastus/deletedVaults/none",
        ] { _ = drill.get(path, version: "2026-02-01") }
        for path in [
            "/keys", "/keys/a/", "/keys/a/0000000000000000000000000000000a", "/keys/a/versions", "/keys/none/",
            "/deletedkeys",
            "/deletedkeys/a",
        ] { _ = drill.key("vaulta", path) }
        #expect(drill.key("vaulta", "/keys", token: "none").status == 401)
    }

    private func changeEverything(_ drill: inout Rehearsal) {
        _ = drill.protect("first", with: Rehearsal.nameA)
        _ = drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first")
        _ = drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first")
        _ = drill.protect("first", with: Rehearsal.nameA)
        for (method, path) in [
            ("DELETE", "first/keys/\(Rehearsal.oldName)"), ("DELETE", "first/keys/\(Rehearsal.nameA)"),
            ("DELETE", "first/keys/\(Rehearsal.nameA)"), ("POST", "first/encryptionProtector/current/revalidate"),
            ("POST", "first/failoverGroups/pair/failover"), ("POST", "second/failoverGroups/pair/failover"),
            ("POST", "first/failoverGroups/pair/forceFailoverAllowDataLoss"),
            ("POST", "second/failoverGroups/pair/tryPlannedBeforeForcedFailover"),
        ] {
            let accepted = drill.call(method, "\(Rehearsal.servers)/\(path)")
            drill.pass(.seconds(90))
            for header in ["azure-asyncoperation", "location"] {
                if let url = accepted.headers[header] { _ = drill.poll(url) }
            }
        }
        let roles = "\(Rehearsal.vaults)/vaulta/providers/Microsoft.Authorization/roleAssignments"
        let one = "\(roles)/88888888-0000-0000-0000-000000000001"
        let body: JSON = [
            "properties": [
                "roleDefinitionId": "/x/acdd72a7-3385-48ef-bd42-f606fba81ae7", "principalType": "ServicePrincipal",
                "principalId": "a0fd923f-205c-4f76-9ca4-ecb5430cb1c7",
            ]
        ]
        _ = drill.get(roles, version: "2022-04-01")
        for method in ["GET", "PUT", "GET", "DELETE", "DELETE"] {
            _ = drill.call(method, one, method == "PUT" ? body : nil, version: "2022-04-01")
        }
    }

    private func signInWrongly(_ drill: inout Rehearsal) throws {
        let fields = [
            "grant_type": "client_credentials", "client_id": "33333333-3333-3333-3333-333333333333",
            "scope": "https://vault.azure.net/.default", "client_secret": "wrong",
        ]
        #expect(drill.tokenRequest(fields).status == 401)
    }

    static func verdicts(_ exchanges: [JSON]) throws -> [JSON] {
        let lines = exchanges.map(\.canonicalText).joined(separator: "\n")
        let checker = try Files.run(
            ["python3", Files.path("Tests/AzureClientTests/Contract/check_request.py")], input: lines)
        let verdicts = try checker.output.split(separator: "\n").map { try JSON.parse(String($0)) }
        #expect(checker.status == 0 && verdicts.count == exchanges.count)
        return verdicts
    }
}
