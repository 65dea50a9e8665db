// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import MusterModel

extension Repository {
    /// One content of one trail.
    private struct Content {
        let trail: Int
        let version: Int
    }

    /// Moves each content that a line has by a merge to the commit that published it: a merge that takes a content over from
    /// a parent did not publish it, that parent's own line did. So a branch names the same commit before it is merged and after.
    ///
    /// - Returns: False when a limit ended it.
    func followMerges(_ trails: inout [PathTrail], of line: Set<ObjectID>) throws -> Bool {
        var isComplete = true
        var open = trails.indices.flatMap { trail in
            trails[trail].versions.indices.map { Content(trail: trail, version: $0) }
        }
        while !open.isEmpty {
            let byCommit = Dictionary(grouping: open) { trails[$0.trail].versions[$0.version].commit }
            open = []
            for (commit, contents) in byCommit {
                for parent in try otherParents(commit) {
                    // A content that was found behind one parent has moved on, and is looked for behind no other.
                    let here = contents.filter { trails[$0.trail].versions[$0.version].commit == commit }
                    if here.isEmpty { break }
                    var known = line
                    var below = here.map { PathTrail(path: trails[$0.trail].path) }
                    if try !follow(&below, from: parent, onto: &known) { isComplete = false }
                    for (content, found) in zip(here, below)
                    where trails[content.trail].move(content.version, to: found) {
                        open.append(content)
                    }
                }
            }
        }
        return isComplete
    }

    /// The parents of a merge, but the first, whose line was looked at before.
    private func otherParents(_ commit: ObjectID) throws(MusterError) -> [ObjectID] {
        try withCommit(commit) { pointer in
            let count = git_commit_parentcount(pointer)
            return count < 2 ? [] : (1..<count).compactMap { git_commit_parent_id(pointer, $0).map { ObjectID($0) } }
        }
    }
}

extension PathTrail {
    /// Gives a version the oldest commit in which another trail of the same path has its content, where that begins with it.
    fileprivate mutating func move(_ version: Int, to other: PathTrail) -> Bool {
        guard let found = other.versions.first, found.blob == versions[version].blob else { return false }
        versions[version].commit = found.commit
        versions[version].time = found.time
        return true
    }
}
