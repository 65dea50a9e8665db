// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc
package import MusterModel

/// A drill whose steps have their effects in a ledger: what each did, and how often, over all processes and crashes.
package final class LedgerDrill {
    /// A step of the runbook.
    package struct Step {
        package var id: String
        /// Inputs of the step beside the ledger, as in a YAML map, such as `waitsIn: check, waitsOnce: true`.
        package var with = ""
        /// Further members of the step, such as `on-failure: rollback`.
        package var more = ""

        package init(_ id: String, _ with: String = "", more: String = "") {
            self.id = id
            self.with = with
            self.more = more
        }

        fileprivate var text: String {
            let inputs = "ledger: \"${{ inputs.ledger }}\"" + (with.isEmpty ? "" : ", \(with)")
            return "  - { id: \(id), uses: noop/nothing@1.0.0, with: { \(inputs) }" + (more.isEmpty ? "" : ", \(more)")
                + " }\n"
        }
    }

    package let catalog: Catalog
    /// The ledger's file.
    package var ledger: String { "\(catalog.root)/ledger" }

    package init(_ steps: [Step], finally: [Step] = [], locks: [String] = []) throws {
        catalog = try Catalog(.noop(runbook: Self.runbook(steps, finally: finally, locks: locks)))
    }

    /// The same drill with a catalog, a ledger and a place for runs of its own.
    package init(copyOf other: LedgerDrill) throws { catalog = try Catalog(copyOf: other.catalog) }

    package static func runbook(_ steps: [Step], finally: [Step] = [], locks: [String] = []) -> String {
        let names = locks.map { "  - \"\($0)\"\n" }.joined()
        return "runbook: drill\nversion: 1.0.0\nsummary: A drill over a ledger\ninputs:\n  ledger: { type: string }\n"
            + (names.isEmpty ? "" : "locks:\n\(names)") + "steps:\n" + steps.map(\.text).joined()
            + (finally.isEmpty ? "" : "finally:\n" + finally.map(\.text).joined())
    }

    /// What names the run's inputs and plugins on muster's command line.
    package var arguments: [String] {
        ["run", "drill", "-e", "lab", "--plugins", catalog.plugins, "--input", "ledger=\(ledger)"]
    }

    /// Starts the drill without being asked for the go-ahead; nobody is there to decide.
    package func start(_ more: String...) throws -> RunningCommand { try catalog.start(arguments + ["--yes"] + more) }

    package func run(_ more: String...) throws -> CommandResult {
        try catalog.start(arguments + ["--yes"] + more).finish()
    }

    /// Starts the drill and kills it where one of its steps waits.
    package func killWhereItWaits(signal: Int32 = SIGKILL) throws {
        try killWhereItWaits(try start(), signal: signal)
    }

    package func killWhereItWaits(_ command: RunningCommand, signal: Int32 = SIGKILL) throws {
        try command.wait(for: "waits in ")
        command.signal(signal)
        _ = try command.finish()
    }

    package func resume(_ more: String...) throws -> CommandResult { try startResume(more).finish() }

    package func startResume(_ more: [String] = []) throws -> RunningCommand {
        try catalog.start(["resume", "last", "--plugins", catalog.plugins] + more)
    }

    package func decide(_ step: String, _ choice: String, reason: String = "seen") throws -> CommandResult {
        try catalog.muster("decide", "last", step, choice, "--reason", reason)
    }

    package func rollBack(_ more: String...) throws -> CommandResult {
        try catalog.start(
            ["rollback", "last", "--plugins", catalog.plugins, "--reason", "Back", "--yes"] + more
        ).finish()
    }

    // MARK: What is there

    /// The run that began last.
    package var runID: String { catalog.runFolders.last ?? "" }

    /// Lines of the ledger that are effects of runs: what was done, the step, the run.
    package func effectLines() throws -> [(kind: String, step: String, run: String)] {
        try lines().filter { ["apply", "undo"].contains($0[0]) }.map { ($0[0], $0[1], $0[2]) }
    }

    /// How often each step was applied or undone: `apply one` with 1.
    package func effects() throws -> [String: Int] {
        try lines().filter { ["apply", "undo"].contains($0[0]) }.reduce(into: [:]) { counts, line in
            counts["\(line[0]) \(line[1])", default: 0] += 1
        }
    }

    /// What each step holds; those that hold nothing are left out.
    package func values() throws -> [String: String] {
        try lines().filter { ["apply", "undo", "other"].contains($0[0]) }.reduce(into: [:]) { values, line in
            values[line[1]] = line[3].isEmpty ? nil : line[3]
        }
    }

    /// Somebody else puts the value into the step's place.
    package func put(_ value: String, into step: String) throws {
        try append("other \(step) nobody \(value)\n")
    }

    private func append(_ line: String) throws {
        let text = (try? String(contentsOfFile: ledger, encoding: .utf8)) ?? ""  // no ledger: nothing has happened yet
        try (text + line).write(toFile: ledger, atomically: false, encoding: .utf8)
    }

    private func lines() throws -> [[String]] {
        guard FileManager.default.fileExists(atPath: ledger) else { return [] }
        return try String(contentsOfFile: ledger, encoding: .utf8).split(separator: "\n").map {
            $0.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// Events of the journal on this machine, as JSON.
    package func journal() throws -> [JSON] {
        try journalLines(of: runID).map { try JSON.parse($0) }
    }

    package func journalLines(of run: String) throws -> [String] {
        try catalog.journalLines(of: run)
    }

    /// How often the kind of event came for the step.
    package func count(_ kind: String, _ step: String? = nil) throws -> Int {
        try journal().count { $0["kind"]?.string == kind && (step == nil || $0["step"]?.string == step) }
    }

    /// Where each step stands, by `muster status`.
    package func standing() throws -> [String: String] {
        let steps = try catalog.muster("status", "last", "--json").json["steps"]?.array ?? []
        return steps.reduce(into: [:]) { $0[$1["id"]?.string ?? ""] = $1["state"]?.string }
    }

    /// The record proves itself.
    package func verify() throws -> CommandResult { try catalog.muster("verify", runID) }
}
