// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// What a commit of the record is made for.
package enum CommitOccasion: Hashable, Sendable {
    /// The run exists, nothing was done.
    case created
    /// These steps ended or were decided about since the last commit.
    case steps([String])
    /// The run ended.
    case finished
}

/// A commit's message: a subject that `git log --oneline` shows, the outcome in a few lines, and trailers that
/// `git log --format='%(trailers:key=Outcome)'` reads.
package func commitMessage(for record: RunRecord, at occasion: CommitOccasion) -> String {
    let named = namedSteps(record, occasion)
    var paragraphs = ["\(subject(record, occasion, named))\n"]
    let body = bodyLines(record, occasion, named)
    if !body.isEmpty { paragraphs.append(body.map { $0 + "\n" }.joined()) }
    var trailers = [("Run", record.run.text)]
    trailers += named.map { ("Step", $0.id) }
    trailers.append(("Outcome", record.outcome.rawValue))
    if let change = record.change { trailers.append(("Change", change)) }
    trailers.append(("Plan-Digest", record.plan.description))
    trailers.append(("Kind", record.kind.rawValue))
    paragraphs.append(trailers.map { "\($0): \(oneLine($1))\n" }.joined())
    return paragraphs.joined(separator: "\n")
}

private func namedSteps(_ record: RunRecord, _ occasion: CommitOccasion) -> [StepRecord] {
    guard case .steps(let ids) = occasion else { return [] }
    return record.steps.filter { ids.contains($0.id) }
}

private func subject(_ record: RunRecord, _ occasion: CommitOccasion, _ named: [StepRecord]) -> String {
    let name = oneLine(record.runbook.name)
    switch occasion {
    case .created: return "\(name): \(record.kind.rawValue) planned in \(oneLine(record.environment.name))"
    case .finished:
        let count = record.deviations.count
        let with = count == 0 ? "" : " with \(count) deviation\(count == 1 ? "" : "s")"
        return "\(name): \(record.kind.rawValue) \(record.outcome.rawValue)\(with)"
    case .steps:
        guard let first = named.first else { return "\(name): \(record.kind.rawValue) under way" }
        guard named.count > 1 else { return "\(name): \(oneLine(first.id)) \(first.phrase)" }
        return "\(name): \(named.count) steps, up to \(oneLine(named.last?.id ?? ""))"
    }
}

private func bodyLines(_ record: RunRecord, _ occasion: CommitOccasion, _ named: [StepRecord]) -> [String] {
    switch occasion {
    case .created: [oneLine(record.runbook.summary)]
    case .finished: [record.why].compactMap { $0.map(oneLine) } + record.deviations.map { "- \(oneLine($0.says))" }
    case .steps: named.count > 1 ? named.map { "- \(oneLine($0.id)): \($0.phrase)" } : []
    }
}

/// A line break inside a value could begin a trailer of its own.
private func oneLine(_ text: String) -> String { String(visibleText(text).prefix(400)) }
