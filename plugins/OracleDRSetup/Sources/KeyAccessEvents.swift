// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import CloudSteps
internal import MusterModel
internal import MusterPlugin

/// Asks the vault's audit log whether every identity has used a key: what is granted shows there to be effective.
struct KeyAccessEvents: ReportStep {
    static let name = "key-access-events"
    static let definition = PackageResources.key_access_events_yaml

    struct Inputs: Decodable, Sendable {
        let vault: ResourceID
        let key: String
        let members: [String]
        let operations: [String]
        let since: String?
        let patience: Span
    }

    struct Outputs: Hashable, Codable, Sendable { let uses: Int }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let trail = try await AuditTrail.read(inputs.vault, session)
            let searchable = trail.isSearchable
            return [
                searchable.condition("audit-log-searchable"),
                try await readable(trail, searchable, inputs, session).condition("log-readable"),
            ]
        }
    }

    private func readable(
        _ trail: AuditTrail, _ searchable: Finding, _ inputs: Inputs, _ session: AzureSession
    ) async throws -> Finding {
        guard case .met = searchable else { return .unverifiable("There is no log to be asked.") }
        let now = session.time.now
        let read = try await attempt { () throws(AzureError) in
            try await trail.uses(
                by: inputs.members, operations: inputs.operations, from: now.advanced(by: .seconds(-60)), to: now,
                session)
        }
        return read.finding { _ in .met("The log answers.") }
    }

    func report(_ inputs: Inputs, _ context: StepContext) async throws -> Report<Outputs> {
        guard !inputs.members.isEmpty, !inputs.operations.isEmpty else {
            throw StepError.permanent(
                "oracle-dr-setup.nobody", "No identity or no operation is given, so nothing can be shown.",
                remedy: "Give the object ids of the Arc machines as members, and what counts as use as operations.")
        }
        return try await AzureSession.run(context) { session in
            let start = try start(inputs, context, session)
            let trail = try await AuditTrail.read(inputs.vault, session)
            let found = try await session.wait(within: inputs.patience.duration, pausingUpTo: .seconds(30), context) {
                let uses = try await look(trail, inputs, since: start, session)
                let missing = Self.missing(uses, inputs)
                return missing.isEmpty
                    ? .done(uses)
                    : .notYet(
                        uses, "waiting for the audit log to show that \(missing.joined(separator: ", ")) used the key")
            }
            try context.evidence("key-uses", found)
            return report(found, inputs, since: start)
        }
    }

    private func look(
        _ trail: AuditTrail, _ inputs: Inputs, since start: Timestamp, _ session: AzureSession
    ) async throws(AzureError) -> [KeyUse] {
        // A little into the future: the service's clock is not this machine's.
        let end = session.time.now.advanced(by: .seconds(300))
        return try await trail.uses(
            by: inputs.members, operations: inputs.operations, from: start, to: end, session
        ).filter { $0.key?.lowercased() == inputs.key.lowercased() }
    }

    private static func missing(_ uses: [KeyUse], _ inputs: Inputs) -> [String] {
        inputs.members.filter { member in !uses.contains { $0.isGood && $0.principal == member.lowercased() } }
    }

    private func report(_ uses: [KeyUse], _ inputs: Inputs, since start: Timestamp) -> Report<Outputs> {
        let missing = Self.missing(uses, inputs)
        let good = uses.filter(\.isGood).reduce(0) { $0 + $1.uses }
        let finding: Finding
        if missing.isEmpty {
            finding = .met(
                "Since \(start) the log shows \(good) uses of \(inputs.key), by each of \(inputs.members.count) identities."
            )
        } else {
            let refused = uses.filter { !$0.isGood && missing.map { $0.lowercased() }.contains($0.principal) }
            let why = refused.map { "\($0.principal) was answered \($0.status) to \($0.operation)" }
            finding = .unmet(
                "Since \(start) the log shows no use of \(inputs.key) by \(missing.joined(separator: ", "))."
                    + (why.isEmpty ? "" : " \(why.joined(separator: "; "))."))
        }
        return Report(
            [finding.condition("each-used-the-key", evidence: ["key-uses", "requests"])],
            missing.isEmpty ? Outputs(uses: good) : nil)
    }

    /// A run's id begins with the moment at which it was started.
    private func start(_ inputs: Inputs, _ context: StepContext, _ session: AzureSession) throws -> Timestamp {
        if let since = inputs.since {
            guard let moment = Timestamp(since) else {
                throw StepError.permanent(
                    "oracle-dr-setup.since", "\"\(since)\" is no moment.",
                    remedy: "Write it as 2026-11-21T20:00:00Z.")
            }
            return moment
        }
        // A look without a run asks about the last day.
        guard let run = context.run else { return session.time.now.advanced(by: .seconds(-86_400)) }
        guard let began = Self.started(run) else {
            throw StepError.permanent(
                "oracle-dr-setup.since", "The run's id \(run) does not tell when the run began.",
                remedy: "Give since: the moment from which on a use counts.")
        }
        return began
    }

    static func started(_ run: String) -> Timestamp? {
        let digits = Array(run)
        guard digits.count > 15, digits[8] == "-" else { return nil }
        func part(_ range: Range<Int>) -> String { String(digits[range]) }
        return Timestamp(
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z")
    }
}
