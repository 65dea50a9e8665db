// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// What people decided, and how the run came to rest and went on, in its order.
struct PeopleSection {
    let record: RunRecord

    func write(to page: inout MarkdownPage) {
        guard let interventions = record.interventions else { return }
        page.heading("What people decided")
        let rows = interventions.map { intervention -> [String] in
            [
                readable(intervention.at, after: record.createdAt),
                intervention.by.map { Markdown.text(personName($0)) } ?? "", what(intervention),
                intervention.reason.map { Markdown.text($0) } ?? "",
            ]
        }
        page.table(["UTC", "who", "what", "reason"], rows)
    }

    private func what(_ intervention: Intervention) -> String {
        let step = intervention.step.map { id in
            record.steps.first { $0.id == id }.map { StepSection.link(to: $0) } ?? Markdown.text(id)
        }
        switch intervention.kind {
        case .pauseRequested: return "asked for a pause"
        case .paused: return "the run came to rest"
        case .resumed, .takenOver: return resumed(intervention)
        case .decided: return "**\(intervention.choice?.rawValue ?? "decided")** for \(step ?? "a step")"
        case .rollbackRequested: return "**roll back**" + (step.map { ", but keep \($0) and what came before" } ?? "")
        case .stopRequested: return "**stop**"
        }
    }

    private func resumed(_ intervention: Intervention) -> String {
        guard let resume = record.resumes?.first(where: { $0.at == intervention.at }) else { return "resumed" }
        let silent = duration(resume.silentMilliseconds)
        if let takeOver = resume.takeOver {
            return "**took it over** from \(Markdown.code(takeOver.from)) to \(Markdown.code(resume.host)), "
                + "\(silent) after the last that was known"
        }
        switch resume.after {
        case .paused: return "resumed on \(Markdown.code(resume.host)) after \(silent) at rest"
        case .cutOff: return "resumed on \(Markdown.code(resume.host)), \(silent) after the engine was **cut off**"
        case .finished: return "reopened the run on \(Markdown.code(resume.host)), \(silent) after its end"
        }
    }
}
