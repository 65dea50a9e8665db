// SPDX-License-Identifier: Apache-2.0

/// What the git layer accepts at most. A larger thing is refused with `git.too-large`, never cut.
package enum GitLimits {
    /// One definition (`muster.yaml`, a runbook, a step, a lock, an environment).
    package static let definitionBytes = 1 << 20
    /// One file of a record; a journal is the largest.
    package static let recordFileBytes = 16 << 20
    /// All file contents of one answer or one commit together.
    package static let answerBytes = 16 << 20
    /// One tree object.
    package static let treeBytes = 8 << 20
    /// Files and folders below one folder that is listed with everything in it.
    package static let listedFiles = 20_000
    /// Years, months and days that a listing of the log goes through: a hundred years of drills a day.
    package static let logFolders = 40_000
    /// What one fetch of a run takes from a remote, packed.
    package static let fetchedBytes = 256 << 20
    /// Objects of one fetch.
    package static let fetchedObjects = 1_000_000
    /// `lease.json`.
    package static let leaseBytes = 64 << 10
    /// What one look at a lease takes from a remote, packed: all its renewals may be new here.
    package static let leaseHistoryBytes = 64 << 20
    /// Commits that a search for published versions looks at.
    package static let historyCommits = 10_000
    /// Folders below each other.
    package static let depth = 32
    /// Processor time of one request, in seconds: what ends a worker whose engine is gone.
    package static let cpuSeconds = 300
    /// The worker's address space.
    package static let memoryBytes = 8 << 30
}
