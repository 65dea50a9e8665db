// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterPlugin

/// A file that stands for a cloud: what it holds and every effect on it, over all processes.
///
/// Each line is `KIND STEP RUN VALUE`. Nothing is ever rewritten, and an effect is the one write of its line, so that what
/// a step holds and how often it was changed cannot disagree, wherever a process is killed. What a step holds is the
/// value of its last `apply`, `undo` or `other` line; the last is for tests, as somebody else. The other kinds of line are
/// this plugin's memory.
struct Ledger {
    enum Kind: String { case apply, undo, other, waited, failed, halved }

    let path: String
    let step: String
    let run: String

    /// What the step holds now; nil when it was never written, and when an undo has made it so again.
    func value() throws -> String? {
        let effects: Set<Substring> = ["apply", "undo", "other"]
        let last = try lines().last { $0[1] == step && effects.contains($0[0]) }
        return last.flatMap { $0[3].isEmpty ? nil : String($0[3]) }
    }

    /// How many such lines this step has in this run.
    func count(_ kind: Kind, value: String = "") throws -> Int {
        try lines().count { $0[0] == kind.rawValue && $0[1] == step && $0[2] == run && $0[3] == value }
    }

    func append(_ kind: Kind, value: String = "") throws {
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw Self.unusable(path) }
        defer { close(file) }
        let line = Array("\(kind.rawValue) \(step) \(run) \(value)\n".utf8)
        guard line.withUnsafeBytes({ write(file, $0.baseAddress, $0.count) }) == line.count else {
            throw Self.unusable(path)
        }
    }

    /// The four parts of each line.
    private func lines() throws -> [[Substring]] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return [] }
            throw Self.unusable(path)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(file, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            .map { $0.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false) }.filter { $0.count == 4 }
    }

    private static func unusable(_ path: String) -> StepError {
        .permanent("noop.ledger", "\(path) can't be used: \(String(cString: strerror(errno))).")
    }
}
