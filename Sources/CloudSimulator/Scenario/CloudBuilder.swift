// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Makes the first state of a world from its document, and refuses what does not hang together.
struct CloudBuilder {
    let document: CloudDocument
    let now: Timestamp
    let clientSecret: String

    static let defaultTenant = "11111111-1111-1111-1111-111111111111"
    static let defaultSubscription = "22222222-2222-2222-2222-222222222222"
    private static let defaultClient = "33333333-3333-3333-3333-333333333333"
    static let dayBefore = Duration.seconds(-86_400)

    /// Where nothing else is said.
    var resourceGroup: String { document.resourceGroup ?? "drill" }

    func build() throws(MusterError) -> AzureState {
        let subscription = document.subscription ?? Self.defaultSubscription
        let id = document.client?.id ?? Self.defaultClient
        let client = Client(
            id: id, objectID: document.client?.objectID ?? DerivedID.guid("service-principal", id),
            secret: clientSecret,
            certificates: Set(document.client?.certificates ?? []), deniedActions: document.client?.deniedActions ?? [])
        var state = AzureState(
            tenant: document.tenant ?? Self.defaultTenant, subscription: subscription, client: client)
        state.rolePropagation = try duration(document.rolePropagation, "role-propagation") ?? .zero
        state.repeatedKeyPut = document.repeatedKeyPut ?? .conflict
        state.durations = try durations()
        state.directory.groupPropagation = try duration(document.groupPropagation, "group-propagation") ?? .zero
        try addVaults(to: &state)
        try addManagedHSMs(to: &state)
        try addServers(to: &state)
        try addFailoverGroups(to: &state)
        addGroups(to: &state)
        try addRoles(to: &state)
        for role in document.client?.localRoles ?? [] { state.client.localRoles.append(try localRole(named: role)) }
        state.client.isHeldToItsRoles = isGranted(state.client.objectID, in: state)
        state.groups = Set(
            [resourceGroup].map { CaselessName($0) } + state.servers.values.map { CaselessName($0.group) }
                + state.vaults.values.map { CaselessName($0.group) }
                + state.managedHSMs.values.map { CaselessName($0.group) })
        try SurroundingsBuilder(document: document, now: now, resourceGroup: resourceGroup).add(to: &state)
        return state
    }

    private func addVaults(to state: inout AzureState) throws(MusterError) {
        for (name, written) in document.vaults ?? [:] {
            var vault = Vault(
                name: name, group: written.resourceGroup ?? resourceGroup, location: written.location,
                softDelete: written.softDelete ?? true, purgeProtection: written.purgeProtection ?? true,
                roleBased: written.permissions != .accessPolicies)
            vault.sku = (written.sku ?? .standard).rawValue
            vault.publicNetworkAccess = written.publicAccess == .disabled ? "Disabled" : "Enabled"
            vault.deletedAt = written.deleted == true ? now : nil
            for (principal, permissions) in written.accessPolicies ?? [:] {
                vault.accessPolicies[object(principal, state)] = Set(permissions.map { $0.lowercased() })
            }
            vault.keys = try keys(written.keys, of: name)
            state.vaults[CaselessName(name)] = vault
        }
    }

    func keys(_ written: [String: CloudDocument.KeyDocument]?, of vault: String) throws(MusterError)
        -> [CaselessName: VaultKey]
    {
        var keys: [CaselessName: VaultKey] = [:]
        for (name, key) in written ?? [:] {
            var versions: [KeyVersion] = []
            for (version, members) in key.versions {
                versions.append(try keyVersion(version, members, "\(vault)/\(name)"))
            }
            versions.sort { $0.version < $1.version }
            keys[CaselessName(name)] = VaultKey(
                name: name, versions: versions, deletedAt: key.deleted == true ? now : nil,
                rotatesByPolicy: key.rotationPolicy ?? false)
        }
        return keys
    }

