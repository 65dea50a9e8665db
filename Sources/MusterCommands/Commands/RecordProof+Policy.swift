// SPDX-License-Identifier: Apache-2.0

internal import MusterApproval
internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel

/// Whether the policies that a record names are the catalog's. Whoever runs chooses the commit, and what stands in it: so it is held
/// against what others know of the catalog.
extension RecordProof {
    /// Nothing can be said of what a commit asked for that is not here; that is no damage where nothing is known to be asked.
    func commitMissing(_ commit: ObjectID, _ plan: Plan) -> Diagnostic {
        let what = "Commit \(commit.short), which everything was read from, is not in this repository"
        guard plan.kind != .rehearsal, policies.isGoverned else {
            return finding("record.commit-missing", what + ".", severity: .warning)
        }
        return Diagnostic(
            code: "record.commit-missing", what + ": whether its policy was the catalog's cannot be told.",
            help: "Fetch it from where it was pushed. A run of a commit that nobody else has proves nothing to them.")
    }

    /// The policies of the plan's commit, and of those that the run took for the newest, came from each other by consents.
    func governed(_ plan: Plan, _ files: [String: [UInt8]]) throws(MusterError) -> [Diagnostic] {
        guard plan.kind != .rehearsal, policies.isGoverned,
            // A journal that cannot be read is reported by the record's own checks.
            let reading = files["journal.jsonl"].flatMap({ try? JournalReading($0) }),
            let begun = reading.entries.first?.at
        else { return [] }
        guard let commit = plan.commit else {
            return [finding("record.policy-not-consented", "The run names no commit, so it was held to no policy.")]
        }
        guard try isHere(commit), let pinned = try policyDigest(commit) else { return [] }
        var findings: [Diagnostic] = []
        if !policies.holds(pinned), try !policies.isBefore(commit, at: begun) {
            findings.append(notConsented("The policy at the plan's commit \(commit.short)"))
        }
        let applied = reading.entries.compactMap { entry -> (Timestamp, Digest)? in
            if case .policyApplied(let body) = entry.event { (entry.at, body.newest) } else { nil }
        }
        for (_, newest) in applied where newest != pinned && !policies.holds(newest) {
            findings.append(notConsented("The policy \(newest.short), which the run took for the newest,"))
        }
        for (moment, newest) in applied.isEmpty ? [(begun, pinned)] : applied {
            guard let link = policies.links.last(where: { $0.digest == newest }), let until = link.until,
                link.wasFollowed(before: moment)
            else { continue }
            findings.append(
                Diagnostic(
                    .warning, code: "record.older-policy",
                    "At \(moment) the run was held to the policy \(newest.short), which another one had followed at \(until).",
                    help:
                        "Whoever ran it had not fetched, or had an old commit checked out. Read what the newer one asks."
                ))
        }
        return findings
    }

    /// A machine that trusts no policy yet believes the first that it meets; the history may know better. What followed it by
    /// consents, and what is told of the time before it, stands on it as well.
    func believed(_ plan: Plan) -> [Diagnostic] {
        guard plan.kind != .rehearsal, let earlier = policies.unheard.last else { return [] }
        let what =
            policies.isGoverned
            ? "What the run was held to is believed at first sight:"
            : "The catalog's newest commit has no policy, so the run was held to nothing:"
        return [
            Diagnostic(
                .warning, code: "record.policy-first-use",
                "\(what) the one at commit \(earlier.short) came before it and named persons, and nobody of them consented to what came after it.",
                help:
                    "See what was changed: git log -p -- muster.yaml policy. Compare the digest that muster policy prints with what those persons have."
            )
        ]
    }

    private func notConsented(_ what: String) -> Diagnostic {
        Diagnostic(
            code: "record.policy-not-consented", "\(what) is none to which the catalog's policies consented.",
            help: "See what this machine trusts: muster policy. What the run was held to is no approval.")
    }

    private func policyDigest(_ commit: ObjectID) throws(MusterError) -> Digest? {
        let found: [String: CatalogFile]
        do { found = try records.git.files(["muster.yaml", AllowedSigners.path], at: commit) } catch {
            // A commit without its files is reported with what was read from it.
            if ["git.missing-object", "git.corrupt-repository"].contains(error.code) { return nil }
            throw error
        }
        return PolicyFiles(
            configuration: found["muster.yaml"]?.content.bytes ?? [],
            signers: found[AllowedSigners.path]?.content.bytes
        ).digest
    }
}
