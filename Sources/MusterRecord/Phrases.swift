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
        case .declared: "done, a person says"
        case .failed: "failed"
        case .inDoubt: "in doubt"
        case .skipped: "skipped"
        case .notReached: "not reached"
        }
    }

    /// What the word claims, for readers of a page who do not know Muster.
    var explanation: String? {
        switch self {
        case .verified: "*Verified*: the effect was shown by a read of its own."
        case .unverified: "*Unverified*: reported as done, but no read could show it."
        case .alreadySo: "*Already so*: the target was as wanted before."
        case .shown: "*Shown*: a step without an effect proved what it had to, or a person confirmed it."
        case .declared: "*Done, a person says*: somebody vouches for it; nothing that Muster read shows it."
        case .inDoubt: "*In doubt*: an effect was begun and its end is not known."
        case .notReached: "*Not reached*: the run ended before its turn came."
        case .pending, .running, .failed, .skipped: nil
        }
    }
}

extension StepRecord {
    /// The result as people read it.
    package var phrase: String { result == .shown && confirmation != nil ? "confirmed" : result.phrase }

    var emphasizedPhrase: String {
        switch result {
        case .failed, .inDoubt, .unverified: "**\(phrase)**"
        default: phrase
        }
    }
}

extension RunKind {
    /// `Drill`
    package var title: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
}
