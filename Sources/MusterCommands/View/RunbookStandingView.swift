// SPDX-License-Identifier: Apache-2.0

internal import MusterModel
internal import MusterReport

/// The runbooks with their last drills, as `muster list --runbooks` shows them.
struct RunbookStandingView {
    let style: Style

    func lines(_ standings: [RunbookStanding]) -> [String] {
        standings.flatMap { standing -> [String] in
            let head = "\(visibleText(standing.runbook)) \(standing.version)"
            guard !standing.drills.isEmpty else {
                return [head, "  " + style("needs drill", .warning) + ": no drill of it is recorded that succeeded"]
            }
            return [head] + standing.drills.flatMap(lines)
        }
    }

    private func lines(_ drill: DrillStanding) -> [String] {
        let verdict = drill.needsDrill ? style("needs drill", .warning) : style("holds", .good)
        let head = "  \(visibleText(drill.environment))  drilled \(age(drill)), \(drill.run)  \(verdict)"
        var why = drill.changed.map { "    changed since: \(visibleText($0))" }
        if let since = drill.overdueSince { why.append("    overdue since \(since.date)") }
        return [head] + why
    }

    private func age(_ drill: DrillStanding) -> String {
        switch drill.ageDays {
        case 0: "today"
        case 1: "1 day ago"
        default: "\(drill.ageDays) days ago"
        }
    }
}
