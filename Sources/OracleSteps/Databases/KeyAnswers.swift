// SPDX-License-Identifier: Apache-2.0

package import CloudSteps
internal import MusterModel
package import MusterSQL
package import SQLSteps

/// What a database says of its own keys, asked over one connection.
package struct KeyAnswers: Sendable {
    package var keystores: [KeystoreRow]
    package var keys: [MasterKeyRow]
    package var instances: [InstanceRow]
    /// How many pluggable databases the service lists.
    package var pluggables: Int

    /// - Parameters:
    ///   - keystores: those of the seed, `CON_ID` 2, are left out: nobody's data is in it.
    ///   - keys: the same.
    package init(keystores: [KeystoreRow], keys: [MasterKeyRow], instances: [InstanceRow], pluggables: Int) {
        self.keystores = keystores.filter { $0.container != 2 }
        self.keys = keys.filter { $0.container != 2 }
        self.instances = instances
        self.pluggables = pluggables
    }

    /// Why nothing was answered.
    package enum Silence: Error, Hashable, Sendable {
        case failed(SQLError)
        /// The columns are others than those that were asked for.
        case foreign([String])

        package var says: String {
            switch self {
            case .failed(let error): "\(error)" + (error.remedy.map { " \($0)" } ?? "")
            case .foreign(let columns): "It answered with the columns \(columns.joined(separator: ", "))."
            }
        }

        /// It may pass by itself: an instance that starts, a connection that broke.
        package var mayPass: Bool {
            guard case .failed(let error) = self else { return false }
            return [.unreachable, .unavailable, .connectionLost, .timedOut].contains(error.kind)
        }
    }

    /// - Parameter view: the database as the service shows it, whose root container is asked.
    /// - Throws: ``StepError`` `oracle.no-connect-string`.
    package static func ask(
        _ view: KeyedDatabase, _ databases: Databases
    ) async throws -> Result<KeyAnswers, Silence> {
        try await ask(try view.database.target(), pluggables: view.pluggables.count, databases)
    }

    /// - Parameters:
    ///   - target: a root container.
    ///   - pluggables: how many pluggable databases the service lists in it.
    package static func ask(
        _ target: SQLTarget, pluggables: Int, _ databases: Databases
    ) async throws -> Result<KeyAnswers, Silence> {
        let questions = [KeyViews.keystores, KeyViews.masterKeys, KeyViews.instances].map { Question($0) }
        do {
            let answers = try await databases.ask(target, questions, noting: true)
            guard let keystores = KeystoreRow.read(answers[0]) else { return .failure(.foreign(answers[0].columns)) }
            guard let keys = MasterKeyRow.read(answers[1]) else { return .failure(.foreign(answers[1].columns)) }
            guard let instances = InstanceRow.read(answers[2]) else { return .failure(.foreign(answers[2].columns)) }
            return .success(
                KeyAnswers(
                    keystores: keystores, keys: keys, instances: instances, pluggables: pluggables))
        } catch let error as SQLError {
            return .failure(.failed(error))
        }
    }

    /// On every instance each container has an open keystore that is no wallet.
    package var keystoresOpen: Finding {
        var found: [Finding] = []
        let instances = Set(keystores.map(\.instance)).union(instances.map(\.instance)).sorted()
        for instance in instances {
            let rows = keystores.filter { $0.instance == instance }
            let containers = Set(rows.map(\.container)).sorted()
            let closed = containers.filter { container in
                !rows.contains { $0.container == container && $0.isExternal && $0.status == "OPEN" }
            }
            if containers.isEmpty {
                found.append(.unmet("Instance \(instance) shows no keystore."))
            } else if closed.isEmpty {
                let open = "On instance \(instance) the external keystore is OPEN in \(containers.count) containers"
                found.append(hidden(containers, "keystores", seen: open) ?? .met("\(open)."))
            } else {
                let seen = closed.map { container in
                    let status = rows.filter { $0.container == container }.map { "\($0.kind) \($0.status)" }
                    return "container \(container) has \(status.joined(separator: " and "))"
                }
                found.append(
                    .unmet("On instance \(instance) no external keystore is open: \(seen.joined(separator: ", "))."))
            }
        }
        return .all(found, none: "").orUnmet("No instance shows a keystore.", when: found.isEmpty)
    }

    /// The drill's user is shown the keystores of every container on every instance, and master keys at all. What shows a move
    /// afterwards reads the same.
    package var containersSeen: Finding {
        guard !keys.isEmpty else { return .unmet("The database shows no master key.") }
        let instances = Set(keystores.map(\.instance)).sorted()
        guard !instances.isEmpty else { return .unmet("No instance shows a keystore.") }
        return .all(
            instances.map { instance in
                let containers = Set(keystores.filter { $0.instance == instance }.map(\.container)).sorted()
                let seen = "On instance \(instance) the keystores of \(containers.count) containers are shown"
                return hidden(containers, "keystores", seen: seen) ?? .met("\(seen).")
            }, none: "")
    }

    /// A user without the attribute sees the rows of the root alone: what is not shown proves nothing.
    private func hidden(_ containers: [Int64], _ what: String, seen: String) -> Finding? {
        let all = pluggables + 1
        guard containers.count < all else { return nil }
        return .unverifiable(
            "\(seen), and the database has \(all): the drill's user does not see the \(what) of the others. As a DBA, in the root: "
                + "ALTER USER C##… SET CONTAINER_DATA = ALL CONTAINER = CURRENT.")
    }

    /// The newest key of each container is not in a wallet.
    package var keysExternal: Finding {
        guard !keys.isEmpty else { return .unmet("The database shows no master key.") }
        let inside = keys.filter { !$0.isExternal }
        guard inside.isEmpty else {
            let names = inside.map { "that of container \($0.container) is in \($0.keystore)" }
            return .unmet("A master key in use is not external: \(names.joined(separator: ", ")).")
        }
        let containers = Set(keys.map(\.container)).sorted()
        let seen = "Master keys of \(containers.count) containers are shown"
        let places = Set(keys.map(\.keystore)).sorted().joined(separator: ", ")
        return hidden(containers, "keys", seen: seen)
            ?? .met("The master keys in use by \(containers.count) containers are in \(places).")
    }

    /// The keys in use by the root container. A rotation changes these; each pluggable database has a key of its own.
    package var rootKeys: [MasterKeyRow] { keys.filter { $0.container == 1 } }

    /// How long ago the newest of the keys in use came into use, that of whichever container. Nil where one of them does
    /// not tell, for that may be the newest.
    package var newestAge: Duration? {
        let ages = keys.compactMap(\.ageSeconds)
        return ages.count == keys.count ? ages.min().map { .seconds($0) } : nil
    }

    /// Every node runs an open instance.
    package func instancesOpen(on nodes: [String]) -> Finding {
        guard !nodes.isEmpty else {
            return .unverifiable("The service lists no node of the cluster, so no instance can be missed.")
        }
        let missing = nodes.filter { node in !instances.contains { $0.runs(on: node) && $0.status == "OPEN" } }
        return missing.isEmpty
            ? .met("An instance is OPEN on \(nodes.joined(separator: ", ")).")
            : .unmet("No instance is OPEN on \(missing.joined(separator: ", ")).")
    }

    /// The nodes whose instance was not started since the keys in use came into use, or is not there.
    package func notStarted(since age: Duration, of nodes: [String]) -> [String] {
        nodes.filter { node in
            !instances.contains { $0.runs(on: node) && $0.status == "OPEN" && .seconds($0.upSeconds) < age }
        }
    }
}

extension Finding {
    fileprivate func orUnmet(_ says: String, when isMissing: Bool) -> Finding { isMissing ? .unmet(says) : self }
}

extension Result where Success == KeyAnswers, Failure == KeyAnswers.Silence {
    /// A finding of the answers; a database that does not answer leaves it open.
    package func finding(_ look: (KeyAnswers) -> Finding) -> Finding {
        switch self {
        case .success(let answers): return look(answers)
        case .failure(let silence):
            return silence.mayPass ? .unverifiable(silence.says) : .unmet(silence.says)
        }
    }
}
