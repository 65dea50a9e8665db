// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterModel
internal import MusterPlugin
internal import MusterSQL
internal import SQLSteps

/// Tells from the marker rows what a failover has lost. How much may be lost is for the runbook's objective to say.
struct CompareMarkers: ReportStep {
    static let name = "compare-markers"
    static let definition = PackageResources.compare_markers_yaml

    /// How long the listener's name may lead to the former primary.
    private static let patience = Duration.seconds(300)

    struct Inputs: Decodable, Sendable {
        let failoverGroup: ResourceID
        let table: String
        let series: String
        let markers: [Marker]
        let database: String?
    }

    struct Outputs: Hashable, Codable, Sendable {
        let dataLoss: Span
        let lostMarkers: Int64
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        let given: Finding =
            MarkerTable(inputs.table) == nil
            ? .unmet("\"\(inputs.table)\" is not one or two plain identifiers.")
            : isWhole(inputs.markers)
                ? .met("\(inputs.markers.count) markers of \(inputs.series) are given.")
                : .unmet("The markers of \(inputs.series) are not numbered from 1 with rising times.")
        return try await checkGroup(inputs.failoverGroup, context) + [given.condition("markers-given", evidence: [])]
    }

    private func isWhole(_ markers: [Marker]) -> Bool {
        !markers.isEmpty && markers.enumerated().allSatisfy { $1.number == Int64($0 + 1) }
            && zip(markers, markers.dropFirst()).allSatisfy { $0.at <= $1.at }
    }

    func report(_ inputs: Inputs, _ context: StepContext) async throws -> Report<Outputs> {
        guard isWhole(inputs.markers) else {
            return Report([Finding.unmet("The markers given are not whole.").condition("markers-read")], nil)
        }
        return try await Databases.run(context) { databases in
            try await AzureSession.run(context) { session in
                try await asStepError {
                    let table = try await MarkerDatabase(
                        inputs.table, in: inputs.database, of: inputs.failoverGroup, databases, session)
                    let answer = try await session.wait(within: Self.patience, context) {
                        let answer = try await table.look(for: inputs.series)
                        if case .elsewhere(let why) = answer {
                            return .notYet(answer, "waiting for the primary: \(why)")
                        }
                        return .done(answer)
                    }
                    return report(answer, inputs)
                }
            }
        }
    }

    private func report(_ answer: MarkerDatabase.Newest, _ inputs: Inputs) -> Report<Outputs> {
        switch answer {
        case .told(let newest): return report(MarkerLoss(newest: newest, of: inputs.markers), inputs)
        case .elsewhere(let why):
            let says = "\(why) After \(Span(Self.patience).text) that is so still, and what it holds shows no loss."
            return Report([Finding.unmet(says).condition("markers-read", evidence: ["sql"])], nil)
        }
    }

    private func report(_ loss: MarkerLoss, _ inputs: Inputs) -> Report<Outputs> {
        let last = inputs.markers[inputs.markers.count - 1]
        func condition(_ finding: Finding) -> [Condition] { [finding.condition("markers-read", evidence: ["sql"])] }
        switch loss {
        case .none:
            return Report(
                condition(
                    .met("All \(last.number) markers survive. What was written after \(last.at) is not covered.")),
                Outputs(dataLoss: Span(.zero), lostMarkers: 0))
        case .some(let lost, let span, let survivor):
            return Report(
                condition(
                    .met(
                        "\(lost) of \(last.number) markers are lost: number \(survivor.number), acknowledged at "
                            + "\(survivor.at), survives, number \(last.number) of \(last.at) does not. At least what was "
                            + "acknowledged in the \(Span(span).text) between may be lost.")),
                Outputs(dataLoss: Span(span), lostMarkers: lost))
        case .all(let count, let span):
            return Report(
                condition(
                    .unmet(
                        "None of the \(count) markers survives, so the loss reaches back before the first: it is more than "
                            + "\(Span(span).text), nobody knows how much.")), nil)
        case .foreign(let number):
            return Report(
                condition(.unmet("The newest marker of \(inputs.series) is \(number), which was not acknowledged.")),
                nil)
        }
    }
}
