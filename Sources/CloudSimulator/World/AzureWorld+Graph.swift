// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Microsoft Graph: security groups and their members, as recorded.
/// https://learn.microsoft.com/graph/api/resources/group
extension AzureWorld {
    /// Below `/v1.0`, at the address of everything else.
    func routeGraph(_ request: SimulatedRequest, at now: Timestamp) -> Call? {
        let segments = request.segments
        guard segments.first == "v1.0" else { return nil }
        let shape = segments.dropFirst().enumerated().map { $0.offset == 1 || $0.offset == 3 ? "*" : $0.element }
        let names: [String: (String, String)] = [
            "GET groups": ("groups_List", "read"), "POST groups": ("groups_Create", "create"),
            "GET groups/*": ("groups_Get", "read"), "DELETE groups/*": ("groups_Delete", "delete"),
            "GET groups/*/members": ("groups_ListMembers", "read"),
            "DELETE groups/*/members/*/$ref": ("groups_RemoveMember", "members/update"),
        ]
        var call = Call(request: request, at: now, plane: .graph, operation: "Unknown")
        var found = names["\(request.method) \(shape.joined(separator: "/"))"]
        if request.method == "POST", segments.count == 5, segments[3...] == ["members", "$ref"] {
            found = ("groups_AddMember", "members/update")
        }
        if let found {
            (call.operation, call.action) = (found.0, "microsoft.directory/groups/\(found.1)")
            call.isMutation = request.method != "GET"
        }
        return call
    }

    mutating func graph(_ call: Call) throws(AzureError) -> SimulatedResponse {
        let segments = call.request.segments
        switch call.operation {
        case "groups_List": return try listGroups(call)
        case "groups_Create": return try createGroup(call)
        case "Unknown":
            throw AzureError(400, "BadRequest", "Resource not found for the segment '\(segments.last ?? "")'.")
        default: break
        }
        let id = segments.count > 2 ? segments[2] : ""
        guard let index = state.directory.groups.firstIndex(where: { $0.id.lowercased() == id.lowercased() }) else {
            throw Self.absent(id)
        }
        switch call.operation {
        case "groups_Get":
            return SimulatedResponse(200, json(state.directory.groups[index], context: "groups/$entity", call))
        case "groups_Delete":
            let removed = state.directory.groups.remove(at: index)
            record("group.deleted", removed.name, at: call.at)
            return SimulatedResponse(emptyWith: 204)
        case "groups_ListMembers":
            let members = state.directory.groups[index].members.filter { isObject($0.id) }
            return collection("directoryObjects", members.map { memberJSON($0.id) }, call)
        case "groups_AddMember": return try addMember(call, index)
        default: return try removeMember(call, index)
        }
    }

    private func listGroups(_ call: Call) throws(AzureError) -> SimulatedResponse {
        var groups = state.directory.groups
        if let filter = call.request.query("$filter") {
            guard filter.hasPrefix("displayName eq '"), filter.hasSuffix("'"), filter.utf8.count > 16 else {
                throw AzureError(400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause.")
            }
            let quoted = filter.dropFirst("displayName eq '".count).dropLast()
            let name = quoted.replacing("''", with: "'")
            groups = groups.filter { $0.name.lowercased() == name.lowercased() }
        }
        return collection("groups", groups.map { json($0) }, call)
    }

    private mutating func createGroup(_ call: Call) throws(AzureError) -> SimulatedResponse {
        let body = try call.jsonBody()
        guard let name = body["displayName"]?.string, let nickname = body["mailNickname"]?.string,
            body["mailEnabled"]?.bool != nil, let isSecurityGroup = body["securityEnabled"]?.bool
        else {
            throw AzureError(
                400, "Request_BadRequest", "A value is required for property 'displayName' of resource 'Group'.")
        }
        var group = SecurityGroup(id: nextID("group"), name: name, mailNickname: nickname)
        group.summary = body["description"]?.string ?? ""
        group.isSecurityGroup = isSecurityGroup
        state.directory.groups.append(group)
        record("group.created", name, at: call.at)
        return SimulatedResponse(201, json(group, context: "groups/$entity", call))
    }

    private mutating func addMember(_ call: Call, _ index: Int) throws(AzureError) -> SimulatedResponse {
        let reference = try call.jsonBody()["@odata.id"]?.string ?? ""
        let id = reference.split(separator: "/").last.map { $0.lowercased() } ?? ""
        guard isObject(id) else { throw Self.absent(id) }
        guard !state.directory.groups[index].has(id) else {
            throw AzureError(
                400, "Request_BadRequest",
                "One or more added object references already exist for the following modified properties: 'members'.")
        }
        state.directory.groups[index].members.append(
            .init(id: id, effective: call.at.advanced(by: state.directory.groupPropagation)))
        record("group.member-added", "\(id) to \(state.directory.groups[index].name)", at: call.at)
        return SimulatedResponse(emptyWith: 204)
    }

    private mutating func removeMember(_ call: Call, _ index: Int) throws(AzureError) -> SimulatedResponse {
        let id = call.request.segments.count > 4 ? call.request.segments[4].lowercased() : ""
        guard state.directory.groups[index].has(id) else { throw Self.absent(id) }
        state.directory.groups[index].members.removeAll { $0.id.lowercased() == id }
        record("group.member-removed", "\(id) from \(state.directory.groups[index].name)", at: call.at)
        return SimulatedResponse(emptyWith: 204)
    }

    /// Whether the directory knows the object id: of a server's or machine's identity, of the client, of a group.
    func isObject(_ id: String) -> Bool {
        let id = id.lowercased()
        return id == state.client.objectID.lowercased() || state.directory.others.contains(id)
            || state.directory.groups.contains { $0.id.lowercased() == id }
            || state.servers.values.contains { $0.principal?.lowercased() == id }
            || state.surroundings.machines.values.contains { $0.principal.lowercased() == id }
    }

    // MARK: Answers

    private static func absent(_ id: String) -> AzureError {
        AzureError(
            404, "Request_ResourceNotFound",
            "Resource '\(id)' does not exist or one of its queried reference-property objects are not present.")
    }

    private func collection(_ name: String, _ values: [JSON], _ call: Call) -> SimulatedResponse {
        SimulatedResponse(
            200, ["@odata.context": .string("\(call.request.origin)/v1.0/$metadata#\(name)"), "value": .array(values)])
    }

    private func json(_ group: SecurityGroup) -> JSON {
        [
            "id": .string(group.id), "displayName": .string(group.name), "description": .string(group.summary),
            "mailEnabled": false, "mailNickname": .string(group.mailNickname),
            "securityEnabled": .bool(group.isSecurityGroup), "groupTypes": [],
        ]
    }

    private func json(_ group: SecurityGroup, context: String, _ call: Call) -> JSON {
        var members = json(group).object ?? [:]
        members["@odata.context"] = .string("\(call.request.origin)/v1.0/$metadata#\(context)")
        return .object(members)
    }

    private func memberJSON(_ id: String) -> JSON {
        let machine = state.surroundings.machines.values.first { $0.principal.lowercased() == id.lowercased() }
        return [
            "@odata.type": "#microsoft.graph.servicePrincipal", "id": .string(id),
            "displayName": .string(machine?.name ?? id),
        ]
    }
}
