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