    private func keyVersion(_ version: String, _ written: CloudDocument.VersionDocument, _ key: String)
        throws(MusterError)
        -> KeyVersion
    {
        guard version.utf8.count == 32, version.allSatisfy({ $0.isHexDigit && !$0.isUppercase }) else {
            throw CloudScenario.failure(
                "The key \(key) has a version \"\(version)\"", help: "A version is 32 hexadecimal digits in lower case."
            )
        }
        return KeyVersion(
            version: version, type: (written.type ?? .RSA).rawValue,
            bits: written.bits ?? (written.type == .octHSM ? 256 : 2048),
            enabled: written.enabled ?? true, notBefore: written.notBefore, expires: written.expires,
            created: written.created ?? now.advanced(by: Self.dayBefore), material: written.material ?? version)
    }

    private func addServers(to state: inout AzureState) throws(MusterError) {
        for (name, written) in document.servers ?? [:] {
            var server = SQLServer(
                name: name, group: written.resourceGroup ?? resourceGroup, location: written.location,
                state: written.state ?? "Ready",
                principal: written.identity == CloudDocument.ServerDocument.Identity.none ? nil : identity(name))
            for uri in written.keys ?? [] {
                let key = try serverKey(uri, of: name, state)
                server.keys[CaselessName(key.name)] = key
            }
            if let protector = written.protector, protector != "service-managed" {
                let key = try serverKey(protector, of: name, state)
                server.keys[CaselessName(key.name)] = key
                server.protector = CaselessName(key.name)
            }
            server.autoRotation = written.autoRotation ?? false
            for database in written.databases ?? [] {
                server.databases[CaselessName(database)] = Database(
                    name: database, id: DerivedID.guid("database", name, database),
                    created: now.advanced(by: Self.dayBefore))
            }
            state.servers[CaselessName(name)] = server
        }
    }

    private func serverKey(_ uri: String, of server: String, _ state: AzureState) throws(MusterError) -> ServerKey {
        guard let reference = KeyReference(uri), let version = reference.version else {
            throw CloudScenario.failure(
                "The server \(server) names a key \"\(uri)\"",
                help:
                    "A key is named https://VAULT.vault.azure.net/keys/KEY/VERSION, with the version's 32 hexadecimal digits."
            )
        }
        let key = state.vaults[CaselessName(reference.vault)]?.keys[CaselessName(reference.key)]
        guard let found = key?.versions.first(where: { $0.version == version }) else {
            throw CloudScenario.failure(
                "The server \(server) names the key \(uri), which no vault of the scenario holds",
                help: "Add the key's version below \"vaults\".")
        }
        return ServerKey(
            name: reference.serverKeyName, reference: reference, thumbprint: found.thumbprint,
            created: now.advanced(by: Self.dayBefore))
    }

    private func addFailoverGroups(to state: inout AzureState) throws(MusterError) {
        for (name, written) in document.failoverGroups ?? [:] {
            let primary = CaselessName(written.primary)
            let secondary = CaselessName(written.secondary)
            guard let first = state.servers[primary], let second = state.servers[secondary], primary != secondary else {
                throw CloudScenario.failure(
                    "The failover group \(name) joins \(written.primary) and \(written.secondary)",
                    help: "Both are names of two servers of the scenario.")
            }
            let databases = (written.databases?.map { CaselessName($0) } ?? Array(first.databases.keys)).sorted()
            for database in databases where first.databases[database] == nil || second.databases[database] == nil {
                throw CloudScenario.failure(
                    "The failover group \(name) holds the database \(database.folded)",
                    help: "List it below \"databases\" of both its servers.")
            }
            let grace = try duration(written.gracePeriod, "grace-period")
            state.failoverGroups[CaselessName(name)] = FailoverGroup(
                name: name, primary: primary, secondary: secondary, databases: databases,
                automatic: written.policy == .automatic,
                gracePeriodMinutes: grace.map { $0.milliseconds / 60_000 } ?? 60,
                replicationState: (written.replicationState ?? .CATCH_UP).rawValue,
                replicatedUntil: (written.replicationState ?? .CATCH_UP) == .CATCH_UP ? nil : now)
        }
    }

