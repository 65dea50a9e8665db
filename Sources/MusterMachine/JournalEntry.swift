// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// An event with its place and time: one line of a journal.
///
/// The line is canonical JSON: `seq`, `at`, `mono`, `prev`, `kind` and the members of the event itself.
package struct JournalEntry: Hashable, Sendable {
    /// `prev` of a journal's first line.
    package static let firstPrevious = String(repeating: "0", count: 64)

    /// Counts from 0 without gaps.
    package var sequence: Int64
    package var at: Timestamp
    /// Nanoseconds of the boot clock.
    package var boot: Int64
    /// SHA-256 in hex of the previous line's bytes without its newline.
    package var previous: String
    package var event: Event

    package init(sequence: Int64, at: Timestamp, boot: Int64, previous: String, event: Event) {
        self.sequence = sequence
        self.at = at
        self.boot = boot
        self.previous = previous
        self.event = event
    }

    /// The line's bytes without a newline.
    package func line() throws -> [UInt8] {
        guard case .object(var members) = try event.body() else { preconditionFailure("an event's body is an object") }
        members["seq"] = .int(sequence)
        members["at"] = .string(at.description)
        members["mono"] = .int(boot)
        members["prev"] = .string(previous)
        members["kind"] = .string(event.kind)
        return JSON.object(members).canonicalBytes()
    }

    /// Reads a line without its newline. Does not compare ``previous``; who reads a journal does.
    package init(line: some Sequence<UInt8>) throws {
        let json = try JSON.parse(line)
        sequence = try Self.member("seq", of: json, \.int)
        at = try Self.member("at", of: json) { $0.string.flatMap { Timestamp($0) } }
        boot = try Self.member("mono", of: json, \.int)
        previous = try Self.member("prev", of: json, \.string)
        event = try Event(kind: try Self.member("kind", of: json, \.string), body: json)
    }

    // By hand, for this is read for each line of journals that may have many.
    private static func member<Value>(_ name: String, of json: JSON, _ read: (JSON) -> Value?) throws -> Value {
        guard let value = json[name].flatMap(read) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [], debugDescription: "the member \"\(name)\" is missing or of another kind"))
        }
        return value
    }
}

extension Event {
    /// The name of the event's kind on a journal line.
    package var kind: String {
        switch self {
        case .runCreated: "run-created"
        case .runStarted: "run-started"
        case .stepStarted: "step-started"
        case .stepChecked: "step-checked"
        case .stepObserved: "step-observed"
        case .stepApplying: "step-applying"
        case .stepBegun: "step-begun"
        case .stepApplied: "step-applied"
        case .stepVerified: "step-verified"
        case .attemptFailed: "attempt-failed"
        case .stepDone: "step-done"
        case .stepFailed: "step-failed"
        case .stepInDoubt: "step-in-doubt"
        case .stepSkipped: "step-skipped"
        case .manualConfirmed: "manual-confirmed"
        case .progress: "progress"
        case .evidence: "evidence"
        case .pluginLog: "plugin-log"
        case .undoStarted: "undo-started"
        case .undoChecked: "undo-checked"
        case .undoApplying: "undo-applying"
        case .undoBegun: "undo-begun"
        case .undoClaimed: "undo-claimed"
        case .undoAttemptFailed: "undo-attempt-failed"
        case .stepUndone: "step-undone"
        case .undoFailed: "undo-failed"
        case .runResumed: "run-resumed"
        case .pauseRequested: "pause-requested"
        case .runPaused: "run-paused"
        case .stepDecided: "step-decided"
        case .rollbackRequested: "rollback-requested"
        case .leaseChanged: "lease-changed"
        case .approvalRecorded: "approval-recorded"
        case .approvalAwaited: "approval-awaited"
        case .policyApplied: "policy-applied"
        case .breakGlass: "break-glass"
        case .stopRequested: "stop-requested"
        case .clockJumped: "clock-jumped"
        case .runFinished: "run-finished"
        }
    }

