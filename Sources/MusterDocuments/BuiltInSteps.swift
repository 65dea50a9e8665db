// SPDX-License-Identifier: Apache-2.0

package import MusterModel

extension StepDefinition {
    /// The steps that the engine itself carries out.
    package static let builtIns: [StepReference: StepDefinition] = {
        let all = [approve, manual, wait].map(builtIn)
        return Dictionary(uniqueKeysWithValues: all.map { ($0.reference.value, $0) })
    }()

    /// What `approval:` at a step stands for.
    package static var gate: StepDefinition { builtIns[.approve]! }

    /// Built-in steps that this version of Muster does not have.
    static let unavailableBuiltIns: Set<String> = ["muster/run"]

    private static func builtIn(_ text: String) -> StepDefinition {
        let parsed = parseDocument(Array(text.utf8), file: "built-in", shape: shape, named: "A step definition") {
            let definition = StepDefinition($0, into: &$1)
            definition.check($0, into: &$1)
            return definition
        }
        guard let definition = parsed.value else { preconditionFailure("\(parsed.diagnostics)") }
        return definition
    }

    private static let approve = """
        step: muster/approve
        version: 1.0.0
        summary: Waits for the signatures of persons who may give them
        effect: none
        timeout: 7d
        inputs:
          group: { type: string, summary: The group of muster.yaml whose persons may approve }
          count: { type: integer, default: 1, summary: How many of them }
          question: { type: string, required: false, summary: What they are asked }
        postconditions:
          - id: approved
            says: As many persons of the group as are wanted have approved by their signatures
        """

    private static let manual = """
        step: muster/manual
        version: 1.0.0
        summary: A person does something and confirms it
        effect: none
        timeout: 7d
        inputs:
          instructions: { type: string, summary: What to do }
          evidence: { type: string, required: false, summary: What the person is asked to note as evidence }
        postconditions:
          - id: confirmed
            says: A person confirmed that it is done
        """

    private static let wait = """
        step: muster/wait
        version: 1.0.0
        summary: Waits
        effect: none
        timeout: 7d
        inputs:
          for: { type: duration, summary: How long }
          reason: { type: string, required: false, summary: What is waited for }
        postconditions:
          - id: waited
            says: The time has passed
        """
}
