// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import MusterModel

/// What a campaign of faults found, as rows for the table of figures.
///
/// Each row is one line of JSON at the end of the file that `MUSTER_CAMPAIGN_LOG` names; without the variable nothing is
/// written. Rows of tests that run side by side never mix: one write to a file opened for appending is one line.
package enum CampaignLog {
    /// - Parameters:
    ///   - kind: what was done to the system, such as `lease races`.
    ///   - points: how many faults, rounds or damages there were.
    ///   - lost: of what had been acknowledged, how much was gone.
    ///   - doubled: effects or winners too many.
    ///   - notResumable: states from which nothing went on.
    ///   - wrongEnd: ends that were told wrongly, or not at all.
    ///   - seed: what makes the same campaign again; 0 where nothing was random.
    ///   - campaign: the table's group; named for the test's module when left out (`MusterGitTests` is `git`).
    package static func add(
        kind: String, points: Int, lost: Int, doubled: Int, notResumable: Int, wrongEnd: Int, seed: UInt64 = 0,
        campaign: String? = nil, file: String = #fileID
    ) throws(MusterError) {
        guard let path = getenv("MUSTER_CAMPAIGN_LOG").map({ String(cString: $0) }), !path.isEmpty else { return }
        let row: JSON = [
            "campaign": .string(campaign ?? moduleSubject(file)), "kind": .string(kind), "points": .int(Int64(points)),
            "lost": .int(Int64(lost)), "doubled": .int(Int64(doubled)), "notResumable": .int(Int64(notResumable)),
            "wrongEnd": .int(Int64(wrongEnd)),
            "seed": Int64(exactly: seed).map { .int($0) } ?? .string(String(seed)),
        ]
        let line = row.canonicalBytes() + [UInt8(ascii: "\n")]
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw notWritten(path) }
        defer { close(descriptor) }
        guard line.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == line.count else {
            throw notWritten(path)
        }
    }

    /// `MusterGitTests/LeaseTests.swift` is about `git`.
    private static func moduleSubject(_ file: String) -> String {
        var name = file.split(separator: "/").first.map(String.init) ?? file
        if name.hasPrefix("Muster") { name.removeFirst("Muster".count) }
        if name.hasSuffix("Tests") { name.removeLast("Tests".count) }
        return name.lowercased()
    }

    private static func notWritten(_ path: String) -> MusterError {
        MusterError(code: "test.not-written", "\(path): \(String(cString: strerror(errno)))")
    }
}

/// How large a campaign of faults is: every point with `MUSTER_TORTURE=full`, a sample otherwise.
package enum CampaignScale {
    package static let isFull = getenv("MUSTER_TORTURE").map { String(cString: $0) } == "full"

    package static func pick<Value>(full: Value, sample: Value) -> Value { isFull ? full : sample }
}
