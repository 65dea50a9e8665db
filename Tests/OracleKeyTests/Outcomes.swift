// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterPlugin
import Testing

extension [Condition] {
    /// The ids of those that do not hold.
    var failing: [String] { filter { $0.verdict != .met }.map(\.id) }
    func one(_ id: String) -> Condition? { first { $0.id == id } }
}

extension Observed {
    /// Nothing of it is there.
    var isNeeded: Bool { if case .needed = self { true } else { remains != nil } }
    /// What no undo takes away.
    var remains: String? { if case .absent(_, let remains) = self { remains } else { nil } }
    var isUnfinished: Bool { if case .unfinished = self { true } else { false } }
    var isSatisfied: Bool { if case .satisfied = self { true } else { false } }
    var isPartial: Bool { if case .partial = self { true } else { false } }
}

/// The error that the work throws; the test fails when it throws none.
func thrown(
    _ work: () async throws -> some Sendable, at location: Testing.SourceLocation = #_sourceLocation
) async -> StepError? {
    do {
        _ = try await work()
        Issue.record("no error was thrown", sourceLocation: location)
    } catch let error as StepError {
        return error
    } catch {
        Issue.record("\(error)", sourceLocation: location)
    }
    return nil
}
