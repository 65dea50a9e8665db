// SPDX-License-Identifier: Apache-2.0

import MusterEngine
import MusterMachine
import MusterModel
import MusterPluginProtocol
import MusterTestSupport
import Testing

@testable import MusterCommands

@Suite struct DoctorViewTests {
    private func report(
        _ verdict: ConditionResult.Verdict, problems: [PlanPreview.Problem] = [],
        _ change: (inout Plan) -> Void = { _ in }
    ) -> DoctorReport {
        var step = PlanFixture.step("a", uses: "test/proof")
        let looked = ConditionResult(id: "target-ready", verdict: verdict, says: "The target was looked at.")
        step.preview = .init(preconditions: [looked], observation: nil, knownAfter: [])
        var plan = PlanFixture.plan([step])
        change(&plan)
        var report = DoctorReport(environment: "lab")
        let proof = ConditionResult(id: "is-so", verdict: .met, says: "It is so.")
        report.add(plan, problems: problems, proofs: ["a": [proof]])
        return report
    }

    private func text(_ report: DoctorReport, verbose: Bool = false) -> String {
        DoctorView(style: Style(isColoured: false), isVerbose: verbose).text(report)
    }

    @Test func `what holds is counted, and shown where that is asked for`() {
        let report = report(.met)
        #expect(report.isWell)
        #expect(text(report) == "test  A test\n  ✓ 2 of 2 hold")
        #expect(text(report, verbose: true).contains("  ✓ a target-ready: The target was looked at."))
    }

    @Test(arguments: [
        (ConditionResult.Verdict.unmet, "  ✗ unmet: a target-ready: The target was looked at.\n      → Wait"),
        (.unverifiable, "  ? unverifiable: a target-ready: The target was looked at.\n      → Wait"),
    ])
    func `what does not hold comes with what to do`(verdict: ConditionResult.Verdict, says: String) {
        let report = report(verdict)
        #expect(!report.isWell)
        #expect(text(report).contains(says))
        #expect(text(report).hasSuffix("  ✓ 1 of 2 hold"))
    }

    @Test func `an error that the step knows comes with its meaning and remedy`() {
        let failure = StepFailure(kind: .permanent, code: "Denied", message: "You may not.", remedy: "Ask")
        let report = report(.met, problems: [.init(step: "a", failure: failure)]) { plan in
            plan.definitions["test/proof@1.0.0"]?.knownErrors = [
                .init(match: "Denied", means: "A permission is missing", remedy: "Grant it")
            ]
        }
        #expect(!report.isWell)
        #expect(text(report).contains("failed: a Denied: You may not. A permission is missing.\n      → Grant it"))
    }

    @Test func `what has one cause is told once, without what would help each by itself`() {
        let failure = StepFailure(kind: .permanent, code: "Unreachable", message: "Nobody answers.", remedy: "Look")
        let report = report(.met, problems: ["a", "b"].map { .init(step: $0, failure: failure) })
        #expect(text(report).contains("  ✗ failed: a Unreachable; b Unreachable: Nobody answers.\n      → Look"))
        var other = failure
        other.remedy = "Wait"
        let mixed = self.report(.met, problems: [.init(step: "a", failure: failure), .init(step: "b", failure: other)])
        #expect(text(mixed).contains("b Unreachable: Nobody answers.\n  ✓"), "\(text(mixed))")
    }

    @Test func `a postcondition that does not hold comes with what to do`() {
        var step = PlanFixture.step("a", uses: "test/proof")
        step.preview = .init(preconditions: [], observation: nil, knownAfter: [])
        var plan = PlanFixture.plan([step])
        plan.definitions["test/proof@1.0.0"]?.postconditions = [.init(id: "is-so", says: "It is so", remedy: "Mend it")]
        var report = DoctorReport(environment: "lab")
        report.add(
            plan, problems: [], proofs: ["a": [ConditionResult(id: "is-so", verdict: .unmet, says: "It is not.")]])
        #expect(text(report).contains("  ✗ unmet: a is-so: It is not.\n      → Mend it"))
    }

    @Test func `what could not be looked at never passes for well`() {
        var report = DoctorReport(environment: "lab")
        report.skipped = [.init(runbook: "audit", needs: ["vault", "keys"])]
        #expect(!report.isWell)
        #expect(text(report).contains("audit  not looked at: it needs vault, keys."))
        #expect(text(report).contains("Nothing was looked at"))
        let waiting = self.report(.met) { plan in
            plan.steps[0].preview?.knownAfter = ["b"]
        }
        #expect(!waiting.isWell)
    }
}