    func body() throws -> JSON {
        switch self {
        case .runCreated(let body): try JSON(encoding: body)
        case .runStarted(let body): try JSON(encoding: body)
        case .stepStarted(let body): try JSON(encoding: body)
        case .stepChecked(let body): try JSON(encoding: body)
        case .stepObserved(let body): try JSON(encoding: body)
        case .stepApplying(let body): try JSON(encoding: body)
        case .stepBegun(let body): try JSON(encoding: body)
        case .stepApplied(let body): try JSON(encoding: body)
        case .stepVerified(let body): try JSON(encoding: body)
        case .attemptFailed(let body): try JSON(encoding: body)
        case .stepDone(let body): try JSON(encoding: body)
        case .stepFailed(let body): try JSON(encoding: body)
        case .stepInDoubt(let body): try JSON(encoding: body)
        case .stepSkipped(let body): try JSON(encoding: body)
        case .manualConfirmed(let body): try JSON(encoding: body)
        case .progress(let body): try JSON(encoding: body)
        case .evidence(let body): try JSON(encoding: body)
        case .pluginLog(let body): try JSON(encoding: body)
        case .undoStarted(let body): try JSON(encoding: body)
        case .undoChecked(let body): try JSON(encoding: body)
        case .undoApplying(let body): try JSON(encoding: body)
        case .undoBegun(let body): try JSON(encoding: body)
        case .undoClaimed(let body): try JSON(encoding: body)
        case .undoAttemptFailed(let body): try JSON(encoding: body)
        case .stepUndone(let body): try JSON(encoding: body)
        case .undoFailed(let body): try JSON(encoding: body)
        case .runResumed(let body): try JSON(encoding: body)
        case .pauseRequested(let body): try JSON(encoding: body)
        case .runPaused(let body): try JSON(encoding: body)
        case .stepDecided(let body): try JSON(encoding: body)
        case .rollbackRequested(let body): try JSON(encoding: body)
        case .leaseChanged(let body): try JSON(encoding: body)
        case .approvalRecorded(let body): try JSON(encoding: body)
        case .approvalAwaited(let body): try JSON(encoding: body)
        case .policyApplied(let body): try JSON(encoding: body)
        case .breakGlass(let body): try JSON(encoding: body)
        case .stopRequested(let body): try JSON(encoding: body)
        case .clockJumped(let body): try JSON(encoding: body)
        case .runFinished(let body): try JSON(encoding: body)
        }
    }

    init(kind: String, body: JSON) throws {
        switch kind {
        case "run-created": self = .runCreated(try body.decode())
        case "run-started": self = .runStarted(try body.decode())
        case "step-started": self = .stepStarted(try body.decode())
        case "step-checked": self = .stepChecked(try body.decode())
        case "step-observed": self = .stepObserved(try body.decode())
        case "step-applying": self = .stepApplying(try body.decode())
        case "step-begun": self = .stepBegun(try body.decode())
        case "step-applied": self = .stepApplied(try body.decode())
        case "step-verified": self = .stepVerified(try body.decode())
        case "attempt-failed": self = .attemptFailed(try body.decode())
        case "step-done": self = .stepDone(try body.decode())
        case "step-failed": self = .stepFailed(try body.decode())
        case "step-in-doubt": self = .stepInDoubt(try body.decode())
        case "step-skipped": self = .stepSkipped(try body.decode())
        case "manual-confirmed": self = .manualConfirmed(try body.decode())
        case "progress": self = .progress(try body.decode())
        case "evidence": self = .evidence(try body.decode())
        case "plugin-log": self = .pluginLog(try body.decode())
        case "undo-started": self = .undoStarted(try body.decode())
        case "undo-checked": self = .undoChecked(try body.decode())
        case "undo-applying": self = .undoApplying(try body.decode())
        case "undo-begun": self = .undoBegun(try body.decode())
        case "undo-claimed": self = .undoClaimed(try body.decode())
        case "undo-attempt-failed": self = .undoAttemptFailed(try body.decode())
        case "step-undone": self = .stepUndone(try body.decode())
        case "undo-failed": self = .undoFailed(try body.decode())
        case "run-resumed": self = .runResumed(try body.decode())
        case "pause-requested": self = .pauseRequested(try body.decode())
        case "run-paused": self = .runPaused(try body.decode())
        case "step-decided": self = .stepDecided(try body.decode())
        case "rollback-requested": self = .rollbackRequested(try body.decode())
        case "lease-changed": self = .leaseChanged(try body.decode())
        case "approval-recorded": self = .approvalRecorded(try body.decode())
        case "approval-awaited": self = .approvalAwaited(try body.decode())
        case "policy-applied": self = .policyApplied(try body.decode())
        case "break-glass": self = .breakGlass(try body.decode())
        case "stop-requested": self = .stopRequested(try body.decode())
        case "clock-jumped": self = .clockJumped(try body.decode())
        case "run-finished": self = .runFinished(try body.decode())
        default:
            throw MusterError(
                code: "journal.unknown-event", "The journal holds an event of the unknown kind \"\(kind)\".",
                help: "It was written by a newer Muster: read it with that version.", status: .verificationFailed)
        }
    }
}
