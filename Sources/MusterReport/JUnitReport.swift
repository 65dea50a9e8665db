// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// The run as a JUnit file, for systems that show tests: a test case a step, and one an objective.
package struct JUnitReport {
    let report: Report
    private var record: RunRecord { report.record }

    package init(_ report: Report) { self.report = report }

    private struct Case {
        enum Verdict { case passed, failed(String, String), error(String, String), skipped(String) }
        var name: String
        var milliseconds: Int64
        var verdict: Verdict
    }

    package var text: String {
        var page = MarkupPage()
        page.add("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
        let suites = [("steps", record.steps.map(step)), ("objectives", record.measures.compactMap(objective))]
        let all = suites.flatMap(\.1)
        page.add("<testsuites name=\"\(record.run.text)\" \(counts(all)) time=\"\(seconds(record.tookMilliseconds))\">")
        for (name, cases) in suites where !cases.isEmpty {
            let time = name == "steps" ? record.tookMilliseconds : 0
            page.add(
                "<testsuite name=\"\(record.runbook.name) \(name)\" \(counts(cases)) time=\"\(seconds(time))\" timestamp=\"\(String(record.createdAt.description.prefix(19)))\" hostname=\"\(record.host)\">"
            )
            for one in cases { write(one, name, to: &page) }
            page.add("</testsuite>")
        }
        page.add("</testsuites>")
        return page.text
    }

    private func counts(_ cases: [Case]) -> Markup {
        var failures = 0
        var errors = 0
        var skipped = 0
        for one in cases {
            switch one.verdict {
            case .passed: break
            case .failed: failures += 1
            case .error: errors += 1
            case .skipped: skipped += 1
            }
        }
        return "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"\(errors)\" skipped=\"\(skipped)\""
    }

    private func write(_ one: Case, _ suite: String, to page: inout MarkupPage) {
        let head: Markup =
            "<testcase classname=\"\(record.runbook.name).\(suite)\" name=\"\(one.name)\" time=\"\(seconds(one.milliseconds))\""
        switch one.verdict {
        case .passed: page.add("\(head)/>")
        case .failed(let kind, let why):
            page.add("\(head)><failure type=\"\(kind)\" message=\"\(why)\">\(why)</failure></testcase>")
        case .error(let kind, let why):
            page.add("\(head)><error type=\"\(kind)\" message=\"\(why)\">\(why)</error></testcase>")
        case .skipped(let why): page.add("\(head)><skipped message=\"\(why)\"/></testcase>")
        }
    }

    private func step(_ step: StepRecord) -> Case {
        let why = step.failure.map { "\($0.code): \($0.message)" } ?? step.why ?? step.phrase
        let verdict: Case.Verdict =
            if step.isLeftByUndo {
                .failed("undo-failed", step.standingUndo?.failure?.message ?? step.fullPhrase(in: record))
            } else {
                switch step.result {
                case .verified, .alreadySo, .shown, .declared: .passed
                // Claimed and not shown: a machine must not take it for done.
                case .unverified: .failed("unverified", why)
                case .failed: .failed("failed", why)
                case .inDoubt: .error("in-doubt", why)
                case .running, .pending: .skipped("the run has no end yet")
                case .skipped, .notReached: .skipped(why)
                }
            }
        return Case(name: step.id, milliseconds: step.tookMilliseconds ?? 0, verdict: verdict)
    }

    private func objective(_ measure: MeasureRecord) -> Case? {
        guard let objective = measure.objective else { return nil }
        let verdict: Case.Verdict =
            switch measure.verdict {
            case .met, .noObjective: .passed
            case .missed: .failed("not-met", "\(measure.measuredText ?? ""), the objective is \(objective.text)")
            case .notApplicable: .skipped(measure.unknown ?? "")
            case .unknown: .error("not-known", measure.unknown ?? "no reason was given")
            }
        return Case(name: measure.id, milliseconds: measure.measuredMilliseconds ?? 0, verdict: verdict)
    }

    private func seconds(_ milliseconds: Int64) -> String {
        let rest = String(1000 + max(0, milliseconds) % 1000).dropFirst()
        return "\(max(0, milliseconds) / 1000).\(rest)"
    }
}
