// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// A rehearsal's cloud: what it holds at the start and what goes wrong in it.
package struct CloudScenario: Sendable {
    package var name: String
    package var summary: String
    /// When its clock begins; nil: at the real time.
    package var start: Timestamp?
    package var faults: [FaultRule]

    private let cloud: CloudDocument

    /// Reads a scenario document of which only `scenario`, `summary`, `cloud` and `faults` matter here.
    ///
    /// - Throws: code `simulator.invalid-scenario`, with what is wrong and where in the document it stands.
    package init(_ document: JSON) throws(MusterError) {
        guard let name = document["scenario"]?.string else {
            throw Self.failure("The scenario has no name", help: "Its member \"scenario\" is the name.")
        }
        guard let cloud = document["cloud"] else {
            throw Self.failure("The scenario \(name) has no \"cloud\"", help: "docs/formats/scenario-v1.md shows one.")
        }
        self.name = name
        summary = document["summary"]?.string ?? ""
        do {
            try checkNames(cloud)
            self.cloud = try cloud.decode(CloudDocument.self)
        } catch {
            throw Self.failure(
                "The cloud of the scenario \(name) can't be read: \(describeDecodingError(error))",
                help: "docs/formats/scenario-v1.md says what it may hold.")
        }
        start = self.cloud.start
        faults = try Self.faults(document["faults"])
        _ = try state(at: start ?? Timestamp(milliseconds: 0), clientSecret: "")
    }

    /// The world's first state.
    package func state(at now: Timestamp, clientSecret: String) throws(MusterError) -> AzureState {
        try CloudBuilder(document: cloud, now: now, clientSecret: clientSecret).build()
    }

    private static func faults(_ list: JSON?) throws(MusterError) -> [FaultRule] {
        guard let list, list != .null else { return [] }
        guard let elements = list.array else {
            throw failure("\"faults\" is not a list", help: "Each element is {fault: NAME, …}.")
        }
        var rules: [FaultRule] = []
        for element in elements {
            guard var settings = element.object, let name = settings.removeValue(forKey: "fault")?.string else {
                throw failure("A fault has no name", help: "Each element of \"faults\" is {fault: NAME, …}.")
            }
            guard let kind = FaultKind(rawValue: name) else {
                throw failure(
                    "There is no fault \"\(name)\"",
                    help: "The faults are \(FaultKind.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            rules.append(try FaultRule(kind: kind, settings: settings.mapValues(\.text)))
        }
        return rules
    }

    static func failure(_ summary: String, help: String) -> MusterError {
        MusterError(code: "simulator.invalid-scenario", summary, help: help)
    }
}

/// Refuses a misspelt member, which decoding alone would pass over.
private func checkNames(_ cloud: JSON) throws(MusterError) {
    try check(cloud, "cloud", CloudDocument.CodingKeys.self)
    try check(cloud["client"], "cloud.client", CloudDocument.ClientDocument.CodingKeys.self)
    for (name, server) in cloud["servers"]?.object ?? [:] {
        try check(server, "cloud.servers.\(name)", CloudDocument.ServerDocument.CodingKeys.self)
    }
    for (name, group) in cloud["failover-groups"]?.object ?? [:] {
        try check(group, "cloud.failover-groups.\(name)", CloudDocument.FailoverGroupDocument.CodingKeys.self)
    }
    for (name, vault) in cloud["vaults"]?.object ?? [:] {
        try check(vault, "cloud.vaults.\(name)", CloudDocument.VaultDocument.CodingKeys.self)
        for (keyName, key) in vault["keys"]?.object ?? [:] {
            for (version, members) in key["versions"]?.object ?? [:] {
                let place = "cloud.vaults.\(name).keys.\(keyName).versions.\(version)"
                try check(members, place, CloudDocument.VersionDocument.CodingKeys.self)
            }
        }
    }
}

private func check<Keys: CodingKey>(_ value: JSON?, _ place: String, _ keys: Keys.Type) throws(MusterError) {
    for name in (value?.object ?? [:]).keys.sorted() where keys.init(stringValue: name) == nil {
        throw CloudScenario.failure(
            "\(place) has a member \"\(name)\" that is not known",
            help: "docs/formats/scenario-v1.md lists what it may hold.")
    }
}
