// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterTestSupport
import Testing

/// Calls fail as a broken, full or read-only disk makes them fail, or for want of descriptors: muster stops with a named
/// error, never says that something was done that was not, and goes on once the fault is gone.
@Suite(.timeLimit(.minutes(180)))
struct DiskErrorTests {
    struct Fault: CustomStringConvertible {
        let point: CallPoint
        let error: String
        let forever: Bool

        var description: String { "\(error) at \(point)\(forever ? " and ever after" : "")" }
    }

    /// Errors that the calls can meet.
    private static let errors: [String: [String]] = [
        "openat": ["EIO", "ENOSPC", "EROFS", "EMFILE"], "write": ["EIO", "ENOSPC"], "pwrite64": ["EIO", "ENOSPC"],
        "fsync": ["EIO", "ENOSPC"], "fdatasync": ["EIO", "ENOSPC"], "rename": ["EIO", "ENOSPC", "EROFS"],
        "link": ["EIO", "ENOSPC", "EROFS"], "unlink": ["EIO", "EROFS"], "mkdir": ["EIO", "ENOSPC", "EROFS"],
        "ftruncate": ["EIO", "EROFS"], "fallocate": ["EIO", "ENOSPC"],
    ]

    private func faults(_ template: LedgerDrill, _ traced: Traced) throws -> [Fault] {
        let log = "\(template.catalog.root)/calls-\(traced).log"
        var trial = try Trial(template)
        #expect(try trial.end(try trial.start(under: SystemCalls.trace(traced, into: log))).status == 0)
        let points = try SystemCalls.points(in: log, ofChildren: traced == .all, readers: false)
        // Each call fails once, and from there on; with which of its errors goes round, so that every kind of call meets each
        // of them many times.
        return points.enumerated().flatMap { number, point -> [Fault] in
            guard let errors = Self.errors[point.call] else { return [] }
            return [false, true].enumerated().map { turn, forever in
                Fault(point: point, error: errors[(number + turn) % errors.count], forever: forever)
            }
        }
    }

    private func fail(_ traced: Traced, _ kind: String, sample: Int) throws {
        let template = try Trial.template()
        var findings = Findings()
        for fault in try faults(template, traced).spread(CampaignScale.pick(full: .max, sample: sample)) {
            var trial = try Trial(template)
            let wrapper = SystemCalls.inject(
                "error=\(fault.error)", at: fault.point, forever: fault.forever, traced, log: trial.log)
            trial.canSpeak = !(fault.forever && fault.point.call == "write")
            let result = try trial.end(try trial.start(under: wrapper))
            guard try SystemCalls.hasHappened(in: trial.log) else { continue }
            try trial.checkClaim(result)
            try trial.goOn()
            findings.add(trial.findings, at: "\(fault)")
        }
        try findings.report(kind, atLeast: CampaignScale.pick(full: 20, sample: sample / 2))
    }

    /// Swift's runtime reads the command line from there in a release build.
    @Test func `a command line that cannot be read is never a success`() throws {
        let drill = try LedgerDrill([.init("one")])
        let wrapper = [
            "/usr/bin/strace", "-o", "\(drill.catalog.root)/strace.log", "-P", "/proc/self/maps", "-e", "trace=openat",
            "-e",
            "inject=openat:error=EMFILE",
        ]
        let result = try drill.catalog.start(drill.arguments + ["--yes"], under: wrapper).finish()
        #expect(try result.status != 0 || !drill.effects().isEmpty, "\(result)")
        #expect(!result.everything.contains("SUBCOMMANDS"), "\(result)")
    }

    @Test func `the engine's calls fail`() throws {
        try fail(.engine, "a call of the engine fails (EIO, ENOSPC, EROFS, EMFILE)", sample: 16)
    }

    @Test func `calls of the git worker and the plugins fail`() throws {
        try fail(.all, "a call of the git worker or a plugin fails", sample: 10)
    }
}
