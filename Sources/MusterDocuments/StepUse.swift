// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// `uses:` of a runbook's step: `plugin/step@1.2.0`, `plugin/step@^1.2`, or a built-in step without a version.
package struct StepUse: Hashable, Sendable, CustomStringConvertible {
    package var reference: StepReference
    /// Built-in steps come with the engine, in one version.
    package var requirement: VersionRequirement

    package init(reference: StepReference, requirement: VersionRequirement) {
        self.reference = reference
        self.requirement = requirement
    }

    package init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        guard let reference = StepReference(parts[0]) else { return nil }
        if parts.count == 1, reference.isBuiltIn {
            self.init(reference: reference, requirement: .exactly(SemanticVersion(1, 0, 0)))
        } else if parts.count == 2, !reference.isBuiltIn, let requirement = VersionRequirement(parts[1]) {
            self.init(reference: reference, requirement: requirement)
        } else {
            return nil
        }
    }

    /// As `uses:` writes it; the key of a lock's entry.
    package var description: String { reference.isBuiltIn ? "\(reference)" : "\(reference)@\(requirement)" }
}

/// `5s..2m`: the pause before the second attempt, and the longest one. `30s` alone: always that long.
package struct BackoffRange: Hashable, Sendable {
    package var least: Duration
    package var most: Duration

    package static let standard = BackoffRange(least: .seconds(5), most: .seconds(120))

    package init(least: Duration, most: Duration) {
        self.least = least
        self.most = most
    }

    package init?(_ text: String) {
        let parts = text.split(separator: "..", omittingEmptySubsequences: false)
        let durations = parts.compactMap { Duration(durationText: String($0)) }
        guard (1...2).contains(parts.count), durations.count == parts.count, durations[0] > .zero,
            durations[0] <= durations[durations.count - 1]
        else { return nil }
        self.init(least: durations[0], most: durations[durations.count - 1])
    }
}
