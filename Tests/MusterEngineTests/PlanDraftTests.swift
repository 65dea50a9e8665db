// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterEngine
import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// What a plan is made of, before anything is looked at.
@Suite struct PlanDraftTests {
    private static let head = """
        runbook: big
        version: 1.0.0
        summary: Waits
        inputs:
          items: { type: list of integer, default: [] }
          note: { type: string, required: false }
        steps:

        """

    private static func list(_ id: String) -> String {
        "  - { id: \(id), uses: muster/wait, for-each: \"${{ inputs.items }}\", with: { for: 1s } }\n"
    }
    private static func single(_ id: String, needs: String? = nil) -> String {
        "  - { id: \(id), uses: muster/wait, with: { for: 1s }\(needs.map { ", needs: [\($0)]" } ?? "") }\n"
    }

    private func material(_ steps: String, _ inputs: [String: JSON]) throws -> PlanMaterial {
        let runbook = try Runbook.parse(Array((Self.head + steps).utf8), file: "runbooks/big.yaml").get()
        var definitions: [StepUse: PlanMaterial.Definition] = [:]
        for use in runbook.allSteps.compactMap({ $0.uses?.value }) {
            let definition = try #require(StepDefinition.builtIns[use.reference])
            definitions[use] = .init(definition: definition, document: nil, commit: nil)
        }
        return PlanMaterial(
            kind: .rehearsal, runbook: runbook,
            runbookDocument: .init(path: "runbooks/big.yaml", blob: PlanFixture.blob), commit: nil, lock: nil,
            environment: .init(name: "lab", document: nil, digest: Digest(of: []), values: [:]), change: nil,
            inputs: inputs, definitions: definitions, plugins: [])
    }

    private func items(_ count: Int) -> [String: JSON] { ["items": .array((0..<count).map { .int(Int64($0)) })] }

    @Test func `two long lists in a row are refused, with what to put between them`() throws {
        let material = try material(Self.list("first") + Self.list("second"), items(1000))
        let error = #expect(throws: MusterError.self) { _ = try material.draft() }
        #expect(error?.code == "plan.too-large")
        #expect(error?.help?.contains("muster/wait") == true)
    }

    @Test func `a single step between them makes their needs few`() throws {
        let plan = try material(Self.list("first") + Self.single("between") + Self.list("second"), items(1000)).draft()
        #expect(plan.steps.count == 2001)
        #expect(plan.steps.map(\.needs.count).reduce(0, +) == 2000)
    }

    @Test func `more than ten thousand steps are refused`() throws {
        let steps = (0..<11).map { Self.list("l\($0)") + Self.single("s\($0)") }.joined()
        let material = try material(steps, items(1000))
        let error = #expect(throws: MusterError.self) { _ = try material.draft() }
        #expect(error?.code == "plan.too-large")
        #expect(error?.help == "Split the runbook.")
    }

    @Test func `needs that come by two ways stand once`() throws {
        let steps =
            Self.single("start") + Self.list("left")
            + "  - { id: right, uses: muster/wait, needs: [start], for-each: \"${{ inputs.items }}\", with: { for: 1s } }\n"
            + Self.single("end", needs: "left, right")
        let plan = try material(steps, items(0)).draft()
        #expect(plan.steps.map(\.needs) == [[], ["start"]])
    }

    @Test func `a plan's own inputs make the same plan again, with what was left out`() throws {
        var material = try material(Self.single("only"), [:])
        let plan = try material.draft()
        #expect(plan.inputs["note"] == .null)
        material.inputs = plan.inputs
        #expect(try material.draft() == plan)
    }

    @Test func `a definition of another step is refused and ends nothing`() throws {
        var material = try material(Self.single("only"), [:])
        let use = try #require(StepUse("muster/wait"))
        let manual = try #require(StepReference("muster/manual"))
        let other = try #require(StepDefinition.builtIns[manual])
        material.definitions[use] = .init(definition: other, document: nil, commit: nil)
        let error = #expect(throws: MusterError.self) { _ = try material.draft() }
        #expect(error?.code == "plan.no-definition")
    }
}
