// SPDX-License-Identifier: Apache-2.0

package import MusterDocuments
package import MusterModel

/// A rehearsal's cloud: what it holds at the start and what goes wrong in it.
package struct CloudScenario: Sendable {
    package var name: String
    package var summary: String
    /// When its clock begins; nil: at the real time.
    package var start: Timestamp?
    package var faults: [FaultRule]

    private let cloud: CloudDocument

    /// Reads a scenario document, YAML or JSON.
    ///
    /// - Throws: code `document.invalid` or `simulator.invalid-scenario`, with a diagnostic for each thing that is wrong.
    package init(_ bytes: [UInt8], file: String) throws(MusterError) {
        try self.init(try RehearsalScenario.parse(bytes, file: file).get())
    }

    package init(_ scenario: RehearsalScenario) throws(MusterError) {
        name = scenario.name.value
        summary = scenario.summary
        var findings = ScenarioFindings()
        guard let written = scenario.cloud else {
            findings.add("The scenario has no \"cloud\"", at: scenario.name.location)
            throw findings.error(name)
        }
        findings.checkNames(written)
        faults = findings.faults(scenario.faults)
        guard let cloud = findings.decode(written), findings.diagnostics.isEmpty else { throw findings.error(name) }
        self.cloud = cloud
        start = cloud.start
        _ = try state(at: start ?? Timestamp(milliseconds: 0), clientSecret: "")
        _ = try oracleState(password: "", at: Timestamp(milliseconds: 0))
    }

    /// The world's first state.
    package func state(at now: Timestamp, clientSecret: String) throws(MusterError) -> AzureState {
        try CloudBuilder(document: cloud, now: now, clientSecret: clientSecret).build()
    }

    /// The Oracle cloud's first state; nil when the scenario has none.
    ///
    /// - Parameter started: when the simulated clock begins.
    package func oracleState(password: String, at started: Timestamp) throws(MusterError) -> OracleState? {
        try cloud.oracle?.state(password: password, at: started)
    }

    static func failure(_ summary: String, help: String) -> MusterError {
        MusterError(code: "simulator.invalid-scenario", summary, help: help)
    }
}

/// Gathers all that is wrong with the parts of a scenario that are the simulator's.
private struct ScenarioFindings {
    var diagnostics: [Diagnostic] = []

    mutating func add(_ summary: String, help: String? = nil, at place: SourceLocation?) {
        let help = help ?? "docs/formats/scenario-v1.md lists what it may hold."
        diagnostics.append(Diagnostic(code: "simulator.invalid-scenario", summary, help: help, at: place))
    }

    func error(_ name: String) -> MusterError {
        MusterError(
            code: "simulator.invalid-scenario", "The scenario \(name) can't be rehearsed",
            diagnostics: diagnostics.sorted(by: inDocumentOrder))
    }

    mutating func decode(_ cloud: LocatedValue) -> CloudDocument? {
        do {
            return try cloud.json.decode(CloudDocument.self)
        } catch {
            add("The cloud can't be read: \(describeDecodingError(error))", at: place(of: error, in: cloud))
            return nil
        }
    }

    /// Where in the document the decoder stumbled, as near as its path leads.
    private func place(of error: any Error, in cloud: LocatedValue) -> SourceLocation {
        let path: [any CodingKey] =
            switch error {
            case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
                DecodingError.keyNotFound(_, let context), DecodingError.dataCorrupted(let context):
                context.codingPath
            default: []
            }
        var found = cloud
        for key in path {
            if let index = key.intValue, let elements = found.list, elements.indices.contains(index) {
                found = elements[index]
            } else if let member = found[key.stringValue] {
                found = member
            }
        }
        return found.location
    }

