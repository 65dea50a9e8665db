// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import Testing

@testable import MusterCommands

/// What a person types where a step waits for a decision.
@Suite struct TypedDecisionTests {
    private static let choices: [StepDecided.Choice] = [.retry, .done, .abandon]

    @Test(arguments: [
        ("retry the vault is back", StepDecided.Choice.retry, "the vault is back"), ("RETRY  now ", .retry, "now "),
        (" done\tseen in the portal\r", .done, "seen in the portal"),
    ])
    func `a word and a reason decide`(text: String, choice: StepDecided.Choice, reason: String) {
        #expect(TypedDecision(text, choices: Self.choices) == .taken(choice, reason: reason))
    }

    @Test(arguments: [
        ("retyr now", "\"retyr\" is none of the words: retry, done, abandon."),
        ("yes", "\"yes\" is none of the words: retry, done, abandon."),
        ("\u{1B}[2J", "is none of the words"), ("skip it", "skip is no choice for this step now"),
        ("retry", "The reason is missing"), ("abandon   ", "The reason is missing"),
        ("retry AKIAIOSFODNN7EXAMPLE", "an access key of AWS"),
    ])
    func `what decides nothing is told why`(text: String, says: String) {
        guard case .refused(let why) = TypedDecision(text, choices: Self.choices) else {
            Issue.record("\(text) was taken")
            return
        }
        #expect(why.contains(says) && why.hasSuffix("Nothing was decided.") && !why.contains("\u{1B}"), "\(why)")
    }
}
