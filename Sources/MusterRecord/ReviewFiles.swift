// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
package import MusterModel

/// Where reviews stand beside a record: `reviews/0001-rita-reviewer/`. No file of the record itself is theirs.
package enum ReviewFiles {
    package static let folder = "reviews"
    /// What the review says.
    package static let record = "review.json"
    /// The findings as the reviewer wrote them.
    package static let findings = "findings.yaml"
    /// The reviewer's signature over ``record``, as `ssh-keygen -Y sign` makes it.
    package static let signature = "review.json.sig"
    /// What is signed is a review, and nothing else that was signed with the same key.
    package static let namespace = "muster-review"

    package static func isReview(_ path: String) -> Bool { path.hasPrefix(folder + "/") }

    /// The review that a file belongs to: its folder's name.
    package static func review(of path: String) -> String {
        path.split(separator: "/", maxSplits: 2).dropFirst().first.map(String.init) ?? ""
    }

    package static func path(of review: ReviewRecord) -> String {
        "\(folder)/\(prefix(of: review.number))\(slug(review.reviewer))"
    }

    /// `0001-`
    static func prefix(of number: Int) -> String {
        String(repeating: "0", count: max(0, 4 - "\(number)".count)) + "\(number)-"
    }

    /// `rita-reviewer`
    private static func slug(_ person: String) -> String {
        let words = personName(person).lowercased().unicodeScalars.split { scalar in
            !(scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)))
        }
        let slug = String(words.map { String($0) }.joined(separator: "-").prefix(40))
        return slug.isEmpty ? "reviewer" : slug
    }

    /// The record's reviews in their order; those that cannot be read are left out, and told of by ``verifyReviews(_:)``.
    package static func reviews(in files: [String: [UInt8]]) -> [ReviewRecord] {
        files.filter { isReview($0.key) && $0.key.hasSuffix("/\(record)") }.compactMap { read($0.value) }
            .sorted { ($0.number, $0.at, $0.reviewer) < ($1.number, $1.at, $1.reviewer) }
    }

    /// No run is reviewed more often; anybody who pushes writes numbers.
    private static let numbers = 1...999_999

    /// Nil for what is no review.
    package static func read(_ bytes: [UInt8]) -> ReviewRecord? {
        // Whoever asks why asks verifyReviews(_:).
        guard let review: ReviewRecord = try? JSON.parse(bytes).decode(), numbers.contains(review.number),
            review.journal.entries > 0
        else { return nil }
        return review
    }
}

/// Checks a record's reviews: each is of this very run and of this journal, none is missing or altered, and nobody reviewed
/// what they ran.
package func verifyReviews(_ files: [String: [UInt8]]) -> [Diagnostic] {
    guard files.keys.contains(where: ReviewFiles.isReview) else { return [] }
    var check = ReviewCheck(files: files)
    check.run()
    return check.findings
}

private struct ReviewCheck {
    let files: [String: [UInt8]]
    var findings: [Diagnostic] = []
    /// By number: what reviews are called by, for the next ones to name.
    private var digests: [Int: Set<Digest>] = [:]
    private let entries: [JournalEntry]

    init(files: [String: [UInt8]]) {
        self.files = files
        // One that cannot be read is told of by the record's own checks.
        entries = (try? JournalReading(files["journal.jsonl"] ?? []))?.entries ?? []
    }

    private mutating func report(_ code: String, _ summary: String, _ path: String) {
        findings.append(
            Diagnostic(
                code: code, summary, help: "Compare with another clone of the catalog: a review is never altered.",
                at: SourceLocation(file: path, line: 1, column: 1)))
    }

