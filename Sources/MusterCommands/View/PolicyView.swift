// SPDX-License-Identifier: Apache-2.0

internal import MusterApproval
internal import MusterDocuments
internal import MusterMachine
internal import MusterModel

/// A policy as people compare it, and as programs read it.
struct PolicyView {
    let policy: PolicyAt
    /// Nil where the catalog never had a policy.
    let trust: PolicyApplied.Trust?
    let number: Int?
    /// What is wrong with its consents; nil: nothing that the catalog tells.
    let flaw: String?

    func lines(_ style: Style) -> [String] {
        guard let trust, let number else { return ["The catalog says nothing of approvals: every run may begin."] }
        var lines = [
            "Policy \(policy.files.digest)", "  number \(number) at commit \(policy.commit.short), \(Self.text(trust))",
        ]
        if let flaw { lines.append(style("  ! \(flaw)", .warning)) }
        lines.append("  persons:")
        lines += persons.map { name, emails, keys in
            let addresses = emails.isEmpty ? "no address" : emails.map(visibleText).joined(separator: ", ")
            return "    \(name): \(addresses); " + (keys == 1 ? "1 key" : keys == 0 ? "no key" : "\(keys) keys")
        }
        lines.append("  groups:")
        lines += groups.map { "    \($0): \($1.joined(separator: ", "))" }
        for (environment, rule) in rules {
            lines.append("  in \(environment):")
            lines += ApprovalView(style: style).lines(rule).dropFirst(2).map { "  " + $0 }
            let glass = (rule.breakGlass ?? []).sorted()
            lines.append("    break-glass: " + (glass.isEmpty ? "nobody" : glass.joined(separator: ", ")))
        }
        lines.append(
            "  another policy needs the consent of "
                + (policy.policy.change.map { "\($0.count) of \($0.group)" } ?? "somebody, and this one names nobody"))
        return lines
    }

    var json: JSON {
        let change: JSON =
            policy.policy.change.map { ["group": .string($0.group), "count": .int(Int64($0.count))] } ?? .null
        return [
            "policy": .string(policy.files.digest.description), "commit": .string(policy.commit.hex),
            "number": number.map { .int(Int64($0)) } ?? .null, "trust": trust.map { .string($0.rawValue) } ?? .null,
            "flaw": flaw.map { .string($0) } ?? .null,
            "persons": .object(
                Dictionary(
                    uniqueKeysWithValues: persons.map { name, emails, keys in
                        (name, ["emails": .array(emails.map { .string($0) }), "keys": .int(Int64(keys))])
                    })),
            "groups": .object(
                Dictionary(uniqueKeysWithValues: groups.map { ($0, .array($1.map { .string($0) })) })),
            "approvals": .object(Dictionary(uniqueKeysWithValues: rules.map { ($0, Self.json($1)) })),
            "policyChange": change,
        ]
    }

    private static func json(_ rule: ApprovalRule) -> JSON {
        [
            "require": .array(rule.require.map { ["group": .string($0.group), "count": .int(Int64($0.count))] }),
            "excludeAuthors": .bool(rule.excludesAuthors), "lifeSeconds": .int(rule.life.components.seconds),
            "breakGlass": .array((rule.breakGlass ?? []).sorted().map { .string($0) }),
        ]
    }

    private var persons: [(name: String, emails: [String], keys: Int)] {
        let keys = policy.signers.keys.reduce(into: [String: Int]()) { $0[$1.person, default: 0] += 1 }
        return Set(policy.policy.persons.keys).union(keys.keys).sorted().map { name in
            (name, policy.policy.persons[name] ?? [], keys[name] ?? 0)
        }
    }

    private var groups: [(String, [String])] {
        policy.policy.groups.sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted()) }
    }

    private var rules: [(String, ApprovalRule)] { policy.policy.rules.sorted { $0.key < $1.key }.map { ($0, $1) } }

    private static func text(_ trust: PolicyApplied.Trust) -> String {
        switch trust {
        case .firstUse: "trusted on first use"
        case .known: "trusted"
        case .consented: "the policy before it consented"
        }
    }
}
