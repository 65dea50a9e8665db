// SPDX-License-Identifier: Apache-2.0

import MusterApproval
import MusterDocuments
import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// Who may let a run begin: each row says who operates, who wrote what runs, who signed what and when, and what is missing.
struct FourEyesMatrixTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var policy = base
        var newest: ApprovalPolicy?
        var operators: Set<String> = ["ada"]
        var authors: Set<String> = []
        var words: [Word] = []
        /// Nil: the run may begin.
        let missing: String?
        /// Codes of the statements that do not count.
        var refused: [String] = []
        var testDescription: String { name }
    }

    struct Word: Sendable {
        var by: String
        var decision = ApprovalStatement.Decision.approve
        /// Minutes before now.
        var age: Int64 = 5
        var minutes: Int64 = 60
        var flaw: String?
        var usedBy: RunID?
        var window: ChangeWindow?
        var change: @Sendable (inout ApprovalStatement) -> Void = { _ in }
    }

    static let now = Timestamp("2026-11-22T20:00:00Z")!
    static let thisRun = RunID("20261122-200000-drill-00000a")!
    static let otherRun = RunID("20261121-200000-drill-00000b")!

    static func policy(
        _ require: [GroupCount], authors: Bool = false, groups: [String: Set<String>] = groups,
        persons: [String] = ["ada", "anu", "ben", "cy", "dan"], life: Int64 = 480
    ) -> ApprovalPolicy {
        ApprovalPolicy(
            persons: Dictionary(uniqueKeysWithValues: persons.map { ($0, ["\($0)@example.org"]) }), groups: groups,
            rules: ["lab": ApprovalRule(require: require, excludesAuthors: authors, life: .seconds(life * 60))],
            change: GroupCount(group: "leads", count: 2))
    }

    static let groups: [String: Set<String>] = [
        "leads": ["ada", "anu", "ben"], "security": ["cy", "ben"], "one": ["dan"],
    ]
    static let two = [GroupCount(group: "leads", count: 2)]
    static let base = policy(two)
    static let both = policy([GroupCount(group: "leads", count: 1), GroupCount(group: "security", count: 1)])
    static let mixed = policy([GroupCount(group: "leads", count: 2), GroupCount(group: "security", count: 1)])

    static let windowNow = ChangeWindow(opens: now.advanced(by: .seconds(-60)), closes: now.advanced(by: .seconds(60)))
    static let windowPast = ChangeWindow(
        opens: now.advanced(by: .seconds(-600)), closes: now.advanced(by: .seconds(-60)))
    static let windowNext = ChangeWindow(
        opens: now.advanced(by: .seconds(60)), closes: now.advanced(by: .seconds(600)))

    static let counting: [Row] = [
        Row(name: "nobody", missing: "2 of 2 of leads"),
        Row(name: "one of two", words: [.init(by: "anu")], missing: "1 of 2 of leads"),
        Row(name: "two of two", words: [.init(by: "anu"), .init(by: "ben")], missing: nil),
        Row(name: "one person twice", words: [.init(by: "anu"), .init(by: "anu", age: 1)], missing: "1 of 2 of leads"),
        Row(
            name: "the operator is one of them", words: [.init(by: "ada"), .init(by: "ben")],
            missing: "1 of 2 of leads",
            refused: ["approval.own"]),
        Row(
            name: "the operator is one of three", words: [.init(by: "ada"), .init(by: "anu"), .init(by: "ben")],
            missing: nil, refused: ["approval.own"]),
        Row(
            name: "who went on with the run is one of them", operators: ["ada", "ben"],
            words: [.init(by: "anu"), .init(by: "ben")], missing: "1 of 2 of leads", refused: ["approval.own"]),
        Row(
            name: "outside of the group", words: [.init(by: "anu"), .init(by: "cy")], missing: "1 of 2 of leads",
            refused: ["approval.not-in-group"]),
        Row(
            name: "nobody of the policy", words: [.init(by: "anu"), .init(by: "eve")], missing: "1 of 2 of leads",
            refused: ["approval.unknown-person"]),
        Row(name: "one each of two groups", policy: both, words: [.init(by: "anu"), .init(by: "cy")], missing: nil),
        Row(
            name: "one person in two groups takes one seat", policy: both, words: [.init(by: "ben")],
            missing: "1 of 1 of security"),
        Row(name: "the seats can be dealt", policy: both, words: [.init(by: "ben"), .init(by: "anu")], missing: nil),
        Row(name: "dealt the other way", policy: both, words: [.init(by: "ben"), .init(by: "cy")], missing: nil),
        Row(
            name: "two and one, by two persons", policy: mixed, words: [.init(by: "anu"), .init(by: "ben")],
            missing: "1 of 1 of security"),
        Row(
            name: "two and one, by three persons", policy: mixed,
            words: [.init(by: "anu"), .init(by: "ben"), .init(by: "cy")], missing: nil),
        Row(
            name: "two and one, where the operator leads", policy: mixed, operators: ["ben"],
            words: [.init(by: "anu"), .init(by: "ada"), .init(by: "cy")], missing: nil),
        Row(
            name: "who starts it is no lead", operators: ["dan"], words: [.init(by: "anu"), .init(by: "ada")],
            missing: nil),
    ]

    static let authorship: [Row] = [
        Row(
            name: "an author counts where nothing is said", authors: ["anu"],
            words: [.init(by: "anu"), .init(by: "ben")], missing: nil),
        Row(
            name: "an author does not count", policy: policy(two, authors: true), authors: ["anu"],
            words: [.init(by: "anu"), .init(by: "ben")], missing: "1 of 2 of leads", refused: ["approval.author"]),
        Row(
            name: "all are authors", policy: policy(two, authors: true), authors: ["anu", "ben"],
            words: [.init(by: "anu"), .init(by: "ben")], missing: "2 of 2 of leads",
            refused: ["approval.author", "approval.author"]),
        Row(
            name: "an author who operates does no harm", policy: policy(two, authors: true), authors: ["ada"],
            words: [.init(by: "anu"), .init(by: "ben")], missing: nil),
        Row(
            name: "only the newest policy excludes authors", newest: policy(two, authors: true), authors: ["anu"],
            words: [.init(by: "anu"), .init(by: "ben")], missing: "1 of 2 of leads", refused: ["approval.author"]),
    ]

    static let policies: [Row] = [
        Row(
            name: "taken out of the group since", newest: policy(two, groups: ["leads": ["ada", "ben", "dan"]]),
            words: [.init(by: "anu"), .init(by: "ben")], missing: "1 of 2 of leads",
            refused: ["approval.not-in-group"]),
        Row(
            name: "put into the group since", policy: policy(two, groups: ["leads": ["ada", "ben"]]), newest: base,
            words: [.init(by: "anu"), .init(by: "ben")], missing: "1 of 2 of leads",
            refused: ["approval.not-in-group"]),
        Row(
            name: "no person any more", newest: policy(two, persons: ["ada", "ben"]),
            words: [.init(by: "anu"), .init(by: "ben")], missing: "1 of 2 of leads",
            refused: ["approval.unknown-person"]),
        Row(
            name: "the newest asks for more", newest: mixed, words: [.init(by: "anu"), .init(by: "ben")],
            missing: "1 of 1 of security"),
        Row(
            name: "the newest asks for less", policy: mixed, newest: base, words: [.init(by: "anu"), .init(by: "ben")],
            missing: "1 of 1 of security"),
        Row(
            name: "the newest asks for nothing", newest: ApprovalPolicy(persons: base.persons, groups: groups),
            words: [.init(by: "anu")], missing: "1 of 2 of leads"),
        Row(
            name: "the plan's asks for nothing", policy: ApprovalPolicy(persons: base.persons, groups: groups),
            newest: base, words: [.init(by: "anu")], missing: "1 of 2 of leads"),
        Row(
            name: "the newest allows a shorter life", newest: policy(two, life: 30),
            words: [.init(by: "anu"), .init(by: "ben")], missing: "2 of 2 of leads",
            refused: ["approval.life", "approval.life"]),
    ]

    static let times: [Row] = [
        Row(
            name: "ended", words: [.init(by: "anu", age: 61), .init(by: "ben")], missing: "1 of 2 of leads",
            refused: ["approval.expired"]),
        Row(
            name: "ends at this very moment", words: [.init(by: "anu", age: 60), .init(by: "ben")],
            missing: "1 of 2 of leads", refused: ["approval.expired"]),
        Row(name: "ends in a minute", words: [.init(by: "anu", age: 59), .init(by: "ben")], missing: nil),
        Row(
            name: "lives too long", words: [.init(by: "anu", minutes: 481), .init(by: "ben")],
            missing: "1 of 2 of leads", refused: ["approval.life"]),
        Row(name: "lives as long as it may", words: [.init(by: "anu", minutes: 480), .init(by: "ben")], missing: nil),
        Row(
            name: "is of the future", words: [.init(by: "anu", age: -3), .init(by: "ben")], missing: "1 of 2 of leads",
            refused: ["approval.not-yet"]),
        Row(
            name: "another clock is a minute ahead", words: [.init(by: "anu", age: -1), .init(by: "ben")], missing: nil),
        Row(
            name: "for the window that is open",
            words: [.init(by: "anu", window: windowNow), .init(by: "ben", window: windowNow)], missing: nil),
        Row(
            name: "for a window that is over", words: [.init(by: "anu", window: windowPast), .init(by: "ben")],
            missing: "1 of 2 of leads", refused: ["approval.window"]),
        Row(
            name: "for a window that is to come", words: [.init(by: "anu", window: windowNext), .init(by: "ben")],
            missing: "1 of 2 of leads", refused: ["approval.window"]),
    ]

    static let statements: [Row] = [
        Row(
            name: "a signature that does not hold", words: [.init(by: "anu", flaw: "no"), .init(by: "ben")],
            missing: "1 of 2 of leads", refused: ["approval.signature"]),
        Row(
            name: "used before", words: [.init(by: "anu", usedBy: otherRun), .init(by: "ben")],
            missing: "1 of 2 of leads", refused: ["approval.used"]),
        Row(
            name: "used by this run", words: [.init(by: "anu", usedBy: thisRun), .init(by: "ben", usedBy: thisRun)],
            missing: nil),
        Row(
            name: "rejected", words: [.init(by: "anu"), .init(by: "ben", decision: .reject)],
            missing: "ben rejected it, 1 of 2 of leads"),
        Row(
            name: "rejected by a third", policy: policy([GroupCount(group: "leads", count: 1)]),
            words: [.init(by: "anu"), .init(by: "ben", decision: .reject)], missing: "ben rejected it"),
        Row(
            name: "rejected and then approved",
            words: [.init(by: "anu", decision: .reject, age: 9), .init(by: "anu", age: 3), .init(by: "ben")],
            missing: nil),
        Row(
            name: "approved and then rejected",
            words: [.init(by: "anu", age: 9), .init(by: "anu", decision: .reject, age: 3), .init(by: "ben")],
            missing: "anu rejected it, 1 of 2 of leads"),
        Row(
            name: "a stranger's rejection stops nobody",
            words: [.init(by: "anu"), .init(by: "ben"), .init(by: "eve", decision: .reject)], missing: nil,
            refused: ["approval.unknown-person"]),
        Row(
            name: "a rejection that ended stops nobody",
            words: [.init(by: "anu", decision: .reject, age: 90), .init(by: "anu"), .init(by: "ben")], missing: nil,
            refused: ["approval.expired"]),
        Row(
            name: "the operator's word as an operator is no approval",
            words: [.init(by: "anu"), .init(by: "ben", decision: .operate)], missing: "1 of 2 of leads"),
        Row(
            name: "about another plan", words: [.init(by: "anu") { $0.plan = Digest(of: [1]) }, .init(by: "ben")],
            missing: "1 of 2 of leads", refused: ["approval.other-plan"]),
        Row(
            name: "about another environment", words: [.init(by: "anu") { $0.environment = "prod" }, .init(by: "ben")],
            missing: "1 of 2 of leads", refused: ["approval.other-environment"]),
        Row(
            name: "about another kind", words: [.init(by: "anu") { $0.kind = .change }, .init(by: "ben")],
            missing: "1 of 2 of leads", refused: ["approval.other-kind"]),
        Row(
            name: "about another change", words: [.init(by: "anu") { $0.change = "CHG2" }, .init(by: "ben")],
            missing: "1 of 2 of leads", refused: ["approval.other-change"]),
        Row(
            name: "about no change", words: [.init(by: "anu") { $0.change = nil }, .init(by: "ben")],
            missing: "1 of 2 of leads", refused: ["approval.other-change"]),
    ]

    static var rows: [Row] { counting + authorship + policies + times + statements }

    @Test(arguments: rows)
    func `a row of the matrix`(row: Row) throws {
        let plan = PlanFixture.plan([PlanFixture.step("a")])
        let subject = ApprovedPlan(Self.named(plan), digest: Digest(of: [7]))
        func ground(_ policy: ApprovalPolicy) -> Admission.Ground { .init(policy: policy, rule: policy.rules["lab"]) }
        let admission = Admission(
            pinned: ground(row.policy), newest: ground(row.newest ?? row.policy), plan: subject, run: Self.thisRun,
            operators: row.operators, authors: row.authors, now: Self.now)
        let examined = row.words.enumerated().map { Self.examined($0.element, $0.offset, subject) }
        let verdict = admission.verdict(on: examined)
        #expect(verdict.missing.joined(separator: ", ") == row.missing ?? "")
        #expect(verdict.refused.map(\.code).sorted() == row.refused.sorted())
        #expect(verdict.isMet == (row.missing == nil))
        // The order in which they were brought changes nothing.
        #expect(admission.verdict(on: examined.reversed()).isMet == verdict.isMet)
    }

    @Test func `the matrix has no fewer rows than were promised, each with a name of its own`() {
        #expect(Self.rows.count >= 40)
        #expect(Set(Self.rows.map(\.name)).count == Self.rows.count)
    }

    static func named(_ plan: Plan) -> Plan {
        var plan = plan
        (plan.environment.name, plan.kind, plan.change) = ("lab", .drill, "CHG1")
        return plan
    }

    static func examined(_ word: Word, _ index: Int, _ plan: ApprovedPlan) -> ExaminedStatement {
        let issued = now.advanced(by: .seconds(-60 * word.age))
        var statement = ApprovalStatement(
            id: String(repeating: "0", count: 31) + String(index, radix: 16), subject: .plan, decision: word.decision,
            plan: plan.digest, gate: nil, runbook: plan.runbook, environment: plan.environment, kind: plan.kind,
            change: plan.change, window: word.window, issued: issued,
            expires: issued.advanced(by: .seconds(60 * word.minutes)), says: "words", comment: nil, approver: word.by)
        word.change(&statement)
        return ExaminedStatement(
            offered: .init(statement: "", signature: "", origin: ""), statement: statement, flaw: word.flaw,
            usedBy: word.usedBy)
    }
}

extension FourEyesMatrixTests.Word {
    init(by person: String, _ change: @escaping @Sendable (inout ApprovalStatement) -> Void) {
        self.init(by: person)
        self.change = change
    }
}
