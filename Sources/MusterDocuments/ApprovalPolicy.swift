// SPDX-License-Identifier: Apache-2.0

import MusterModel

/// Who may agree to what in a catalog: the part of `muster.yaml` that says so (`docs/formats/policy-v1.md`).
///
/// Persons are the principals of the catalog's ``AllowedSigners``; here stand their e-mail addresses and groups.
package struct ApprovalPolicy: Hashable, Sendable {
    /// E-mail addresses by person, in lower case.
    package var persons: [String: [String]]
    package var groups: [String: Set<String>]
    /// By environment; ``everyEnvironment`` for those that are not named.
    package var rules: [String: ApprovalRule]
    /// Who consents to another policy; nil where there are no persons.
    package var change: GroupCount?

    package init(
        persons: [String: [String]] = [:], groups: [String: Set<String>] = [:], rules: [String: ApprovalRule] = [:],
        change: GroupCount? = nil
    ) {
        self.persons = persons
        self.groups = groups
        self.rules = rules
        self.change = change
    }

    /// Whether the catalog says nothing of who may agree.
    package var isEmpty: Bool { persons.isEmpty && groups.isEmpty && rules.isEmpty && change == nil }

    /// The one person with this address; nil for nobody's.
    package func person(email: String) -> String? {
        let wanted = email.lowercased()
        return persons.first { $0.value.contains(wanted) }?.key
    }

    /// What `muster.yaml` says of the environment, or of all that it does not name.
    func rule(named environment: String) -> ApprovalRule? { rules[environment] ?? rules[everyEnvironment] }

    /// The rule of an environment: what `muster.yaml` says, and what the environment's own document adds to it.
    package func rule(for environment: Environment) -> ApprovalRule? {
        switch (rule(named: environment.name.value), environment.approvals) {
        case (nil, nil): nil
        case (let rule?, nil), (nil, let rule?): rule
        case (let rule?, let more?): rule.adding(more)
        }
    }
}

/// So many persons of a group.
package struct GroupCount: Hashable, Sendable, Codable {
    package var group: String
    package var count: Int

    package init(group: String, count: Int) {
        self.group = group
        self.count = count
    }
}

/// What must be there before a plan is run in an environment.
package struct ApprovalRule: Hashable, Sendable {
    /// All of them, each by persons of its own.
    package var require: [GroupCount]
    /// Whoever wrote the runbook or a definition of the plan does not count.
    package var excludesAuthors: Bool
    /// How long a statement may live.
    package var life: Duration
    /// Groups whose members may run without the approvals; empty: nobody. Nil, in an environment's document: as `muster.yaml` says.
    package var breakGlass: [String]?

    package static let standardLife = Duration.seconds(24 * 3600)

    package init(
        require: [GroupCount], excludesAuthors: Bool = false, life: Duration = standardLife,
        breakGlass: [String]? = nil
    ) {
        self.require = require
        self.excludesAuthors = excludesAuthors
        self.life = life
        self.breakGlass = breakGlass
    }

    /// Both rules at once: never less than either of them asks for.
    package func adding(_ other: ApprovalRule) -> ApprovalRule {
        var counts: [String: Int] = [:]
        for item in require + other.require { counts[item.group] = max(counts[item.group] ?? 0, item.count) }
        let glass: [String]? =
            switch (breakGlass, other.breakGlass) {
            case (let mine?, let theirs?): mine.filter(theirs.contains)
            case (let one?, nil), (nil, let one?): one
            case (nil, nil): nil
            }
        return ApprovalRule(
            require: counts.sorted { $0.key < $1.key }.map { GroupCount(group: $0.key, count: $0.value) },
            excludesAuthors: excludesAuthors || other.excludesAuthors, life: min(life, other.life), breakGlass: glass)
    }
}

extension ApprovalRule {
    static let shape = ObjectShape([
        .optional(
            "require", .list(GroupCount.shape, atLeast: 1), "So many persons of each group; one person counts once"),
        .optional("exclude-authors", .boolean, "Authors of what the plan uses do not count; false without it"),
        .optional("life", .text(.duration), "How long a statement may live; 1d without it"),
        .optional(
            "break-glass", .list(.text(.kebab)), "Groups whose members may run without the approvals; none without it"),
    ])

    init?(_ value: LocatedValue?) {
        guard let value, value.members != nil else { return nil }
        self.init(
            require: (value["require"]?.list ?? []).compactMap(GroupCount.init),
            excludesAuthors: value["exclude-authors"]?.bool ?? false,
            life: value["life"]?.string.flatMap(Duration.init(durationText:)) ?? Self.standardLife,
            breakGlass: value["break-glass"]?.list?.compactMap(\.string))
    }
}

extension GroupCount {
    static let shape = Shape.object(
        .required("group", .text(.kebab), "A group of muster.yaml"),
        .optional("count", .integer(1...20), "How many of its persons; 1 without it"))

    init?(_ value: LocatedValue) {
        guard let group = value["group"]?.string else { return nil }
        self.init(group: group, count: Int(value["count"]?.int ?? 1))
    }
}

extension ApprovalPolicy {
    static let fields: [Field] = [
        .optional(
            "persons",
            .map(
                names: .person,
                .object(.optional("emails", .list(.text(.email), atLeast: 1), "As git names the person in commits"))),
            "Who may sign, by the names of policy/allowed-signers"),
        .optional("groups", .map(names: .kebab, .list(.text(.person), atLeast: 1)), "Persons by group"),
        .optional(
            "approvals", .map(names: .environmentOrAll, .object(ApprovalRule.shape)),
            "What a run needs, by environment; * for all that are not named"),
        .optional("policy-change", GroupCount.shape, "Whose consent another policy needs"),
    ]

    init(_ root: LocatedValue) {
        func members(_ name: String) -> [LocatedValue.Member] { root[name]?.members ?? [] }
        self.init(
            persons: Dictionary(
                members("persons").map { person in
                    (person.name, person.value.texts("emails").map { $0.value.lowercased() })
                }, uniquingKeysWith: { first, _ in first }),
            groups: Dictionary(
                members("groups").map { ($0.name, Set(($0.value.list ?? []).compactMap(\.string))) },
                uniquingKeysWith: { first, _ in first }),
            rules: Dictionary(
                members("approvals").compactMap { member in
                    ApprovalRule(member.value).map { rule in
                        var rule = rule
                        rule.breakGlass = rule.breakGlass ?? []
                        return (member.name, rule)
                    }
                }, uniquingKeysWith: { first, _ in first }),
            change: root["policy-change"].flatMap(GroupCount.init))
    }
}