    mutating func run() {
        let below = files.keys.filter(ReviewFiles.isReview).map { $0.dropFirst(ReviewFiles.folder.utf8.count + 1) }
        let folders = Set(below.map { String($0.prefix { $0 != "/" }) }).sorted()
        let record = files["record.json"].flatMap { bytes -> RunRecord? in
            try? JSON.parse(bytes).decode()  // one that cannot be read is told of by the record's own checks
        }
        var number = 0
        for folder in folders {
            let path = "\(ReviewFiles.folder)/\(folder)"
            let allowed = Set(
                [ReviewFiles.record, ReviewFiles.findings, ReviewFiles.signature].map { "\(path)/\($0)" })
            for name in files.keys.sorted() where name.hasPrefix(path + "/") && !allowed.contains(name) {
                report("record.unknown-file", "No review has such a file.", name)
            }
            // Two reviewers who did not know of each other have the same number; none is left out.
            number = max(1, folder.hasPrefix(ReviewFiles.prefix(of: number)) ? number : number + 1)
            check(path, number: number, record)
        }
    }

    private mutating func check(_ path: String, number: Int, _ record: RunRecord?) {
        let file = "\(path)/\(ReviewFiles.record)"
        guard let bytes = files[file], let review = ReviewFiles.read(bytes),
            let again = try? JSON(encoding: review).prettyBytes(),  // what cannot be written was never written
            again == bytes
        else {
            return report("review.unreadable", "The review is not what Muster writes.", file)
        }
        if review.number != number || ReviewFiles.path(of: review) != path {
            report("review.out-of-order", "The review is not the \(number). one, or not of its folder's name.", file)
        }
        digests[number, default: []].insert(Digest(of: bytes))
        let isNamed = review.previous.map { digests[number - 1]?.contains($0) == true } ?? (number == 1)
        if !isNamed { report("review.broken-chain", "The review does not name the one before it.", file) }
        if let record { check(review, against: record, file) }
    }

    private mutating func check(_ review: ReviewRecord, against record: RunRecord, _ file: String) {
        if review.run != record.run || review.plan != record.plan {
            report("review.other-run", "The review is of the run \(review.run), or of another plan of it.", file)
        }
        // Whoever carries it on later, such as by rolling it back, reviewed what others did.
        let seen = entries.prefix(review.journal.entries)
        if operators(in: seen).contains(where: { isSamePerson($0, review.reviewer) }) {
            report("review.own-run", "The reviewer is one of those who carried the run out.", file)
        }
        if !entries.isEmpty, !isOver(seen) {
            report("review.not-over", "The run was not over at the line that the review names as its last.", file)
        }
        let lines = (files["journal.jsonl"] ?? []).split(separator: 0x0A, omittingEmptySubsequences: false)
        guard review.journal.entries > 0, review.journal.entries < lines.count,
            Digest(of: lines[review.journal.entries - 1]).hex == review.journal.lastLine
        else {
            return report(
                "review.other-journal", "The journal does not have the line that the review names as its last.", file)
        }
    }
}

/// Those who carried the run out: who began it, and who took it up again.
package func operators(of record: RunRecord) -> [String] {
    ([record.operatorName] + (record.resumes ?? []).map(\.by)).reduce(into: []) {
        if !$0.contains($1) { $0.append($1) }
    }
}

/// Those who carried out what these entries tell.
private func operators(in entries: ArraySlice<JournalEntry>) -> [String] {
    entries.compactMap { entry in
        switch entry.event {
        case .runCreated(let body): body.operatorName
        case .runResumed(let body): body.by
        default: nil
        }
    }
}

/// Whether the run had ended with these entries.
private func isOver(_ entries: ArraySlice<JournalEntry>) -> Bool {
    for entry in entries.reversed() {
        switch entry.event {
        case .runFinished: return true
        case .runResumed: return false
        default: continue
        }
    }
    return false
}

/// Whether two names of git mean one person: by their addresses, else by the whole text. Letter case tells nobody apart.
package func isSamePerson(_ first: String, _ second: String) -> Bool {
    func key(_ person: String) -> String {
        guard let open = person.lastIndex(of: "<"), person.hasSuffix(">") else { return person.lowercased() }
        return person[person.index(after: open)...].dropLast().lowercased()
    }
    return key(first) == key(second)
}
