// SPDX-License-Identifier: Apache-2.0

internal import MusterPlugin

/// The looks of ``Prerequisites`` as for every day: what does not hold fails this step, and keeps no run from its other looks.
/// Whether the account may change anything is not asked: the daily look's should not.
struct Surroundings: ReportStep {
    static let name = "surroundings"
    static let definition = PackageResources.surroundings_yaml

    typealias Inputs = Prerequisites.Inputs

    struct Outputs: Hashable, Codable, Sendable { let areReady: Bool }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await Prerequisites().looks(inputs, context)
    }

    func report(_ inputs: Inputs, _ context: StepContext) async throws -> Report<Outputs> {
        let conditions = try await Prerequisites().verify(inputs, context)
        return Report(conditions, conditions.allSatisfy { $0.verdict == .met } ? Outputs(areReady: true) : nil)
    }
}
