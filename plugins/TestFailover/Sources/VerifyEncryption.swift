// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin
internal import MusterSQL
internal import SQLSteps

/// Asks the databases of one side of a failover group what encrypts them, and holds it against the servers' settings.
struct VerifyEncryption: ReportStep {
    static let name = "verify-encryption"
    static let definition = PackageResources.verify_encryption_yaml

    enum Side: String, Decodable, Sendable { case primary, secondary }

    struct Inputs: Decodable, Sendable {
        let failoverGroup: ResourceID
        let side: Side
        let within: Span
    }

    struct Outputs: Hashable, Codable, Sendable {
        let server: String
        let thumbprint: String
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        let group = try await checkGroup(inputs.failoverGroup, context)
        return group + [try await asked(inputs, context).condition("databases-answer", evidence: ["sql", "requests"])]
    }

    /// Driver, sign-in and network, before anything is changed. Once the run has begun the proof itself tells.
    private func asked(_ inputs: Inputs, _ context: StepContext) async throws -> Finding {
        if let before = context.lookedAtBefore { return before }
        guard inputs.side == .primary else { return .met("A secondary need not be readable, so it is not asked here.") }
        return try await Databases.run(context) { databases in
            try await AzureSession.run(context) { session in
                let view = try await GroupView.read(inputs.failoverGroup, session.azure.sql)
                guard let primary = view.primary, let database = view.databases.first else {
                    return .unverifiable("\(view.name) has no primary that is known, or no database.")
                }
                let endpoint = try await Endpoint(server: primary, session)
                switch try await answer(endpoint.target(database, .readWrite), databases) {
                case .rows, .foreign: return .met("\(database) on \(primary.name) answers.")
                case .failed(let error):
                    let says = "\(database) on \(primary.name): \(error)" + (error.remedy.map { " \($0)" } ?? "")
                    return error.isOutage ? .unverifiable(says) : .unmet(says)
                }
            }
        }
    }

    func report(_ inputs: Inputs, _ context: StepContext) async throws -> Report<Outputs> {
        try await Databases.run(context) { databases in
            try await AzureSession.run(context) { session in
                let proof = try await session.wait(within: inputs.within.duration, context) {
                    let proof = try await look(inputs, databases, session)
                    return proof.passing.map { .notYet(proof, "waiting: \($0)") } ?? .done(proof)
                }
                return report(proof, inputs)
            }
        }
    }

    private func report(_ proof: EncryptionProof, _ inputs: Inputs) -> Report<Outputs> {
        let shown = ["sql", "requests"]
        // A group without a database is encrypted only in words.
        let none: Finding? = proof.answers.isEmpty ? .unmet("The group holds no database, so nothing is shown.") : nil
        let conditions = [
            (none ?? proof.isEncrypted).condition("databases-encrypted", evidence: shown),
            (none ?? proof.encryptorFits).condition("encryptor-fits", evidence: shown),
            (none ?? proof.thumbprintFits).condition("thumbprint-of-protector", evidence: shown),
        ]
        let isShown = conditions.allSatisfy { $0.verdict == .met }
        return Report(
            conditions,
            isShown ? Outputs(server: proof.server, thumbprint: proof.thumbprints.joined(separator: ", ")) : nil)
    }

    private func look(
        _ inputs: Inputs, _ databases: Databases, _ session: AzureSession
    ) async throws -> EncryptionProof {
        let view = try await GroupView.read(inputs.failoverGroup, session.azure.sql)
        guard case .settled(let primary, let secondary) = view.roles else {
            throw StepError.retryable(
                "test-failover.roles-unclear", "The servers of \(view.name) do not agree on their roles.")
        }
        let isPrimary = inputs.side == .primary
        let asked = isPrimary ? primary : secondary
        let expected = try await expectation(of: asked, partner: isPrimary ? secondary : primary, isPrimary, session)
        let endpoint = try await Endpoint(server: asked, session)
        var answers: [(database: String, answer: EncryptionProof.Answer)] = []
        for database in view.databases {
            let target = endpoint.target(database, isPrimary ? .readWrite : .readOnly)
            answers.append((database, try await answer(target, databases)))
        }
        return EncryptionProof(server: asked.name, expected: expected, answers: answers)
    }

    private func answer(_ target: SQLTarget, _ databases: Databases) async throws -> EncryptionProof.Answer {
        do {
            let rows = try await databases.ask(target, EncryptionRow.query)
            return EncryptionRow.read(rows).map { .rows($0) } ?? .foreign(rows.columns)
        } catch let error as SQLError {
            return .failed(error)
        }
    }

    private func expectation(
        of server: ResourceID, partner: ResourceID, _ isPrimary: Bool, _ session: AzureSession
    ) async throws -> ExpectedEncryptor {
        let own = try await ServerView.read(server, session.azure.sql)
        let other = try await ServerView.read(partner, session.azure.sql)
        var registered: [String: String] = [:]
        for entry in own.keyList + other.keyList {
            if let thumbprint = entry.thumbprint { registered[thumbprint.uppercased()] = entry.name }
        }
        let views = isPrimary ? [own] : [own, other]
        return ExpectedEncryptor(right: try views.map(protector), registered: registered)
    }

    /// The service does not answer the thumbprint with the protector; the server key of its name has it.
    private func protector(_ view: ServerView) throws -> ExpectedEncryptor.Key {
        let protector = try view.protector.get()
        guard protector.properties.serverKeyType == "AzureKeyVault" else {
            return ExpectedEncryptor.Key(server: view.id.name)
        }
        let key = try view.keys.get().first { $0.name.lowercased() == protector.keyName.lowercased() }
        return ExpectedEncryptor.Key(
            server: view.id.name, keyName: protector.keyName, thumbprint: key?.properties.thumbprint?.uppercased())
    }
}

/// The one precondition of the steps that only need the group.
func checkGroup(_ group: ResourceID, _ context: StepContext) async throws -> [Condition] {
    try await AzureSession.run(context) { session in
        let view = try await attempt { () throws(AzureError) in try await GroupView.read(group, session.azure.sql) }
        return [GroupView.exists(view, group).condition("group-joins-servers")]
    }
}
