// SPDX-License-Identifier: Apache-2.0

package import CloudSteps
package import MusterPlugin
internal import OracleCloudClient

/// Undo data that tell what a run has asked for in vain from what may be its own.
///
/// They are stored before the request is sent. By themselves they do not tell whether it was taken on, so that what somebody
/// else makes later would count as the run's.
package protocol RefusableUndo: Codable, Sendable {
    /// The service took nothing on, for certain. Nil until there is an answer, and for good where it was lost: then what is there
    /// may be the run's.
    var isRefused: Bool? { get set }
    /// Nothing was left to be undone, and so it was.
    var isUndone: Bool? { get set }
}

extension RefusableUndo {
    /// Nothing that is there is the run's own.
    package var hasNothing: Bool { isRefused == true }

    /// What the conditions of an undo say that has nothing to take back; nil where it may have something.
    package var nothingToUndo: Finding? {
        hasNothing
            ? .met("This run's request was refused, and nothing was taken on: what is there is not its own.") : nil
    }
}

extension EffectGate where Undo: RefusableUndo {
    /// Opens the gate, sends the request, and keeps that it was refused where that is certain.
    ///
    /// What an earlier attempt began may still land, unless that one was refused as well: then it stays in doubt. The request of
    /// an undo is one that something was begun before.
    ///
    /// - Parameter undo: as it is stored before the request.
    package func ask<Answer>(
        _ undo: Undo, _ context: StepContext, _ request: () async throws -> Answer
    ) async throws -> Answer {
        let earlier = try context.recordedUndo(as: Undo.self)
        var undo = undo
        undo.isRefused = nil
        try await begin(undo: undo)
        do {
            return try await request()
        } catch let error as OracleError where error.advice != .unknownOutcome && earlier?.hasNothing != false {
            undo.isRefused = true
            try await begin(undo: undo)
            throw error
        }
    }

    /// Stores that there was nothing to undo, which can be seen from nothing but the record: what is there is not touched.
    ///
    /// - Returns: false where there may be something.
    package func endsWithNothing(_ undo: Undo) async throws -> Bool {
        guard undo.hasNothing else { return false }
        var undo = undo
        undo.isUndone = true
        try await begin(undo: undo)
        return true
    }
}
