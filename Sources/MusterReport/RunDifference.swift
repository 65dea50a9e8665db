// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
package import MusterModel
package import MusterRecord

/// Two runs side by side: what is the same in both is counted, what differs is told.
package struct RunDifference: Hashable, Sendable, Codable {
    package struct Row: Hashable, Sendable, Codable {
        package var what: String
        /// Nil: that run has no such thing.
        package var first: String?
        package var second: String?
        /// How the second stands to the first, where both are numbers or times: `12 s longer`.
        package var change: String?
    }

    package struct Section: Hashable, Sendable, Codable {
        package var title: String
        /// How many things are the same in both.
        package var same: Int
        package var rows: [Row]
    }

    package var format = 1
    package var first: RunID
    package var second: RunID
    package var sections: [Section]

    package init(_ first: (record: RunRecord, plan: Plan), _ second: (record: RunRecord, plan: Plan)) {
        self.first = first.record.run
        self.second = second.record.run
        let (left, right) = (RunFacts(first.record, first.plan), RunFacts(second.record, second.plan))
        sections = [
            Self.section("run", left.run, right.run), Self.section("definitions", left.definitions, right.definitions),
            Self.section("plugins", left.plugins, right.plugins), Self.section("inputs", left.inputs, right.inputs),
            Self.section("environment", left.environment, right.environment),
            Self.section("decisions", left.decisions, right.decisions),
            Self.section("outcomes of steps", left.outcomes, right.outcomes),
            Self.section("deviations", left.deviations, right.deviations),
            Self.durations(first.record, second.record), Self.measures(first.record, second.record),
        ]
    }

    package var isSame: Bool { sections.allSatisfy(\.rows.isEmpty) }

    /// In the order of the first run, then what the second alone has.
    private static func section(_ title: String, _ left: [Fact], _ right: [Fact]) -> Section {
        var section = Section(title: title, same: 0, rows: [])
        let others = Dictionary(right.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        let names = Set(left.map(\.name))
        for fact in left {
            if others[fact.name] == fact.value {
                section.same += 1
            } else {
                section.rows.append(Row(what: fact.name, first: fact.value, second: others[fact.name]))
            }
        }
        for fact in right where !names.contains(fact.name) {
            section.rows.append(Row(what: fact.name, first: nil, second: fact.value))
        }
        return section
    }

    // MARK: Times

    /// No two runs take the same time to the millisecond: a tenth, or a second, more or less is the same.
    static func isAbout(_ first: Int64, _ second: Int64) -> Bool {
        let apart = abs(Double(second) - Double(first))
        return apart < 1000 || apart <= Double(max(first.magnitude, 1)) / 10
    }

    private static func durations(_ first: RunRecord, _ second: RunRecord) -> Section {
        var section = Section(title: "durations", same: 0, rows: [])
        func compare(_ what: String, _ left: Int64, _ right: Int64) {
            if isAbout(left, right) {
                section.same += 1
            } else {
                section.rows.append(
                    Row(what: what, first: timeText(left), second: timeText(right), change: change(left, right)))
            }
        }
        compare("the whole run", first.tookMilliseconds, second.tookMilliseconds)
        compare("waiting for people", first.waitedForPeopleMilliseconds, second.waitedForPeopleMilliseconds)
        let others = Dictionary(second.steps.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for step in first.steps {
            guard let left = step.tookMilliseconds, let right = others[step.id]?.tookMilliseconds else { continue }
            compare(step.id, left, right)
        }
        return section
    }

    private static func change(_ left: Int64, _ right: Int64) -> String {
        // A record that somebody pushed says any time.
        "\(timeText(Int64(clamping: (Int128(right) - Int128(left)).magnitude))) \(right > left ? "longer" : "shorter")"
    }

    private static func measures(_ first: RunRecord, _ second: RunRecord) -> Section {
        var section = Section(title: "measures", same: 0, rows: [])
        let others = Dictionary(second.measures.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for measure in first.measures {
            let other = others[measure.id]
            let texts = (text(measure), other.map(text))
            guard texts.0 != texts.1 else {
                section.same += 1
                continue
            }
            let change: String? =
                if let left = measure.measuredMilliseconds, let right = other?.measuredMilliseconds, left != right {
                    Self.change(left, right)
                } else { nil }
            section.rows.append(Row(what: measure.id, first: texts.0, second: texts.1, change: change))
        }
        let names = Set(first.measures.map(\.id))
        for measure in second.measures where !names.contains(measure.id) {
            section.rows.append(Row(what: measure.id, first: nil, second: text(measure)))
        }
        return section
    }

    private static func text(_ measure: MeasureRecord) -> String {
        let verdict =
            switch measure.verdict {
            case .met: ", met"
            case .missed: ", not met"
            case .unknown: ""
            case .notApplicable, .noObjective: ""
            }
        let objective = measure.objective.map { " (objective \($0.text))" } ?? ""
        return (measure.measuredText ?? (measure.notApplicable == true ? "not applicable" : "not known")) + verdict
            + objective
    }
}

/// Something that a run has under a name.
private struct Fact {
    var name: String
    var value: String

    init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What of a run is held against another one.
private struct RunFacts {
    let record: RunRecord
    let plan: Plan

    init(_ record: RunRecord, _ plan: Plan) {
        self.record = record
        self.plan = plan
    }

    var run: [Fact] {
        [
            Fact("kind", record.kind.rawValue),
            Fact("runbook", "\(record.runbook.name) \(record.runbook.version)"),
            Fact("runbook's content", record.runbook.document.blob.short), Fact("outcome", record.outcome.phrase),
            Fact("operator", personName(record.operatorName)), Fact("host", record.host),
            Fact("Muster", record.engine), Fact("change", record.change ?? "none named"),
            Fact("catalog's commit", record.commit?.short ?? "uncommitted work"),
        ] + (record.why.map { [Fact("why", $0)] } ?? [])
    }

    /// By the definition's name, so that another version of it stands beside this one.
    var definitions: [Fact] {
        var byName: [String: [String]] = [:]
        for definition in record.definitions {
            let parts = definition.uses.split(separator: "@", maxSplits: 1)
            let version = parts.count == 2 ? String(parts[1]) : ""
            let content = definition.document.map { ", \($0.blob.short)" } ?? ""
            byName[String(parts.first ?? ""), default: []].append(version + content)
        }
        return byName.sorted { $0.key < $1.key }.map { Fact($0.key, $0.value.sorted().joined(separator: "; ")) }
    }

    var plugins: [Fact] { record.plugins.map { Fact($0.name, $0.executable.short) } }

    var inputs: [Fact] { record.inputs.sorted { $0.key < $1.key }.map { Fact($0.key, $0.value.text) } }

    var environment: [Fact] {
        [Fact("name", record.environment.name), Fact("digest", record.environment.digest.short)]
            + plan.environment.values.sorted { $0.key < $1.key }.map { Fact($0.key, $0.value.text) }
    }

    var decisions: [Fact] {
        let decided = record.steps.compactMap { step in
            step.decisions.map { all in
                Fact(
                    step.id,
                    all.map { "\($0.choice.rawValue) by \(personName($0.person))" }.joined(separator: ", then "))
            }
        }
        let kinds = Intervention.Kind.allCases.filter { $0 != .decided }
        let other = kinds.compactMap { kind -> Fact? in
            let count = (record.interventions ?? []).count { $0.kind == kind }
            return count == 0 ? nil : Fact("the run: \(kind.rawValue)", count == 1 ? "once" : "\(count) times")
        }
        return decided + other
    }

    var outcomes: [Fact] {
        record.steps.map { step in
            let failure = step.failure.map { ", \($0.code)" } ?? ""
            let attempts = step.attempts.count > 1 ? ", \(step.attempts.count) attempts" : ""
            return Fact(step.id, step.fullPhrase(in: record) + failure + attempts)
        }
    }

    var deviations: [Fact] {
        var counts: [Deviation.Kind: Int] = [:]
        for deviation in record.deviations { counts[deviation.kind, default: 0] += 1 }
        return Deviation.Kind.allCases.compactMap { kind in
            counts[kind].map { Fact(kind.rawValue, $0 == 1 ? "once" : "\($0) times") }
        }
    }
}
