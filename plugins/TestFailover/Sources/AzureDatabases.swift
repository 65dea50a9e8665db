// SPDX-License-Identifier: Apache-2.0

internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin
internal import SQLSteps

extension Databases {
    /// Runs the work with the Azure SQL databases of the step's environment.
    static func run<Value>(_ context: StepContext, _ work: (Databases) async throws -> Value) async throws -> Value {
        try await run(context, by: { try await DatabaseDoors.shared.door(for: context, record: $0.add) }, work)
    }
}
