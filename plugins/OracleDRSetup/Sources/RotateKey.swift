// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterModel
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps
internal import SQLSteps

/// Gives a database a new version of its master key, from Oracle's side, and shows the version in the vault.
struct RotateKey: EffectStep {
    static let name = "rotate-key"
    static let definition = PackageResources.rotate_key_yaml

    struct Inputs: Decodable, Sendable {
        let database: OracleID
        let registeredKey: OracleID
        let vault: AzureVaultName
        /// Of the data plane, such as `https://kv1.vault.azure.net/`.
        let vaultUri: String
        let key: String
        let olderThan: Span
        let settleWithin: Span
        let statusWithin: Span
    }

    struct Outputs: Hashable, Codable, Sendable, ExplainedOutputs {
        /// Of the newest version in the vault.
        let version: String
        let versions: Int
        let masterKeys: [MasterKeyRow]
        /// No output: for the plan alone.
        var alreadySoBecause: String?

        enum CodingKeys: CodingKey { case version, versions, masterKeys }
    }

    struct Undo: Hashable, Codable, Sendable {
        /// The versions in the vault before, by their ids.
        let versionsBefore: [String]
        /// Those of the root container.
        let masterKeysBefore: [String]
        var operation: OracleOperation?
    }

    /// What all verbs read.
    struct Look: Sendable {
        var view: KeyedDatabase
        var answers: Result<KeyAnswers, KeyAnswers.Silence>
        var versions: [VaultKeyVersion]

        var newest: VaultKeyVersion? { versions.last }
        /// The master keys in use by the root container: a rotation of a pluggable database's own key is none of it.
        var rootKeys: [MasterKeyRow] { (try? answers.get().rootKeys) ?? [] }  // Silence is told elsewhere.

        /// Nil when the database does not tell.
        func isYounger(than span: Duration) -> Bool? {
            let ages = rootKeys.map(\.ageSeconds)
            guard let oldest = ages.compactMap(\.self).max(), !ages.contains(nil) else { return nil }
            return .seconds(oldest) < span
        }

