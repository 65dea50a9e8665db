// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// What a person typed where a step waits for a decision: a word and the reason, or why that is none.
enum TypedDecision: Hashable {
    case taken(StepDecided.Choice, reason: String)
    case refused(String)

    init(_ text: String, choices: [StepDecided.Choice]) {
        let words = text.split(maxSplits: 1, omittingEmptySubsequences: true, whereSeparator: \.isWhitespace)
        let names = choices.map(\.rawValue).joined(separator: ", ")
        guard let word = words.first, let choice = StepDecided.Choice(rawValue: word.lowercased()) else {
            let typed = visibleText(String(words.first ?? ""))
            self = .refused("\"\(typed)\" is none of the words: \(names). Nothing was decided.")
            return
        }
        guard choices.contains(choice) else {
            self = .refused(
                "\(choice.rawValue) is no choice for this step now, which are \(names). Nothing was decided.")
            return
        }
        let reason = String(words.dropFirst().joined().filter { !$0.isNewline }.drop(while: \.isWhitespace))
        guard reason.unicodeScalars.count <= reasonMax else {
            self = .refused("The reason is longer than \(reasonMax) characters. Nothing was decided.")
            return
        }
        guard reason.unicodeScalars.contains(where: \.isSeen) else {
            self = .refused(
                "The reason is missing, which becomes part of the record: type \(choice.rawValue) and why. Nothing was decided."
            )
            return
        }
        if let found = KeyPattern.first(in: Array(reason.utf8)) {
            self = .refused(
                "The reason has what looks like \(found.what), and the record keeps it. Nothing was decided.")
            return
        }
        self = .taken(choice, reason: reason)
    }
}
