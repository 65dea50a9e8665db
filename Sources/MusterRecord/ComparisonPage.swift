// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// A run's measures beside those of earlier runs, in Markdown like the record's page, behind which it is shown.
package func comparisonPage(_ trends: [MeasureTrend]) -> String {
    guard !trends.isEmpty else { return "" }
    var page = MarkdownPage()
    page.heading("Compared with earlier runs")
    guard trends.contains(where: { !$0.earlier.isEmpty }) else {
        page.paragraph("No earlier run of this runbook is recorded here.")
        return page.text
    }
    page.table(
        ["measure", "now", "against the last one", "trend", "earlier, newest first"],
        trends.map { trend in
            [
                "**\(Markdown.text(trend.id))**", valueText(trend.now), changeText(trend), trendText(trend),
                earlierText(trend),
            ]
        })
    return page.text
}

private func valueText(_ point: MeasureTrend.Point) -> String {
    guard let value = point.value else { return "not known" }
    return Markdown.text(value) + (point.met == false ? " (**not met**)" : "")
}

private func changeText(_ trend: MeasureTrend) -> String {
    let same = trend.earlier.first { $0.kind == trend.now.kind && $0.value != nil }
    guard let same, let now = trend.now.value else { return "" }
    guard let change = trend.change else {
        return same.value == now ? "the same" : "was \(Markdown.text(same.value ?? ""))"
    }
    guard change != 0 else { return "the same" }
    let size = trend.isTime ? timeText(Int64(clamping: Int(abs(change).rounded()))) : JSON.double(abs(change)).text
    return "\(size) \(trend.isTime ? (change < 0 ? "shorter" : "longer") : (change < 0 ? "less" : "more"))"
}

private func trendText(_ trend: MeasureTrend) -> String {
    let word: String? =
        switch trend.trend {
        case .lower: trend.isTime ? "shorter than usual" : "less than usual"
        case .higher: trend.isTime ? "longer than usual" : "more than usual"
        case .usual: "as usual"
        case nil: nil
        }
    return [trend.sparkline, word].compactMap(\.self).joined(separator: " ")
}

/// The kind is named where it is not that of the run.
private func earlierText(_ trend: MeasureTrend) -> String {
    trend.earlier.map { point in
        valueText(point) + (point.kind == trend.now.kind ? "" : " (\(point.kind.rawValue))")
    }.joined(separator: ", ")
}
