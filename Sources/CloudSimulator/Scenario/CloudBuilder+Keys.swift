// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Managed HSMs and groups.
extension CloudBuilder {
    static func groupID(_ name: String) -> String { DerivedID.guid("directory-group", name.lowercased()) }

    func addManagedHSMs(to state: inout AzureState) throws(MusterError) {
        for (name, written) in document.managedHSMs ?? [:] {
            var hsm = Vault(
                kind: .managedHSM, name: name, group: written.resourceGroup ?? resourceGroup,
                location: written.location, sku: written.sku ?? "Standard_B1")
            hsm.purgeProtection = written.purgeProtection ?? true
            hsm.publicNetworkAccess = written.publicAccess == .disabled ? "Disabled" : "Enabled"
            hsm.deletedAt = written.deleted == true ? now : nil
            hsm.hsm.isActive = written.activated ?? true
            hsm.hsm.administrators = written.administrators ?? [state.client.objectID]
            hsm.keys = try keys(written.keys, of: name)
            for role in written.localRoles ?? [] { hsm.hsm.localRoles.append(try localRole(role, of: name, state)) }
            state.managedHSMs[CaselessName(name)] = hsm
        }
    }

    private func localRole(_ written: CloudDocument.LocalRoleDocument, of hsm: String, _ state: AzureState)
        throws(MusterError) -> RoleAssignment
    {
        let role = try localRole(named: written.role)
        let principal = object(written.principal, state)
        let scope = written.scope ?? "/"
        return RoleAssignment(
            name: DerivedID.guid("local-role", hsm, scope, principal, role), scope: scope, role: role,
            principal: principal, principalType: "", created: now.advanced(by: Self.dayBefore),
            effective: now.advanced(by: Self.dayBefore))
    }

    func localRole(named name: String) throws(MusterError) -> String {
        guard let role = LocalRole.ids[name] else {
            throw CloudScenario.failure(
                "There is no local role \"\(name)\"",
                help: "Give one of: \(LocalRole.ids.keys.sorted().joined(separator: ", ")).")
        }
        return role
    }

    func addGroups(to state: inout AzureState) {
        for (name, written) in (document.groups ?? [:]).sorted(by: { $0.key < $1.key }) {
            var group = SecurityGroup(id: written.id ?? Self.groupID(name), name: name, mailNickname: name)
            group.isSecurityGroup = written.security ?? true
            for member in written.members ?? [] {
                let id = object(member, state).lowercased()
                group.members.append(.init(id: id, effective: now.advanced(by: Self.dayBefore)))
                state.directory.others.insert(id)
            }
            state.directory.groups.append(group)
        }
    }
}
