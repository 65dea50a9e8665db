// SPDX-License-Identifier: Apache-2.0

import MusterExpressions
package import MusterModel

/// What `muster.yaml` says of approvals, held against itself.
struct ApprovalLint {
    let root: LocatedValue
    let policy: ApprovalPolicy
    private let known: PolicyNames

    init(root: LocatedValue, policy: ApprovalPolicy) {
        self.root = root
        self.policy = policy
        known = PolicyNames(policy)
    }

    func check(into diagnostics: inout [Diagnostic]) {
        checkAddresses(into: &diagnostics)
        for (group, list) in (root["groups"]?.members ?? []).map({ ($0.name, $0.value) }) {
            checkMembers(of: group, list, into: &diagnostics)
        }
        for rule in root["approvals"]?.members ?? [] {
            Self.check(rule.value, of: policy, known, into: &diagnostics)
        }
        checkChange(into: &diagnostics)
    }

    /// An address that two persons have would name neither.
    private func checkAddresses(into diagnostics: inout [Diagnostic]) {
        var seen: [String: String] = [:]
        for person in root["persons"]?.members ?? [] {
            for address in person.value.texts("emails") {
                let other = seen.updateValue(person.name, forKey: address.value.lowercased())
                guard let other else { continue }
                diagnostics.append(
                    Diagnostic(
                        code: "policy.doubled-email", "'\(address.value)' stands for '\(other)' already",
                        help: "An address names one person.", at: address.location))
            }
        }
    }

    private func checkMembers(of group: String, _ list: LocatedValue, into diagnostics: inout [Diagnostic]) {
        var seen: Set<String> = []
        for member in (list.list ?? []).compactMap(\.text) {
            if policy.persons[member.value] == nil {
                let help = known.person(near: member.value)
                diagnostics.append(
                    Diagnostic(
                        code: "policy.unknown-person", "The group '\(group)' names '\(member.value)', who is no person",
                        help: help ?? "Add it to 'persons'.", at: member.location))
            }
            if !seen.insert(member.value).inserted {
                diagnostics.append(
                    Diagnostic(
                        code: "policy.doubled-person", "'\(member.value)' stands twice in the group '\(group)'",
                        at: member.location))
            }
        }
    }

    private func checkChange(into diagnostics: inout [Diagnostic]) {
        if let change = root["policy-change"] { Self.check(count: change, of: policy, known, into: &diagnostics) }
        guard policy.change == nil, let first = root["persons"] ?? root["groups"] ?? root["approvals"] else { return }
        diagnostics.append(
            Diagnostic(
                code: "policy.no-consent", "Nobody is named whose consent a change of the policy needs",
                help: "Add policy-change: { group: NAME, count: N }.", at: first.location))
    }

    /// A rule, in `muster.yaml` or in an environment, against the groups that there are.
    static func check(
        _ rule: LocatedValue, of policy: ApprovalPolicy, _ known: PolicyNames,
        into diagnostics: inout [Diagnostic]
    ) {
        for item in rule["require"]?.list ?? [] { check(count: item, of: policy, known, into: &diagnostics) }
        let items = (rule["require"]?.list ?? []).compactMap { $0["group"]?.text }
        reportDoubled(items, code: "policy.doubled-group", "requirements of the group", into: &diagnostics)
        for group in (rule["break-glass"]?.list ?? []).compactMap(\.text) {
            check(group: group, of: policy, known, into: &diagnostics)
        }
    }

    private static func check(
        count item: LocatedValue, of policy: ApprovalPolicy, _ known: PolicyNames,
        into diagnostics: inout [Diagnostic]
    ) {
        guard let name = item["group"]?.text else { return }
        check(group: name, of: policy, known, into: &diagnostics)
        guard let group = policy.groups[name.value], let count = GroupCount(item)?.count, group.count < count else {
            return
        }
        diagnostics.append(
            Diagnostic(
                code: "policy.too-few-persons",
                "The group '\(name.value)' has \(group.count) persons, and \(count) are wanted",
                help: "Nobody could ever meet this.", at: (item["count"] ?? item).location))
    }

    private static func check(
        group name: Located<String>, of policy: ApprovalPolicy, _ known: PolicyNames,
        into diagnostics: inout [Diagnostic]
    ) {
        guard policy.groups[name.value] == nil else { return }
        diagnostics.append(
            Diagnostic(
                code: "policy.unknown-group", "There is no group '\(name.value)'",
                help: known.group(near: name.value)
                    ?? (known.groups.isEmpty ? "muster.yaml has no groups." : "There are \(listed(known.groups))."),
                at: name.location))
    }
}

/// The names of a policy in order, put so once for all the errors that offer them.
final class PolicyNames {
    private let policy: ApprovalPolicy
    private let allowance = SuggestionAllowance()
    private(set) lazy var persons = policy.persons.keys.sorted()
    private(set) lazy var groups = policy.groups.keys.sorted()

    init(_ policy: ApprovalPolicy) { self.policy = policy }

    func person(near name: String) -> String? { allowance.suggestion(for: name, in: persons) }
    func group(near name: String) -> String? { allowance.suggestion(for: name, in: groups) }
}

extension Environment {
    /// What this environment's document adds to the rule that `muster.yaml` has for it.
    package var approvals: ApprovalRule? { ApprovalRule(root["approvals"]) }

    /// The environment's own rule, held against the policy that it adds to.
    package func lintApprovals(_ policy: ApprovalPolicy) -> [Diagnostic] {
        guard let rule = root["approvals"] else { return [] }
        var diagnostics: [Diagnostic] = []
        ApprovalLint.check(rule, of: policy, PolicyNames(policy), into: &diagnostics)
        guard let base = policy.rule(named: name.value), let own = approvals else { return diagnostics }
        func weaker(_ what: String, at location: SourceLocation) {
            diagnostics.append(
                Diagnostic(
                    .warning, code: "policy.no-effect", "\(what) has no effect: muster.yaml asks for more",
                    help: "An environment adds to what muster.yaml asks for, and takes nothing away.", at: location))
        }
        if let life = rule["life"], own.life > base.life { weaker("'life'", at: life.location) }
        if let authors = rule["exclude-authors"], !own.excludesAuthors, base.excludesAuthors {
            weaker("'exclude-authors'", at: authors.location)
        }
        for group in (rule["break-glass"]?.list ?? []).compactMap(\.text)
        where base.breakGlass?.contains(group.value) != true {
            weaker("'\(group.value)' under 'break-glass'", at: group.location)
        }
        return diagnostics
    }
}
