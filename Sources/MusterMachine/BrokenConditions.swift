// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Conditions that do not hold: those that are unmet, then those that are unverifiable.
struct BrokenConditions {
    /// The one that decides.
    let first: ConditionResult
    private let others: [ConditionResult]

    /// Nil where all hold.
    init?(_ results: [ConditionResult]) {
        let broken = results.filter { $0.verdict == .unmet } + results.filter { $0.verdict == .unverifiable }
        guard let first = broken.first else { return nil }
        self.first = first
        others = Array(broken.dropFirst())
    }

    /// The first one in full, and the names of the others, so that a person looks for all of them at once.
    ///
    /// - Parameters:
    ///   - code: what its code begins with.
    ///   - what: what the sentence begins with.
    func failure(_ code: String, _ what: String, remedy: String?) -> StepFailure {
        var message = "\(what) \"\(first.id)\" is \(first.verdict.rawValue): \(first.says)"
        if !others.isEmpty {
            let names = others.map { "\"\($0.id)\" is \($0.verdict.rawValue)" }.joined(separator: ", ")
            message += "\(message.hasSuffix(".") ? "" : ".") Also \(names)."
        }
        return StepFailure(
            kind: .retryable, code: "\(code).\(first.verdict.rawValue)", message: message, remedy: remedy)
    }
}
