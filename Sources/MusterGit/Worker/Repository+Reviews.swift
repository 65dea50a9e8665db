// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import MusterModel

/// Reviews stand beside a run's record, and no commit takes one away or changes it.
extension Repository {
    private static let reviews = "reviews"

    func reviewBreaches(_ run: RunID) throws -> [String] {
        guard let tip = try tip(of: run.ref) else { return [] }
        var breaches: [String] = []
        var child = tip
        var entriesOfChild = try entries(of: treeID(of: tip), at: "")
        var left = GitLimits.historyCommits
        while let commit = try parent(of: child), left > 0 {
            let entries = try entries(of: treeID(of: commit), at: "")
            breaches += try self.breaches(from: entries, to: entriesOfChild, in: child)
            (child, entriesOfChild) = (commit, entries)
            left -= 1
        }
        return breaches.reversed()
    }

    /// The branch's commits with their signatures; the oldest of a branch beyond the limit are left out.
    func runCommits(_ run: RunID) throws -> [SignedCommit] {
        var commits: [SignedCommit] = []
        var next = try tip(of: run.ref)
        while let commit = next, commits.count < GitLimits.historyCommits {
            let before = try parent(of: commit)
            commits.append(try signedCommit(commit, after: before))
            next = before
        }
        return commits
    }

    private func signedCommit(_ commit: ObjectID, after before: ObjectID?) throws -> SignedCommit {
        let seconds = try withCommit(commit) { git_commit_time($0) }
        let added: Bool
        if let before { added = try reviewsTree(before) != reviewsTree(commit) } else { added = false }
        let signature = try signature(of: commit)
        return SignedCommit(
            commit: commit, time: Timestamp(milliseconds: seconds * 1000), addsReview: added,
            isFirst: before == nil, signature: signature?.armour, content: signature?.content)
    }

    private func reviewsTree(_ commit: ObjectID) throws -> ObjectID? {
        try entries(of: treeID(of: commit), at: "").first { $0.name == Self.reviews }?.id
    }

    private func signature(of commit: ObjectID) throws -> (armour: String, content: FileContent)? {
        var armour = git_buf()
        defer { git_buf_dispose(&armour) }
        var content = git_buf()
        defer { git_buf_dispose(&content) }
        var oid = commit.oid
        let status = git_commit_extract_signature(&armour, &content, handle, &oid, "gpgsig")
        if status == GIT_ENOTFOUND.rawValue { return nil }
        try git("read the signature of \(commit.short)") { status }
        let text = UnsafeRawBufferPointer(start: armour.ptr, count: armour.size)
        let rest = UnsafeRawBufferPointer(start: content.ptr, count: content.size)
        return (String(decoding: text, as: UTF8.self), FileContent(Array(rest)))
    }

    /// The commit at the beginning of the line of first parents.
    func root(of commit: ObjectID) throws(MusterError) -> ObjectID {
        var first = commit
        while let before = try parent(of: first) { first = before }
        return first
    }

    private func breaches(from old: [TreeEntry], to new: [TreeEntry], in commit: ObjectID) throws -> [String] {
        let (before, after) = (old.first { $0.name == Self.reviews }, new.first { $0.name == Self.reviews })
        if before?.id == after?.id { return [] }
        let known = try before.map { try entries(of: $0.id, at: Self.reviews) } ?? []
        let now = try after.map { try entries(of: $0.id, at: Self.reviews) } ?? []
        var breaches = known.compactMap { review -> String? in
            let same = now.first { $0.name == review.name }
            if same?.id == review.id { return nil }
            return "Commit \(commit.short) \(same == nil ? "dropped" : "altered") the review \(review.name)."
        }
        func others(_ entries: [TreeEntry]) -> [String: ObjectID] {
            Dictionary(uniqueKeysWithValues: entries.filter { $0.name != Self.reviews }.map { ($0.name, $0.id) })
        }
        if others(old) != others(new) {
            breaches.append("Commit \(commit.short) added a review and changed the record with it.")
        }
        return breaches
    }
}
