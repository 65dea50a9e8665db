// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
package import MusterModel
package import MusterRecord

/// What a runbook is made of in a catalog, by content.
package struct RunbookPins: Hashable, Sendable {
    package struct Definition: Hashable, Sendable {
        /// `plugin/step`
        package var name: String
        package var version: String
        package var blob: ObjectID

        package init(name: String, version: String, blob: ObjectID) {
            self.name = name
            self.version = version
            self.blob = blob
        }
    }

    package var version: String
    package var runbook: ObjectID
    /// As the lock pins them; empty without a lock.
    package var definitions: [Definition]
    /// Git trees of the plugins' folders, by the plugins' names.
    package var plugins: [String: ObjectID]
    /// muster.yaml.
    package var policy: ObjectID?
    package var environments: [String: ObjectID]

    package init(
        version: String, runbook: ObjectID, definitions: [Definition], plugins: [String: ObjectID], policy: ObjectID?,
        environments: [String: ObjectID]
    ) {
        self.version = version
        self.runbook = runbook
        self.definitions = definitions
        self.plugins = plugins
        self.policy = policy
        self.environments = environments
    }
}

/// How long a drill's proof holds: until something that it rests on changes, or until the next one is due.
package struct DrillStanding: Hashable, Sendable, Codable {
    package var environment: String
    package var run: RunID
    package var at: Timestamp
    /// Whole days since.
    package var ageDays: Int
    /// What changed since, each in a few words.
    package var changed: [String]
    /// Since when the next one is due; nil where it is not yet, and where nothing says when.
    package var overdueSince: Timestamp?

    package var needsDrill: Bool { !changed.isEmpty || overdueSince != nil }

    /// - Parameters:
    ///   - record: of a drill that succeeded.
    ///   - policy: muster.yaml as the drill found it; nil where that is not known any more.
    package init(
        _ record: RunRecord, policy: ObjectID?, against pins: RunbookPins, every: Duration?, now: Timestamp
    ) {
        environment = record.environment.name
        run = record.run
        at = record.finishedAt ?? record.asOf
        let age = now.duration(since: at)
        ageDays = Int(max(0, age.milliseconds) / 86_400_000)
        changed = Self.changes(record, policy, pins)
        if let every, age > every { overdueSince = at.advanced(by: every) }
    }

    private static func changes(_ record: RunRecord, _ policy: ObjectID?, _ pins: RunbookPins) -> [String] {
        var changes: [String] = []
        if record.runbook.document.blob != pins.runbook {
            let then = record.runbook.version.description
            changes.append("runbook \(then == pins.version ? then : "\(then) → \(pins.version)")")
        }
        changes += definitions(record, pins)
        changes += record.plugins.compactMap { plugin in
            guard let then = plugin.sources else { return "plugin \(plugin.name), whose sources are not recorded" }
            guard let now = pins.plugins[plugin.name] else { return "plugin \(plugin.name) is gone" }
            return then == now ? nil : "plugin \(plugin.name)"
        }
        if let document = record.environment.document {
            let now = pins.environments[record.environment.name]
            if now == nil { changes.append("environment \(record.environment.name) is gone") }
            if let now, now != document.blob { changes.append("environment \(record.environment.name)") }
        }
        if policy == nil { changes.append("muster.yaml, which is not known as it was then") }
        if policy != nil, policy != pins.policy { changes.append("muster.yaml") }
        return changes
    }

    private static func definitions(_ record: RunRecord, _ pins: RunbookPins) -> [String] {
        let then = record.definitions.compactMap { used -> RunbookPins.Definition? in
            let parts = used.uses.split(separator: "@", maxSplits: 1)
            guard let document = used.document, parts.count == 2 else { return nil }
            return .init(name: String(parts[0]), version: String(parts[1]), blob: document.blob)
        }
        let (gone, new) = (
            then.filter { !pins.definitions.contains($0) }, pins.definitions.filter { !then.contains($0) }
        )
        let names = Set((gone + new).map(\.name)).sorted()
        return names.map { name in
            let before = gone.filter { $0.name == name }.map(\.version).sorted().joined(separator: ", ")
            let after = new.filter { $0.name == name }.map(\.version).sorted().joined(separator: ", ")
            if before.isEmpty { return "definition \(name) \(after) is new" }
            if after.isEmpty { return "definition \(name) \(before) is not used any more" }
            return "definition \(name) \(before == after ? before : "\(before) → \(after)")"
        }
    }
}
