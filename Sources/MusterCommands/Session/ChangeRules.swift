// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel

/// What the documents of one commit say of changes in an environment: windows, freezes and tickets.
struct ChangeRules {
    let environment: Environment
    let configuration: Configuration

    init(environment: Environment, configuration: Configuration) {
        self.environment = environment
        self.configuration = configuration
    }

    /// Whether a run needs a change ticket.
    var needTicket: Bool {
        environment.changeTicket != nil
            || configuration.changeTickets.contains { [environment.name.value, everyEnvironment].contains($0.value) }
    }

    /// Nil where the commit has no `muster.yaml`.
    ///
    /// - Parameter otherwise: the environment's document where the commit has none; without, nil comes back there, too.
    /// - Throws: document errors.
    private init?(
        _ name: String, _ git: Catalog, at commit: ObjectID, otherwise: Environment? = nil
    ) throws(MusterError) {
        let path = "environments/\(name).yaml"
        guard let file = try git.file("muster.yaml", at: commit) else { return nil }
        configuration = try Configuration.parse(file.content.bytes, file: "muster.yaml").get()
        guard let file = try git.file(path, at: commit) else {
            guard let otherwise else { return nil }
            environment = otherwise
            return
        }
        environment = try Environment.parse(file.content.bytes, file: path).get()
    }

    /// What binds a run: what its plan's commit says and what the catalog's newest one says, the one that is checked out.
    /// Nobody gets round a rule by naming a commit from before it, and what is gone from there is still what the plan was made
    /// for.
    ///
    /// - Parameter name: the environment's document.
    /// - Throws: document errors.
    static func binding(
        _ name: String, _ git: Catalog, _ state: RepositoryState, plannedAt commit: ObjectID
    ) throws(MusterError) -> [ChangeRules] {
        guard let planned = try ChangeRules(name, git, at: commit) else { return [] }
        guard let head = state.head, head != commit,
            let newest = try ChangeRules(name, git, at: head, otherwise: planned.environment)
        else { return [planned] }
        return [planned, newest]
    }

    /// What a record is held to: what its plan's commit says. Nil in a rehearsal, for which none of it holds, and where the
    /// commit, or a document of it, is not in this clone or cannot be read: other checks say that.
    static func pinned(by plan: Plan, _ git: Catalog) throws(MusterError) -> ChangeRules? {
        guard plan.kind != .rehearsal, let commit = plan.commit else { return nil }
        do throws(MusterError) { return try ChangeRules(plan.environment.name, git, at: commit) } catch {
            let isMissing = ["git.missing-object", "git.corrupt-repository"].contains(error.code)
            if isMissing || !error.diagnostics.isEmpty { return nil }
            throw error
        }
    }
}
