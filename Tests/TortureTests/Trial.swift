// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc
import MusterModel
import MusterSystem
import MusterTestSupport

/// One run that something bad happens to, what follows from it, and whether the promises were kept.
///
/// The promises: what was shown to anybody is in the journal, and an effect only follows upon its journaled beginning;
/// no effect comes twice; the run can be resumed to the end that it would have had; and its record proves itself.
struct Trial {
    let drill: LedgerDrill
    private(set) var findings = Findings()
    /// Lines of journals that a muster has printed, by run.
    private var shown: [(run: String, line: String)] = []
    private let steps: Int
    /// Whether muster can print: not while every write fails.
    var canSpeak = true

    var log: String { "\(drill.catalog.root)/strace.log" }

    static let steps = CampaignScale.pick(full: 18, sample: 8)

    /// The drill that each trial copies.
    static func template() throws -> LedgerDrill {
        try LedgerDrill(
            (1...steps).map { .init("s\($0)") }, finally: [.init("back")], locks: ["target:lab"])
    }

    init(_ template: LedgerDrill, steps: Int = Self.steps + 1) throws {
        drill = try LedgerDrill(copyOf: template)
        self.steps = steps
    }

    // MARK: What happens

    func start(under wrapper: [String] = []) throws -> RunningCommand {
        try drill.catalog.start(drill.arguments + ["--yes", "--json"], under: wrapper)
    }

    /// - Parameter run: nil for the last.
    func startResume(_ run: String? = nil) throws -> RunningCommand {
        try drill.catalog.start(["resume", run ?? "last", "--plugins", drill.catalog.plugins, "--json"])
    }

    /// Notes what the command has shown.
    @discardableResult
    mutating func end(_ command: RunningCommand) throws -> CommandResult {
        let result = try command.finish()
        note(result)
        return result
    }

    mutating func note(_ result: CommandResult) {
        var run = ""
        // A last line without its end may be torn.
        for line in result.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            guard let json = try? JSON.parse(String(line)) else { continue }
            // The line before it, which names the run, may have met the fault.
            if json["kind"] == "run-created", let name = json["run"]?.string { run = name }
            if json["seq"] != nil {
                shown.append((run, String(line)))
            } else if let name = json["run"]?.string {
                run = name
            }
        }
        // A command that could not end as it meant to says why.
        if let status = result.status, status != 0, status != 4, status != 130, status != 127,
            canSpeak, !result.errors.contains("["), !result.output.contains("\"code\"")
        {
            findings.endWrongly("status \(status) without a named error: \(result.errors.suffix(300))")
        }
    }

    mutating func endWrongly(_ what: String) { findings.endWrongly(what) }

    // MARK: What follows

    /// Goes on until the drill is over, as a person would, and looks whether all is as it should be.
    mutating func goOn() throws {
        findings.points = 1
        canSpeak = true
        for _ in 1...12 {
            switch try next() {
            case .over: return try check()
            case .goOn: continue
            case .stuck(let why): return findings.cannotResume(why)
            }
        }
        findings.cannotResume("no end after many resumes: \(try drill.standing())")
    }

    /// The run that counts: the one that has begun, else the last. Ids of one second have no order.
    private var runID: String {
        let runs = drill.catalog.runFolders
        let begun = runs.first { run in
            // A journal that is not there holds nothing.
            ((try? drill.journalLines(of: run)) ?? []).contains { $0.contains("\"run-started\"") }
        }
        return begun ?? runs.last ?? ""
    }

    private enum Next { case over, goOn, stuck(String) }

    private mutating func next() throws -> Next {
        let run = runID
        guard !run.isEmpty else { return try again() }
        let result = try end(try startResume(run))
        if result.status == 4 { return try decide(result) }
        if result.errors.contains("[run.finished]") || result.status == 0 || result.status == 130 {
            return try outcome() == "succeeded" ? .over : try begunAnew(result)
        }
        return try begunAnew(result)
    }

    private mutating func decide(_ result: CommandResult) throws -> Next {
        let waiting = try result.lastJSON["waitsFor"]?.array?.compactMap { $0["step"]?.string } ?? []
        guard !waiting.isEmpty else { return .stuck("it rests and does not say for what: \(result)") }
        for step in waiting {
            let decided = try drill.catalog.muster("decide", runID, step, "retry", "--reason", "seen")
            guard decided.status == 0 else { return .stuck("\(decided)") }
        }
        return .goOn
    }

    /// A run that never got its go-ahead onto the disk has done nothing, and is begun anew.
    private mutating func begunAnew(_ result: CommandResult) throws -> Next {
        let hasBegun =
            try drill.effectLines().contains { $0.run == runID }
            || shown.contains { $0.run == runID && $0.line.contains("\"run-started\"") }
        return hasBegun ? .stuck("\(result)") : try again(after: result)
    }

    private mutating func again(after refused: CommandResult? = nil) throws -> Next {
        let result = try end(try start())
        if result.status == 0 { return .over }
        return .stuck("a new run cannot begin: \(result)\nafter \(refused?.description ?? "no run")")
    }

    private func outcome() throws -> String? {
        try drill.journalLines(of: runID).map { try JSON.parse($0) }.last { $0["kind"] == "run-finished" }?["outcome"]?
            .string
    }

    // MARK: What must be so

    private mutating func check() throws {
        for (run, line) in shown where !(try journal(run).contains(line)) {
            findings.lose("shown, and not in the journal: \(line.prefix(200))")
        }
        for effect in try drill.effectLines() {
            let begun = try journal(effect.run).contains {
                $0.contains("\"kind\":\"step-begun\"") && $0.contains("\"step\":\"\(effect.step)\"")
            }
            if !begun { findings.lose("an effect of \(effect.step) without its beginning") }
        }
        let effects = try drill.effects()
        for (effect, count) in effects where count > 1 { findings.double("\(effect) \(count) times") }
        if effects.count != steps { findings.endWrongly("effects \(effects)") }
        if try outcome() != "succeeded" { findings.endWrongly("outcome \(try outcome() ?? "none")") }
        try checkRecord()
    }

    private mutating func journal(_ run: String) throws -> Set<String> {
        Set(try drill.journalLines(of: run))
    }

    /// What ended while git could not take it is published late, and then every record proves itself.
    private mutating func checkRecord() throws {
        let published = try drill.catalog.muster("publish")
        let proof = try drill.catalog.muster("verify", "--all")
        if proof.status != 0 { findings.endWrongly("the record: \(proof)\n\(published)") }
        let list = try drill.catalog.muster("list")
        if !list.output.contains("\(runID)") || !list.output.contains("succeeded") {
            findings.endWrongly("the log of executions does not say that it succeeded: \(list)\n\(published)")
        }
    }

    /// A status of 0 is the whole promise: nothing may be left to do.
    mutating func checkClaim(_ result: CommandResult) throws {
        if case .signalled(let number) = result.end, number != SIGKILL {
            findings.endWrongly("ended by signal \(number)")
        }
        guard result.status == 0 else { return }
        let proof = try drill.catalog.muster("verify", "--all")
        guard try outcome() == "succeeded", proof.status == 0, proof.output.contains(runID) else {
            return findings.endWrongly("it ended with 0, and that was not so: \(proof)")
        }
    }
}
