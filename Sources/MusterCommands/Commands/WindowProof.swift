// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// What of a run's change windows can be proven from the clone: that no effect began outside of what the documents of its
/// commit allow, whatever window its journal names.
struct WindowProof {
    let rules: ChangeRules
    var zoneFiles = ZoneFiles()

    func findings(_ effects: [HeldEffect]) -> [Diagnostic] {
        forced(effects) + outside(effects)
    }

    /// Open until a reviewer closes it.
    private func forced(_ effects: [HeldEffect]) -> [Diagnostic] {
        effects.filter(\.isForced).compactMap { effect in
            guard let why = effect.outside else { return nil }
            return Diagnostic(
                .warning, code: "record.window-broken",
                "The effect of \(effect.step) began as the glass was broken, though \(why).",
                help: "The record has it among its deviations.",
                at: SourceLocation(file: "journal.jsonl", line: effect.line, column: 1))
        }
    }

    private func outside(_ effects: [HeldEffect]) -> [Diagnostic] {
        let calendar = rules.configuration.calendar(of: rules.environment)
        guard !calendar.isEmpty, !effects.isEmpty else { return [] }
        let zones: [String: ZoneRules]
        do { zones = try zoneFiles.rules(of: calendar.zones) } catch {
            return [
                Diagnostic(
                    .warning, code: "record.windows-unproven",
                    "Whether effects began inside of the change windows is not proven: \(error.summary)",
                    help: error.help)
            ]
        }
        // What the journal's own window forbids is reported by the record's checks.
        return effects.filter { !$0.isForced && $0.outside == nil }.compactMap { effect in
            guard let windows = calendar.windows(around: effect.moment, zones),
                !windows.contains(where: { $0.contains(effect.moment) })
            else { return nil }
            return Diagnostic(
                code: "record.outside-window",
                "The effect of \(effect.step) began at \(effect.moment), when no change window of the plan's commit was open.",
                help:
                    "Compare muster.yaml and the environment at that commit with the window in the record's first lines.",
                at: SourceLocation(file: "journal.jsonl", line: effect.line, column: 1))
        }
    }
}
