// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// What a change window is assessed from: the environment's windows and what the runbook's last runs took.
struct WindowRoom {
    let windows: [ChangeWindow]
    let earlier: [WindowAssessment.EarlierRun]

    static let code = "run.change-window"
    static let remedy =
        "Run it while a window is open and long enough, or change the environment's change-windows and commit them."

    /// The log is read only where there are windows to hold its runs against.
    init(
        _ environment: Environment, of runbook: String, _ documents: CatalogDocuments, _ configuration: Configuration
    ) throws(MusterError) {
        windows = environment.changeWindows
        let records = Records(git: documents.git, branch: configuration.recordsBranch)
        earlier = windows.isEmpty ? [] : try records.finishedRuns(of: runbook)
    }

    func assessment(at now: Timestamp) -> WindowAssessment { WindowAssessment(windows, earlier: earlier, at: now) }

    /// - Throws: `run.change-window` when no run may begin now.
    func checked(at now: Timestamp) throws(MusterError) -> WindowAssessment {
        let assessment = assessment(at: now)
        guard assessment.verdict != .unmet else {
            throw MusterError(
                code: Self.code, "\(assessment.says) Nothing was changed.", help: Self.remedy,
                status: .preconditionUnmet)
        }
        return assessment
    }
}
