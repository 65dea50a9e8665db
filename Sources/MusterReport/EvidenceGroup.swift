// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Something that regulators and auditors want to know of an exercise, with what of the record answers it.
package struct EvidenceGroup: Hashable, Sendable, Codable {
    package struct Item: Hashable, Sendable, Codable {
        package var asks: String
        /// Where it stands: a member of record.json, or a file of the record. Nil where records have no place for it.
        package var field: String?
        /// Nil: not recorded.
        package var answer: String?
    }

    package var number: Int
    package var title: String
    package var clauses: [EvidenceClause]
    package var items: [Item]

    init(_ number: Int, _ title: String, _ clauses: [EvidenceClause], _ items: [Item]) {
        self.number = number
        self.title = title
        self.clauses = clauses
        self.items = items
    }

    static func all(for report: Report) -> [EvidenceGroup] {
        let before = EvidenceBefore(report: report)
        let during = EvidenceDuring(report: report)
        let after = EvidenceAfter(report: report)
        return before.groups + during.groups + after.groups
    }
}

extension EvidenceGroup.Item {
    /// - Parameter answer: nothing and an empty text alike are *not recorded*.
    init(_ asks: String, _ field: String?, _ answer: String?) {
        self.init(asks: asks, field: field, answer: answer.flatMap { $0.isEmpty ? nil : $0 })
    }
}

/// A clause of a framework, with what it wants in a few words of our own.
package struct EvidenceClause: Hashable, Sendable, Codable {
    package var framework: String
    package var clause: String
    package var wants: String

    /// `DORA Art. 12(6)`
    var name: String { "\(framework) \(clause)" }

    private init(_ framework: String, _ clause: String, _ wants: String) {
        self.framework = framework
        self.clause = clause
        self.wants = wants
    }
}

extension EvidenceClause {
    private static func dora(_ clause: String, _ wants: String) -> EvidenceClause { .init("DORA", clause, wants) }
    private static func nist(_ clause: String, _ wants: String) -> EvidenceClause {
        .init("NIST 800-53", clause, wants)
    }
    private static func soc(_ clause: String, _ wants: String) -> EvidenceClause { .init("SOC 2", clause, wants) }

    static let dora11Tests = dora("Art. 11(6)", "continuity plans are tested yearly and after great changes")
    static let dora11Records = dora("Art. 11(8)", "records of what was done are at hand")
    static let dora12Objectives = dora("Art. 12(6)", "recovery has objectives of time and of data")
    static let dora12Checks = dora("Art. 12(7)", "recovered data is checked, in more than one way")
    static let dora24Testers = dora("Art. 24(4)", "testers are independent")
    static let dora24Remedies = dora("Art. 24(5)", "what tests find is ranked, remedied and validated")
    static let dora24Systems = dora("Art. 24(6)", "systems of important functions are tested yearly")
    static let dora25 = dora("Art. 25(1)", "tests follow scenarios from end to end")
    static let rts25 = EvidenceClause(
        "RTS 2024/1774", "Art. 25", "scenarios, switchover, third parties; results on paper, deficiencies followed up")
    static let iso = EvidenceClause(
        "ISO 22301", "8.5", "exercises with aims and scenarios, a report afterwards, and acts that follow from it")
    static let socA13 = soc("A1.3", "recovery plans are tested, backups proven whole")
    static let socCC75 = soc("CC7.5", "recovery restores, learns and improves")
    static let socCC81 = soc("CC8.1", "changes are authorised, tested and approved")
    static let nistAC5 = nist("AC-5", "duties are separated")
    static let nistAU3 = nist("AU-3", "what, when, where, source, outcome, who")
    static let nistAU8 = nist("AU-8", "time stamps in UTC")
    static let nistAU9 = nist("AU-9", "the audit trail is protected")
    static let nistAU10 = nist("AU-10", "who did it cannot be denied")
    static let nistCM3 = nist("CM-3", "changes are controlled and kept")
    static let nistCM54 = nist("CM-5(4)", "two people agree to a change")
    static let nistCP2 = nist("CP-2", "the plan names functions, people and systems")
    static let nistCP4a = nist("CP-4 a", "the plan is tested")
    static let nistCP4b = nist("CP-4 b", "the results are reviewed")
    static let nistCP4c = nist("CP-4 c", "what is wrong is mended")
    static let nistCP44 = nist("CP-4(4)", "the way back to normal is tested too")
    static let nistCP10 = nist("CP-10", "recovery to a known state, in time")
}

/// A framework's clause, and the numbers of the groups that answer it.
struct EvidenceIndex {
    struct Row {
        var clause: EvidenceClause
        var groups: [Int]
    }

    let rows: [Row]

    init(_ groups: [EvidenceGroup]) {
        var rows: [Row] = []
        for group in groups {
            for clause in group.clauses {
                if let index = rows.firstIndex(where: { $0.clause == clause }) {
                    rows[index].groups.append(group.number)
                } else {
                    rows.append(Row(clause: clause, groups: [group.number]))
                }
            }
        }
        let order = ["DORA", "RTS 2024/1774", "ISO 22301", "SOC 2", "NIST 800-53"]
        self.rows = rows.sorted {
            let left = (order.firstIndex(of: $0.clause.framework) ?? order.count, $0.clause.clause)
            let right = (order.firstIndex(of: $1.clause.framework) ?? order.count, $1.clause.clause)
            return left < right
        }
    }
}
