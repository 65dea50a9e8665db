// SPDX-License-Identifier: Apache-2.0

internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// What a change window is assessed from: all that says when the environment may be changed, and what the runbook's last runs
/// took.
struct WindowRoom {
    private let calendar: WindowCalendar
    private let earlier: [WindowAssessment.EarlierRun]

    static let code = "run.change-window"
    static let remedy =
        "Run it while a window is open and long enough, or change change-windows and freezes in muster.yaml and the environment, and commit them."

    /// The log is read only where there are windows to hold its runs against.
    init(_ calendar: WindowCalendar, runsOf runbook: String, in records: Records) throws(MusterError) {
        self.calendar = calendar
        earlier = calendar.calendar.isEmpty ? [] : try records.finishedRuns(of: runbook)
    }

    func assessment(at now: Timestamp) -> WindowAssessment {
        WindowAssessment(
            calendar.windows(around: now), frozen: calendar.frozen(around: now), earlier: earlier, at: now)
    }

    /// - Parameter isForced: the run begins whatever the windows say; they are written down.
    /// - Throws: `run.change-window` when no run may begin now.
    func checked(at now: Timestamp, isForced: Bool) throws(MusterError) -> WindowAssessment {
        let assessment = assessment(at: now)
        guard isForced || assessment.verdict != .unmet else {
            throw MusterError(
                code: Self.code, "\(assessment.says) Nothing was changed.", help: Self.remedy,
                status: .preconditionUnmet)
        }
        return assessment
    }
}
