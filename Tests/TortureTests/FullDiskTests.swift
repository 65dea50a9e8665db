// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterSystem
import MusterTestSupport
import Testing

/// A real disk runs full: a run is refused while there is too little room, stops with a named error when it fills up under
/// it, and goes on once there is room again.
@Suite(.timeLimit(.minutes(60)))
struct FullDiskTests {
    /// Mounts a small disk for the state folder where only this script sees it, fills it, and empties it again.
    ///
    /// Arguments: state folder, bytes that are left free, `before` the run or in its `middle`, the ledger, muster with what
    /// it runs.
    private static let script = """
        state=$0 free=$1 when=$2 ledger=$3; shift 3
        mount -t tmpfs -o size=80m tmpfs "$state" || exit 99
        fill() {
            room=$(df -B1 --output=avail "$state" | tail -1)
            if [ $((room - $1)) -gt 0 ]; then fallocate -l $((room - $1)) "$state/filler"; fi
        }
        if [ "$when" = before ]; then fill "$free"; fi
        "$@" >"$state.out" 2>"$state.err" & run=$!
        if [ "$when" = middle ]; then
            # The drill's first effect is in place, and it pauses.
            until [ -s "$ledger" ] || ! kill -0 $run 2>/dev/null; do :; done
            fill "$free"
        fi
        wait $run; echo $? >"$state.status"
        rm -f "$state/filler"
        cp -r "$state" "$state.kept"
        """

    private func run(_ trial: inout Trial, free: Int, _ moment: String) throws -> CommandResult? {
        let catalog = trial.drill.catalog
        let state = "\(catalog.root)/disk"
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        catalog.state = state
        let wrapper = [
            "/usr/bin/unshare", "--user", "--map-root-user", "--mount", "/bin/bash", "-c", Self.script, state,
            "\(free)",
            moment, trial.drill.ledger,
        ]
        let result = try trial.start(under: wrapper).finish()
        catalog.state = "\(state).kept"
        guard result.status != 99, FileManager.default.fileExists(atPath: "\(state).status") else { return nil }
        func text(_ end: String) throws -> String { try String(contentsOfFile: "\(state).\(end)", encoding: .utf8) }
        let status = Int32(try text("status").trimmingCharacters(in: .whitespacesAndNewlines))
        return CommandResult(
            command: result.command, output: try text("out"), errors: try text("err"),
            end: .exited(try #require(status)))
    }

    private func template() throws -> LedgerDrill {
        try LedgerDrill(
            [.init("s1", "sleepMilliseconds: 300")] + (2...Trial.steps).map { .init("s\($0)") },
            finally: [.init("back")])
    }

    /// The whole campaign must not pass without it.
    private static func notTried() {
        let what = "No small disk can be mounted here: full disks are not tried."
        if CampaignScale.isFull { Issue.record("\(what)") } else { print(what) }
    }

    @Test func `with less room than a run may need none begins`() throws {
        var trial = try Trial(try template())
        guard let result = try run(&trial, free: 60 << 20, "before") else {
            return Self.notTried()
        }
        #expect(result.status == 3 && result.errors.contains("[journal.low-disk]"), "\(result)")
        #expect(trial.drill.catalog.runFolders.isEmpty)
        #expect(try trial.drill.effects().isEmpty)
    }

    @Test func `a disk that runs full in the middle stops the run, and it goes on once there is room`() throws {
        let template = try template()
        var findings = Findings()
        let levels = CampaignScale.pick(
            full: (0..<50).map { $0 * 1024 }, sample: [0, 4096, 12_288, 24_576])
        for free in levels {
            var trial = try Trial(template)
            guard let result = try run(&trial, free: free, "middle") else {
                return Self.notTried()
            }
            trial.note(result)
            if result.status != 0, !result.errors.contains("[journal.") {
                trial.endWrongly("it stopped without saying that the journal's disk is full: \(result)")
            }
            try trial.checkClaim(result)
            try trial.goOn()
            findings.add(trial.findings, at: "\(free) bytes free")
        }
        try findings.report("the disk runs full in the middle of a run", atLeast: levels.count)
    }
}