    /// A misspelt member, which decoding alone would pass over.
    mutating func checkNames(_ cloud: LocatedValue) {
        check(cloud, CloudDocument.CodingKeys.self)
        check(cloud["client"], CloudDocument.ClientDocument.CodingKeys.self)
        checkSurroundings(cloud)
        check(cloud["oracle"], OracleDocument.CodingKeys.self)
        checkConnections(cloud["oracle"])
        for database in cloud["oracle"]?["databases"]?.members ?? [] {
            check(database.value, OracleDocument.DatabaseDocument.CodingKeys.self)
        }
        for home in cloud["oracle"]?["homes"]?.members ?? [] {
            check(home.value, OracleDocument.HomeDocument.CodingKeys.self)
        }
        for server in cloud["servers"]?.members ?? [] {
            check(server.value, CloudDocument.ServerDocument.CodingKeys.self)
        }
        for group in cloud["failover-groups"]?.members ?? [] {
            check(group.value, CloudDocument.FailoverGroupDocument.CodingKeys.self)
        }
        for one in cloud["role-assignments"]?.list ?? [] {
            check(one, CloudDocument.RoleAssignmentDocument.CodingKeys.self)
        }
        for vault in cloud["vaults"]?.members ?? [] {
            check(vault.value, CloudDocument.VaultDocument.CodingKeys.self)
            checkKeys(vault.value)
        }
        for hsm in cloud["managed-hsms"]?.members ?? [] {
            check(hsm.value, CloudDocument.ManagedHSMDocument.CodingKeys.self)
            checkKeys(hsm.value)
            for role in hsm.value["local-roles"]?.list ?? [] {
                check(role, CloudDocument.LocalRoleDocument.CodingKeys.self)
            }
        }
        for group in cloud["groups"]?.members ?? [] { check(group.value, CloudDocument.GroupDocument.CodingKeys.self) }
    }

    private mutating func checkKeys(_ vault: LocatedValue) {
        for key in vault["keys"]?.members ?? [] {
            check(key.value, CloudDocument.KeyDocument.CodingKeys.self)
            for version in key.value["versions"]?.members ?? [] {
                check(version.value, CloudDocument.VersionDocument.CodingKeys.self)
            }
        }
    }

    private mutating func checkConnections(_ oracle: LocatedValue?) {
        for cluster in oracle?["clusters"]?.members ?? [] {
            check(cluster.value, OracleDocument.ClusterDocument.CodingKeys.self)
            check(cluster.value["azure"], OracleDocument.ClusterDocument.PlaceDocument.CodingKeys.self)
        }
        for connector in oracle?["connectors"]?.members ?? [] {
            check(connector.value, OracleDocument.ConnectorDocument.CodingKeys.self)
        }
        for vault in oracle?["vaults"]?.members ?? [] {
            check(vault.value, OracleDocument.VaultDocument.CodingKeys.self)
        }
        for association in oracle?["associations"]?.members ?? [] {
            check(association.value, OracleDocument.AssociationDocument.CodingKeys.self)
        }
    }

    private mutating func checkSurroundings(_ cloud: LocatedValue) {
        checkAll(cloud["private-endpoints"], CloudDocument.PrivateEndpointDocument.CodingKeys.self)
        checkAll(cloud["private-link-scopes"], CloudDocument.PrivateLinkScopeDocument.CodingKeys.self)
        checkAll(cloud["arc-machines"], CloudDocument.ArcMachineDocument.CodingKeys.self)
        checkAll(cloud["vm-clusters"], CloudDocument.VMClusterDocument.CodingKeys.self)
        checkAll(cloud["diagnostics"], CloudDocument.DiagnosticsDocument.CodingKeys.self)
        checkAll(cloud["virtual-networks"], CloudDocument.NetworkDocument.CodingKeys.self)
        for network in cloud["virtual-networks"]?.members ?? [] {
            checkAll(network.value["subnets"], CloudDocument.SubnetDocument.CodingKeys.self)
        }
    }

    /// The members of each of several that are listed by name.
    private mutating func checkAll<Keys: CodingKey>(_ named: LocatedValue?, _ keys: Keys.Type) {
        for one in named?.members ?? [] { check(one.value, keys) }
    }

    private mutating func check<Keys: CodingKey>(_ value: LocatedValue?, _ keys: Keys.Type) {
        for member in value?.members ?? [] where keys.init(stringValue: member.name) == nil {
            add("There is nothing named \"\(member.name)\" here", at: member.nameLocation)
        }
    }

    mutating func faults(_ elements: [LocatedValue]) -> [FaultRule] {
        elements.compactMap { element in
            var settings = element.json.object ?? [:]
            guard let name = settings.removeValue(forKey: "fault")?.string else {
                add(
                    "A fault has no name", help: "Each element of \"faults\" is {fault: NAME, …}.", at: element.location
                )
                return nil
            }
            do throws(MusterError) {
                return try FaultRule(name: name, settings: settings.mapValues(\.text))
            } catch {
                add(error.summary, help: error.help, at: element.location)
                return nil
            }
        }
    }
}
