// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Conditions that do not hold: those that are unmet, then those that are unverifiable.
struct BrokenConditions {
    /// The one that decides.
    let first: ConditionResult
    private let all: [ConditionResult]

    /// Nil where all hold.
    init?(_ results: [ConditionResult]) {
        let broken = results.filter { $0.verdict == .unmet } + results.filter { $0.verdict == .unverifiable }
        guard let first = broken.first else { return nil }
        self.first = first
        all = broken
    }

    /// All of them, the gravest first, each with what helps, so that a person sees to all of them at once.
    ///
    /// - Parameters:
    ///   - code: what its code begins with.
    ///   - what: what the sentence begins with.
    ///   - remedy: what a condition's declaration says that helps, by its id.
    func failure(_ code: String, _ what: String, remedy: (String) -> String?) -> StepFailure {
        var told: Set<String> = []
        let sentences = all.map { result in
            let standing = "\"\(result.id)\" is \(result.verdict.rawValue)"
            // What has the same cause need not be read twice.
            return told.insert(result.says).inserted ? "\(standing): \(ended(result.says))" : "\(standing) as well."
        }
        let alone = "\"\(first.id)\" is \(first.verdict.rawValue): \(first.says)"
        return StepFailure(
            kind: .retryable, code: "\(code).\(first.verdict.rawValue)",
            message: "\(what) \(all.count == 1 ? alone : sentences.joined(separator: " "))", remedy: remedies(remedy))
    }

    private func remedies(_ remedy: (String) -> String?) -> String? {
        let found = all.compactMap { result in remedy(result.id).map { (id: result.id, text: $0) } }
        guard all.count > 1 else { return found.first?.text }
        return found.isEmpty ? nil : found.map { "\($0.id): \(ended($0.text))" }.joined(separator: " ")
    }

    private func ended(_ text: String) -> String { text.hasSuffix(".") ? text : text + "." }
}
