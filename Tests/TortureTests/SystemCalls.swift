// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterSystem

private let environmentSeed = Host.variable("MUSTER_SEED").flatMap { UInt64($0) }
var seedFromEnvironment: UInt64? { environmentSeed }

/// The n-th call of its name in a process, as strace counts them.
struct CallPoint: Hashable, CustomStringConvertible {
    let call: String
    let number: Int

    var description: String { "\(call) \(number)" }
}

/// Which processes of a run strace looks at.
enum Traced {
    case engine
    /// The engine with everything that it starts: the git worker and the plugins.
    case all

    /// Without --seccomp-bpf, with which strace 6.1 passes over some of what it is to inject.
    fileprivate var options: [String] { self == .all ? ["-f"] : [] }
}

/// strace(1) around muster: it counts the calls of a run, and does something at one of them.
struct SystemCalls {
    /// Calls that change something outside of the process, or that can fail for the disk's sake.
    static let all = [
        "openat", "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "link", "linkat",
        "unlink",
        "unlinkat", "mkdir", "mkdirat", "ftruncate", "fallocate", "clone", "clone3", "vfork", "execve", "socket",
        "bind",
        "listen", "sendto", "sendmsg", "kill",
    ]

    static func trace(_ traced: Traced, into log: String, more: [String] = []) -> [String] {
        ["/usr/bin/strace", "-o", log] + traced.options + more + ["-e", "trace=\(all.joined(separator: ","))"]
    }

    /// - Parameter what: `signal=KILL` or `error=EIO`.
    static func inject(_ what: String, at point: CallPoint, forever: Bool = false, _ traced: Traced, log: String)
        -> [String]
    {
        ["/usr/bin/strace", "-o", log] + traced.options + [
            "-e", "trace=\(point.call)", "-e", "inject=\(point.call):\(what):when=\(point.number)\(forever ? "+" : "")",
        ]
    }

    /// The calls of a traced run that change something, in order, each once, whichever process made them.
    ///
    /// - Parameters:
    ///   - child: those of the engine's children instead of its own.
    ///   - readers: also files that are opened to be read.
    static func points(in log: String, ofChildren child: Bool = false, readers: Bool) throws -> [CallPoint] {
        var counts: [String: Int] = [:]
        var points: [CallPoint] = []
        var seen: Set<CallPoint> = []
        var engine: Substring?
        for line in try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n") {
            // With -f each line begins with the process.
            let hasProcess = line.first?.isNumber == true
            let process = hasProcess ? line.prefix { $0.isNumber } : "0"
            engine = engine ?? process
            let text = hasProcess ? line.dropFirst(process.count).drop { $0 == " " } : line
            let call = String(text.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
            guard all.contains(call), text.dropFirst(call.count).first == "(" else { continue }
            counts["\(process) \(call)", default: 0] += 1
            guard (process == engine) != child else { continue }
            let changes =
                !["openat"].contains(call) || text.contains("O_CREAT") || text.contains("O_WRONLY")
                || text.contains("O_RDWR")
            let point = CallPoint(call: call, number: counts["\(process) \(call)"]!)
            if changes || readers, seen.insert(point).inserted { points.append(point) }
        }
        guard points.count > 20 else { throw FixtureFailure(description: "strace saw next to nothing: \(points)") }
        return points
    }

    /// Whether what was asked for came to pass, by strace's log.
    static func hasHappened(in log: String) throws -> Bool {
        let text = try String(contentsOfFile: log, encoding: .utf8)
        return text.contains("killed by SIGKILL") || text.contains("(INJECTED)")
    }
}
