// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterMachine
internal import MusterModel
internal import MusterSigning

/// The persons of a policy who carried a run out, as its journal tells: whose keys may sign the run's record.
///
/// Who signed for operating it is one; and whoever git named when it began, went on, was brought back or was ended, as far as the
/// addresses of a policy lead to a person.
struct RunPeople {
    /// They may sign the record at its end.
    let operators: Set<String>
    /// They may sign a commit on the way: also who decided about a step, had the run pause, or opened a gate.
    let all: Set<String>
    /// Whoever began it is nobody's address: then nobody can tell whose key it should be.
    let isUntied: Bool

    init(_ reading: JournalReading, by policies: [PolicyAt]) { self.init(reading.entries, by: policies) }

    /// - Parameter entries: a journal's, from its first one on.
    init(_ entries: some Sequence<JournalEntry>, by policies: [PolicyAt]) {
        var operators: Set<String> = []
        var names: Set<String> = []
        var others: Set<String> = []
        var approvers: Set<String> = []
        var first: String?
        for entry in entries {
            switch entry.event {
            case .runCreated(let body):
                first = body.operatorName
                names.insert(body.operatorName)
            case .runResumed(let body): names.insert(body.by)
            case .rollbackRequested(let body): names.insert(body.by)
            case .stopRequested(let body): names.insert(body.by)
            case .pauseRequested(let body): others.insert(body.by)
            case .stepDecided(let body): others.insert(body.person)
            case .approvalRecorded(let body):
                if body.decision == .operate { operators.insert(body.approver) }
                // At a gate of a run at rest whoever brings the word writes it down.
                if body.step != nil { approvers.insert(body.approver) }
            default: break
            }
        }
        isUntied = operators.isEmpty && first.flatMap { Self.person($0, policies) } == nil
        operators.formUnion(names.compactMap { Self.person($0, policies) })
        self.operators = operators
        all = operators.union(approvers).union(others.compactMap { Self.person($0, policies) })
    }

    /// The person behind a name and address as git has them. Signers may be called by their addresses, as git itself likes it.
    private static func person(_ name: String, _ policies: [PolicyAt]) -> String? {
        guard let open = name.lastIndex(of: "<"), name.hasSuffix(">") else { return nil }
        let email = name[name.index(after: open)...].dropLast().lowercased()
        for policy in policies {
            if let person = policy.person(named: name) { return person }
            if let key = policy.signers.keys.first(where: { $0.person.lowercased() == email }) { return key.person }
        }
        return nil
    }
}

/// Whose signature something is, by the signers of some policies.
struct SignatureHolder {
    let tool: any SignatureTool
    let policies: [PolicyAt]

    /// The first of the persons with whose key it was made; nil for none of them.
    ///
    /// - Parameter persons: nil: anybody whom a policy knows a key of.
    func person(
        of signature: String, over bytes: [UInt8], namespace: String, at moment: Timestamp, among persons: Set<String>?
    ) throws(MusterError) -> String? {
        var tried: Set<String> = []
        for policy in policies {
            let known = Set(policy.signers.keys.map(\.person))
            for person in (persons.map { $0.intersection(known) } ?? known).sorted() {
                guard tried.insert(person + "\n" + String(decoding: policy.signersBytes, as: UTF8.self)).inserted else {
                    continue
                }
                let verdict = try tool.verdict(
                    on: signature, over: bytes, person: person, signers: policy.signersBytes, namespace: namespace,
                    at: moment)
                if verdict == .good { return person }
            }
        }
        return nil
    }
}