        /// Whether the root container left the keys that it had before; nil when the database does not tell.
        func hasLeft(_ keys: [String]) -> Bool? {
            rootKeys.isEmpty ? nil : !rootKeys.contains { keys.contains($0.id) }
        }
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            try await session.letSettle(inputs.database, within: inputs.settleWithin.duration, context)
        }
        return try await looking(inputs, context) { look, session, azure in
            let home = try azure.azure.keyVault.home(inputs.vaultUri)
            let inspected = try await keyIsInspected(look.view, inputs, in: home, session)
            let policy: Finding
            do throws(AzureError) {
                let read = try await azure.azure.keyVault.rotationPolicy(of: inputs.key, in: home)
                policy =
                    read.rotates
                    ? .unmet("The vault makes new versions of \(inputs.key) by itself, which Oracle does not know of.")
                    : .met("The vault makes no new versions of \(inputs.key) by itself.")
            } catch {
                try Task.checkCancellation()
                policy = .unverifiable("The rotation policy of \(inputs.key) could not be read: \(error)")
            }
            let shown = ["database", "requests"]
            return [
                look.view.isAvailable.condition("database-available", evidence: shown),
                look.view.isNoStandby.condition("database-primary", evidence: shown),
                look.view.hasAzureKey.condition("key-in-azure", evidence: shown),
                inspected.condition("key-inspected", evidence: shown),
                policy.condition("no-rotation-policy"), versionsKept(look).condition("versions-kept"),
                look.answers.finding(\.keystoresOpen).condition("keystores-open", evidence: ["sql"]),
                look.view.pluggablesOpen.condition("pluggables-open", evidence: shown),
                try await session.standbysReach(
                    inputs.registeredKey, of: look.view.database, statusWithin: inputs.statusWithin.duration, context
                ).condition("standbys-ready", evidence: shown),
            ]
        }
    }

    private func versionsKept(_ look: Look) -> Finding {
        guard !look.versions.isEmpty else { return .unmet("The vault shows no version of the key.") }
        let off = look.versions.filter { $0.attributes.enabled == false }.map { versionName($0.kid) }
        return off.isEmpty
            ? .met("All \(look.versions.count) versions of the key are enabled.")
            : .unmet("Versions of the key are disabled, and old backups may need them: \(off.joined(separator: ", ")).")
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        let undo = try context.recordedUndo(as: Undo.self)
        if let undo {
            let why = try await OracleSession.run(context) { session in
                try await session.unsettled(undo.operation, on: inputs.database, context)
            }
            if let why { return .unknown(why: why) }
        }
        return try await looking(inputs, context) { look, _, _ in standing(look, undo, inputs) }
    }

    private func standing(_ look: Look, _ undo: Undo?, _ inputs: Inputs) -> Observed<Outputs> {
        let change = Change(
            "databases/\(look.view.database.dbUniqueName)/key/version", from: look.newest.map { versionName($0.kid) },
            to: "a new version")
        guard case .success(let answers) = look.answers else {
            if case .failure(let silence) = look.answers { return .unknown(why: silence.says) }
            return .needed([change])
        }
        if let undo {
            let isNewThere = look.versions.contains { !undo.versionsBefore.contains($0.kid) }
            guard let isInUse = look.hasLeft(undo.masterKeysBefore) else {
                return .unknown(why: "The database shows no master key of its root container.")
            }
            if isNewThere, isInUse { return satisfied(look, answers) }
            if isNewThere != isInUse {
                return .partial(
                    [change],
                    why: isNewThere
                        ? "The vault has a new version, and the database still uses the key of before."
                        : "The database uses another key, and the vault shows no new version.")
            }
            return .needed([change])
        }
        switch look.isYounger(than: inputs.olderThan.duration) {
        case true?:
            return satisfied(
                look, answers,
                because: newKeyInUse(look, nil, inputs).text + " A key that came into use so lately, by a rotation or "
                    + "a move, is not rotated again.")
        case false?: return .needed([change])
        case nil: return .unknown(why: "The database does not tell since when its root container's key is in use.")
        }
    }

    private func satisfied(_ look: Look, _ answers: KeyAnswers, because: String? = nil) -> Observed<Outputs> {
        guard let newest = look.newest else { return .unknown(why: "The vault shows no version of the key.") }
        return .satisfied(
            Outputs(
                version: versionName(newest.kid), versions: look.versions.count, masterKeys: answers.keys,
                alreadySoBecause: because))
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        let (before, inspected) = try await looking(inputs, context) { look, session, azure in
            let home = try azure.azure.keyVault.home(inputs.vaultUri)
            return (look, try await keyIsInspected(look.view, inputs, in: home, session))
        }
        guard inspected.isMet else {
            throw StepError.permanent(
                "oracle-dr-setup.other-key", inspected.text,
                remedy:
                    "Name the vault and the key that Oracle has registered for the database, by id, kind and address.")
        }
        guard case .success = before.answers else {
            throw StepError.retryable(
                "oracle-dr-setup.database-silent", "The database does not tell which keys it uses.",
                remedy: "Look why it cannot be asked by SQL.")
        }
        guard !before.rootKeys.isEmpty else {
            throw StepError.permanent(
                "oracle-dr-setup.no-root-key", "The database shows no master key of its root container.",
                remedy: "Look at v$encryption_keys: without it no rotation can be shown.")
        }
        var undo = Undo(versionsBefore: before.versions.map(\.kid), masterKeysBefore: before.rootKeys.map(\.id))
        try await OracleSession.run(context, reads: false) { session in
            try await gate.begin(undo: undo)
            context.progress("rotating the key of \(before.view.name)")
            let operation = try await session.oracle.databases.rotateKey(of: before.view.read)
            undo.operation = operation
            try await gate.begin(undo: undo)
            try await session.afterEffect {
                let end = try await session.followDatabase(operation, context)
                try await session.settle(inputs.database, context)
                if let reason = end.failure {
                    throw StepError.unknownOutcome(
                        "oracle-dr-setup.not-rotated", reason,
                        remedy: "Look which version the database uses, then decide.")
                }
            }
        }
        switch standing(try await looking(inputs, context) { look, _, _ in look }, undo, inputs) {
        case .satisfied(let outputs): return outputs
        case .partial(_, let why), .unknown(let why):
            throw StepError.unknownOutcome("oracle-dr-setup.not-rotated", why)
        case .needed, .absent, .unfinished:
            throw StepError.unknownOutcome(
                "oracle-dr-setup.not-rotated",
                "The service says that it was done, and neither side shows a new version.")
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        let undo = try context.recordedUndo(as: Undo.self)
        return try await looking(inputs, context) { look, _, _ in
            let young = newKeyInUse(look, undo, inputs)
            let several: Finding =
                look.versions.count > 1
                ? versionsKept(look) : .unmet("The vault shows \(look.versions.count) version of the key.")
            return [
                young.condition("new-key-in-use", evidence: ["sql"]), several.condition("old-versions-kept"),
                look.answers.finding(\.keystoresOpen).condition("keystores-open", evidence: ["sql"]),
                look.view.isAvailable.condition("database-available", evidence: ["database", "requests"]),
            ]
        }
    }

    /// A rotation of this run is known by the keys that it found, however long ago it was. Only without it age must tell.
    private func newKeyInUse(_ look: Look, _ undo: Undo?, _ inputs: Inputs) -> Finding {
        if let undo {
            return switch look.hasLeft(undo.masterKeysBefore) {
            case true?: .met("The root container uses another key than before this run's rotation.")
            case false?: .unmet("The root container still uses the key of before this run's rotation.")
            case nil: .unverifiable("The database shows no master key of its root container.")
            }
        }
        return switch look.isYounger(than: inputs.olderThan.duration) {
        case true?: .met("The key in use is younger than \(inputs.olderThan.duration.readable).")
        case false?: .unmet("The key in use is older than \(inputs.olderThan.duration.readable).")
        case nil: .unverifiable("The database does not tell since when its root container's key is in use.")
        }
    }

    private func looking<Value>(
        _ inputs: Inputs, _ context: StepContext,
        _ work: (Look, OracleSession, AzureSession) async throws -> Value
    ) async throws -> Value {
        try await Databases.runOracle(context) { databases in
            try await OracleSession.run(context) { session in
                let view = try await KeyedDatabase.read(inputs.database, session)
                try context.evidence("database", view.evidence)
                let answers = try await KeyAnswers.ask(view, databases)
                return try await AzureSession.run(context) { azure in
                    let home = try azure.azure.keyVault.home(inputs.vaultUri)
                    let versions = try await azure.azure.keyVault.versions(of: inputs.key, in: home)
                    return try await work(Look(view: view, answers: answers, versions: versions), session, azure)
                }
            }
        }
    }
}

/// The last part of a key's id.
private func versionName(_ kid: String) -> String { kid.split(separator: "/").last.map(String.init) ?? kid }
