// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// What a rollback would do, from what the run really did.
struct RollbackView {
    let stored: StoredRun
    let to: String?
    let style: Style
    private let items: [RollbackItem]
    private let places: ChangedPlaces

    init(stored: StoredRun, to: String?, style: Style) {
        self.stored = stored
        self.to = to
        self.style = style
        items = stored.state.rollbackPlan(to: to)
        places = stored.places
    }

    /// Whether Muster can undo anything of it.
    var hasWork: Bool { items.contains { $0.how == .undo } }

    var text: String {
        var lines = [style("Rollback of \(stored.run)", .strong), "  the run is \(stored.standing)", ""]
        let undos = items.filter { $0.how == .undo }
        lines += underWayLines
        if undos.isEmpty { lines.append("  Nothing is in place that Muster could undo.") }
        for (number, item) in undos.enumerated() { lines += undoLines(number + 1, item) }
        if undos.contains(where: { !conditions($0.step).isEmpty }) {
            lines.append(
                "  What must hold is looked at when each undo begins, not now; what it keeps in place leaves the run stuck."
            )
        }
        lines += manualLines
        if let to { lines += ["", "  Stays in place: \(to), and what was completed before it."] }
        lines += finallyLines
        return lines.joined(separator: "\n") + "\n"
    }

    private func undoLines(_ number: Int, _ item: RollbackItem) -> [String] {
        let doubt = item.isInDoubt ? style("  may or may not be there: looked at first", .warning) : ""
        let head = "  \(number). " + style("undo ", .busy) + item.step + doubt
        return [head] + conditions(item.step) + changes(item.step)
    }

    private func conditions(_ id: String) -> [String] {
        definition(id).preconditions.filter { $0.at == .undo }.map {
            style("       must hold: \(visibleText($0.says))", .quiet)
        }
    }

    private func changes(_ id: String) -> [String] {
        (stored.state.state(of: id)?.changes ?? []).map { change in
            let path = style("       \(visibleText(change.path)): ", .quiet)
            if let restorer = places.restorer(of: change.path), restorer != id {
                return path + "nothing to do unless it changed since: \(restorer) brought it back"
            }
            let doubt = places.begunRestorer(of: change.path).map { $0 == id ? "" : ", unless \($0) brings it back" }
            return path + "\(visibleText(change.to ?? "none")) → \(visibleText(change.from ?? "none"))\(doubt ?? "")"
        }
    }

    /// What brings things back, had begun, and is waited for.
    private var underWayLines: [String] {
        let ids = stored.state.finallyUnderWay.map { stored.plan.steps[$0].id }
        guard !ids.isEmpty else { return [] }
        return [
            style("  First comes to its end what brings things back and has begun: ", .warning)
                + ids.joined(separator: ", "),
            "",
        ]
    }

    private var manualLines: [String] {
        let manual = items.filter { $0.how != .undo && $0.how != .undone }
        guard !manual.isEmpty else { return [] }
        var lines = ["", style("  Not undone by Muster", .bad)]
        for item in manual {
            lines.append("  ✗ \(item.step): \(why(item))")
            if let notes = notes(item.step) {
                lines += notes.split(separator: "\n").map { "      \(visibleText(String($0)))" }
            }
        }
        return lines
    }

    private func why(_ item: RollbackItem) -> String {
        switch item.how {
        case .irreversible: "a point of no return; its rollback notes:"
        case .blocked(let by): "\(by) needs it and stays in place"
        case .person: "a person did it; only people know what has to be put back"
        case .undo, .undone: ""
        }
    }

    /// The definition's rollback notes with the real values.
    private func notes(_ id: String) -> String? {
        guard let template = definition(id).rollback, let step = stored.state.state(of: id) else { return nil }
        return renderTemplate(
            template,
            [
                "inputs": .object(step.inputs), "undo": step.undo ?? .object([:]),
                "environment": .object(stored.plan.environment.values), "steps": .object([:]), "item": .null,
                "run": ["id": .string(stored.run.text), "kind": .string(stored.plan.kind.rawValue)],
            ])
    }

    private var finallyLines: [String] {
        let open = stored.plan.steps.filter { step in
            guard step.section == .finally, let phase = stored.state.state(of: step.id)?.phase else { return false }
            switch phase {
            case .pending, .skipped(.stopped), .skipped(.dependency), .failed: return true
            default: return false
            }
        }
        guard !open.isEmpty else { return [] }
        return ["", "  Then runs what brings things back: \(open.map(\.id).joined(separator: ", "))"]
    }

    private func definition(_ id: String) -> PlannedDefinition {
        stored.state.definition(at: stored.state.positions[id]!)
    }

    /// The later steps that have brought back all that the step changed.
    private func broughtBackBy(_ id: String) -> [String] {
        let changes = stored.state.state(of: id)?.changes ?? []
        let restorers = Set(changes.compactMap { places.restorer(of: $0.path) })
        return places.areBroughtBack(changes) && !restorers.contains(id) ? restorers.sorted() : []
    }

    func json() throws -> JSON {
        let list = items.map { item -> JSON in
            var members: [String: JSON] = ["step": .string(item.step), "inDoubt": .bool(item.isInDoubt)]
            switch item.how {
            case .undo: members["how"] = "undo"
            case .irreversible: members["how"] = "irreversible"
            case .blocked(let by): (members["how"], members["by"]) = ("blocked", .string(by))
            case .person: members["how"] = "person"
            case .undone: members["how"] = "undone"
            }
            let broughtBack = broughtBackBy(item.step)
            if item.how == .undo, !broughtBack.isEmpty {
                members["broughtBackBy"] = .array(broughtBack.map(JSON.string))
            }
            if item.how != .undo, let notes = notes(item.step) { members["notes"] = .string(notes) }
            return .object(members)
        }
        return ["run": .string(stored.run.text), "steps": .array(list)]
    }
}