    private func addRoles(to state: inout AzureState) throws(MusterError) {
        for written in document.roleAssignments ?? [] {
            let role = BuiltInRole.ids[written.role] ?? written.role.lowercased()
            guard role.utf8.count == 36 else {
                throw CloudScenario.failure(
                    "There is no role \"\(written.role)\"",
                    help: "Give a GUID or one of: \(BuiltInRole.ids.keys.sorted().joined(separator: ", ")).")
            }
            let principal = object(written.principal, state)
            for scope in try scopes(written.scope, state) {
                state.roleAssignments.append(
                    RoleAssignment(
                        name: DerivedID.guid("role-assignment", scope, principal, role), scope: scope, role: role,
                        principal: principal, principalType: "ServicePrincipal",
                        created: now.advanced(by: Self.dayBefore),
                        effective: now.advanced(by: Self.dayBefore)))
            }
        }
    }

    /// Whether anything on keys is granted to it by name; the groups that it is in count only besides.
    private func isGranted(_ client: String, in state: AzureState) -> Bool {
        let local = state.managedHSMs.values.flatMap(\.hsm.localRoles)
        return !state.client.localRoles.isEmpty
            || (state.roleAssignments + local).contains { $0.principal == client }
            || state.vaults.values.contains { $0.accessPolicies[client] != nil }
    }

    private func scopes(_ written: String?, _ state: AzureState) throws(MusterError) -> [String] {
        if let written, written.hasPrefix("/") { return [written] }
        var vaults = state.vaults.filter { written == nil || $0.key == CaselessName(written ?? "") }.map(\.value)
        if let hsm = written.flatMap({ state[.managedHSM, $0] }) { vaults.append(hsm) }
        guard !vaults.isEmpty else {
            throw CloudScenario.failure(
                "A role assignment names the scope \"\(written ?? "")\"",
                help: "Give a vault's name or a full resource id.")
        }
        return vaults.sorted { $0.name < $1.name }.map {
            "/subscriptions/\(state.subscription)/resourceGroups/\($0.group)/providers/\($0.kind.rawValue)/\($0.name)"
        }
    }

    /// The name of a server or Arc machine stands for its identity, that of a group for the group, and `client` for the
    /// account that asks; anything else is an object id.
    func object(_ principal: String, _ state: AzureState) -> String {
        if principal == "client" { return state.client.objectID }
        if let group = (document.groups ?? [:])[principal] { return group.id ?? Self.groupID(principal) }
        let machines = document.arcMachines ?? [:]
        if let name = machines.keys.first(where: { CaselessName($0) == CaselessName(principal) }) {
            return DerivedID.arcPrincipal(machines[name]?.resourceGroup ?? resourceGroup, name, enrolment: 1)
        }
        return serverObject(principal)
    }

    private func serverObject(_ principal: String) -> String {
        (document.servers ?? [:]).keys.contains { CaselessName($0) == CaselessName(principal) }
            ? identity(principal) : principal
    }

    private func identity(_ server: String) -> String { DerivedID.guid("identity", server.lowercased()) }

    private func durations() throws(MusterError) -> AzureState.Durations {
        var durations = AzureState.Durations()
        for (name, text) in document.durations ?? [:] {
            let value = try duration(text, name) ?? .zero
            switch name {
            case "key": durations.key = value
            case "protector": durations.protector = value
            case "planned-failover": durations.plannedFailover = value
            case "forced-failover": durations.forcedFailover = value
            case "catch-up": durations.catchUp = value
            case "key-change": durations.keyChange = value
            case "managed-hsm": durations.managedHSM = value
            case "managed-hsm-activation": durations.managedHSMActivation = value
            case "data-loss": durations.dataLoss = value
            default:
                throw CloudScenario.failure(
                    "There is no duration \"\(name)\"",
                    help:
                        "The durations are key, protector, planned-failover, forced-failover, catch-up, key-change, managed-hsm, managed-hsm-activation and data-loss."
                )
            }
        }
        return durations
    }

    private func duration(_ text: String?, _ name: String) throws(MusterError) -> Duration? {
        guard let text else { return nil }
        guard let duration = Duration(durationText: text) else {
            throw CloudScenario.failure("\(name) is \"\(text)\"", help: "Durations are written 250ms, 30s, 10m, 1h30m.")
        }
        return duration
    }
}
