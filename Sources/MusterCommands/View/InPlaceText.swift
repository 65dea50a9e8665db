// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// What a run has in place: its steps, and the values that stand there now, as the record tells them.
struct InPlaceText {
    /// Those that a later step has brought back are left out.
    let steps: [String]
    let values: [LeftBehind]

    init(_ state: RunState, _ places: ChangedPlaces) {
        steps = state.inPlace.filter { !places.areBroughtBack(state.steps[$0].changes) }.map { state.plan.steps[$0].id }
        values = places.left
    }

    /// - Parameter record: nil where it is not known, and then no values are.
    init(_ state: RunState, _ record: RunRecord?) {
        let gone = record?.steps.filter { $0.effect != nil && !(record?.mayBePutBack($0) ?? true) }.map(\.id) ?? []
        steps = state.inPlace.map { state.plan.steps[$0].id }.filter { !gone.contains($0) }
        values = record?.leftBehind ?? []
    }

    var names: String { steps.isEmpty ? "nothing" : steps.joined(separator: ", ") }

    /// A line for each value.
    var lines: [String] { values.map { "    " + visibleText($0.line) } }

    /// A sentence with the values, for a question; empty where none is known. What is many stands in the status.
    var sentence: String {
        let known = values.filter { $0.path != nil }.map { visibleText($0.line) }
        guard !known.isEmpty else { return "" }
        let more = known.count > 5 ? "; and \(known.count - 5) more, in muster status" : ""
        return " By now: \(known.prefix(5).joined(separator: "; "))\(more)."
    }
}

extension LeftBehind {
    /// `switch-over: databases/SALES = AMS (verified)`
    var line: String {
        guard let path else { return "\(step): an effect (\(certainty == .inDoubt ? "in doubt" : certainty.rawValue))" }
        let value = value ?? "gone"
        return certainty == .inDoubt
            ? "\(step): \(path): in doubt; wanted was \(value)" : "\(step): \(path) = \(value) (\(certainty.rawValue))"
    }
}
