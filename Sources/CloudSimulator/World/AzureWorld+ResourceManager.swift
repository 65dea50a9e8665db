// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Which rule answers which operation of Azure Resource Manager.
extension AzureWorld {
    mutating func resourceManager(_ call: Call) throws(AzureError)
        -> SimulatedResponse
    {
        switch call.operation {
        case "OperationStatus": return try status(call)
        case "OperationResult": return try result(call)
        case "Servers_List", "Servers_ListByResourceGroup":
            let group = call.path?.group.map(CaselessName.init)
            return page(sorted(state.servers).filter { group == nil || CaselessName($0.group) == group }.map(json))
        case let name where name.hasPrefix("Vaults_"): return try vaultManagement(call)
        case let name where name.hasPrefix("ManagedHsms_"): return try managedHSM(call)
        case let name where name.hasPrefix("RoleAssignments_"): return try roleAssignments(call)
        case let name where KnownOperation.surroundingNames.contains(name): return try surroundings(call)
        default: return try serverOperation(call, try server(call))
        }
    }

    private mutating func serverOperation(_ call: Call, _ server: SQLServer)
        throws(AzureError) -> SimulatedResponse
    {
        if call.isMutation, let error = call.injected.busy { throw error }
        switch call.operation {
        case "ServerKeys_CreateOrUpdate": return try putKey(call, server)
        case "ServerKeys_Delete": return try deleteKey(call, server)
        case "EncryptionProtectors_CreateOrUpdate": return try putProtector(call, server)
        case "EncryptionProtectors_Revalidate":
            if isBusy(CaselessName(server.name)) { throw SQLError.busy }
            return begin(
                .revalidate, on: CaselessName(server.name), lasting: state.durations.protector, call)
        case "FailoverGroups_Failover": return try postFailover(call, server, .planned)
        case "FailoverGroups_ForceFailoverAllowDataLoss": return try postFailover(call, server, .forced)
        case "FailoverGroups_TryPlannedBeforeForcedFailover":
            return try postFailover(call, server, .plannedElseForced)
        default: return try serverRead(call, shown(server, at: call.at))
        }
    }

    /// The server with the keys that reads show now.
    private func shown(_ server: SQLServer, at now: Timestamp) -> SQLServer {
        guard let formerServers, now < formerServers.until,
            let former = formerServers.servers[CaselessName(server.name)]
        else { return server }
        var shown = server
        (shown.keys, shown.protector, shown.autoRotation) = (former.keys, former.protector, former.autoRotation)
        return shown
    }

    private func serverRead(_ call: Call, _ server: SQLServer) throws(AzureError) -> SimulatedResponse {
        switch call.operation {
        case "Servers_Get": return SimulatedResponse(200, json(server))
        case "ServerKeys_ListByServer":
            return page(
                server.keys.sorted { $0.key < $1.key }.map { json($0.value, of: server) } + [serviceManagedKey(server)])
        case "ServerKeys_Get":
            if CaselessName(call.name(1)) == CaselessName("ServiceManaged") {
                return SimulatedResponse(200, serviceManagedKey(server))
            }
            guard let key = server.keys[CaselessName(call.name(1))] else { throw SQLError.keyNotFound }
            return SimulatedResponse(200, json(key, of: server))
        case "EncryptionProtectors_ListByServer": return page([protectorJSON(server)])
        case "EncryptionProtectors_Get":
            guard call.name(1).lowercased() == "current" else { throw SQLError.invalidProtectorName }
            return SimulatedResponse(200, protectorJSON(server))
        case "FailoverGroups_ListByServer":
            return page(failoverGroups(of: server).map { json($0, seenFrom: CaselessName(server.name)) })
        case "FailoverGroups_Get":
            return SimulatedResponse(200, json(try failoverGroup(call, server), seenFrom: CaselessName(server.name)))
        case "ServerOperations_ListByServer":
            return page(operations.filter { $0.server == CaselessName(server.name) }.map { json($0, of: server) })
        default: return try databaseRead(call, server)
        }
    }

    private func databaseRead(_ call: Call, _ server: SQLServer) throws(AzureError) -> SimulatedResponse {
        switch call.operation {
        case "Databases_ListByServer": return page(sorted(server.databases).map { json($0, of: server, at: call.at) })
        case "Databases_ListInaccessibleByServer":
            let lost = isInaccessible(server, at: call.at) ? sorted(server.databases) : []
            return page(lost.map { json($0, of: server, at: call.at) })
        case "ReplicationLinks_ListByServer":
            return page(sorted(server.databases).flatMap { links(of: $0, on: server) })
        default: break
        }
        let database = try database(call, server)
        switch call.operation {
        case "Databases_Get": return SimulatedResponse(200, json(database, of: server, at: call.at))
        case "ReplicationLinks_ListByDatabase": return page(links(of: database, on: server))
        case "ReplicationLinks_Get":
            guard
                let link = links(of: database, on: server).first(where: {
                    $0["name"]?.string == call.name(2).lowercased()
                })
            else {
                throw ARMError.resourceNotFound(
                    "Microsoft.Sql/servers/databases/replicationLinks", call.name(2), group: server.group)
            }
            return SimulatedResponse(200, link)
        case "TransparentDataEncryptions_ListByDatabase": return page([encryption(database, server)])
        case "TransparentDataEncryptions_Get": return SimulatedResponse(200, encryption(database, server))
        default: throw ARMError.unknownPath(call.request.method, call.request.path)
        }
    }

    private func server(_ call: Call) throws(AzureError) -> SQLServer {
        guard let server = state.servers[CaselessName(call.name(0))],
            CaselessName(server.group) == CaselessName(call.path?.group ?? "")
        else {
            throw ARMError.resourceNotFound("Microsoft.Sql/servers", call.name(0), group: call.path?.group ?? "")
        }
        return server
    }

    private func database(_ call: Call, _ server: SQLServer) throws(AzureError) -> Database {
        guard let database = server.databases[CaselessName(call.name(1))] else {
            throw ARMError.resourceNotFound(
                "Microsoft.Sql/servers/databases", "\(server.name)/\(call.name(1))", group: server.group)
        }
        return database
    }

    func page(_ values: [JSON]) -> SimulatedResponse { SimulatedResponse(200, ["value": .array(values)]) }

    func sorted<Value>(_ named: [CaselessName: Value]) -> [Value] { named.sorted { $0.key < $1.key }.map(\.value) }
}
