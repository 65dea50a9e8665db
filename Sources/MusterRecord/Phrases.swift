// SPDX-License-Identifier: Apache-2.0

package import MusterMachine

extension StepRecord.Result {
    /// As people read it.
    package var phrase: String {
        switch self {
        case .pending: "waiting its turn"
        case .running: "running"
        case .verified: "verified"
        case .unverified: "unverified"
        case .alreadySo: "already so, no effect"
        case .shown: "shown"
        case .failed: "failed"
        case .inDoubt: "in doubt"
        case .skipped: "skipped"
        case .notReached: "not reached"
        }
    }

    var emphasized: String {
        switch self {
        case .failed, .inDoubt, .unverified: "**\(phrase)**"
        default: phrase
        }
    }
}

extension RunKind {
    /// `Drill`
    package var title: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
}
