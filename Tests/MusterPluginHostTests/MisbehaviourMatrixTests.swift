// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterPluginHost
import MusterPluginProtocol
import MusterSystem
import MusterTestSupport
import Testing

/// One plugin that misbehaves in one verb. Its time passes only where the table lets it.
private final class Trial {
    let row: MisbehaviourRow
    let verb: PluginVerb
    private let host: HostFixture
    private let start: Int64
    private var now: Int64
    private var events: [PluginEvent] = []
    private var call: Int64?
    private var farDeadline: Int64?
    private var timeMayPass: Bool

    private static let callTime = Duration.seconds(60)

    init(_ row: MisbehaviourRow, _ verb: PluginVerb) throws {
        self.row = row
        self.verb = verb
        host = try HostFixture(row.mode) { launch in
            // Few, so that a flood is short.
            launch.limits.messagesPerCall = 500
        }
        start = host.now
        now = start
        timeMayPass = row.time == .atOnce
    }

    var process: PluginProcess { host.process }
    var isDone: Bool { if case .ended? = events.last { true } else { false } }
    /// There is something that only passing time brings about.
    var waitsForTime: Bool { timeMayPass && process.nextDeadline != nil }

    func turn(_ ready: Set<PollTarget>) throws {
        try take(process.handleReady(ready, now: now))
        if row.time == .onceOutputCloses, let farDeadline, let next = process.nextDeadline, next < farDeadline {
            timeMayPass = true
        }
        guard !isDone, waitsForTime, let next = process.nextDeadline else { return }
        now = next
        if row.time == .onceAfterProgress { timeMayPass = false }
        try take(process.handleDeadlines(now: now))
    }

    private func take(_ new: [PluginEvent]) throws {
        for event in new {
            events.append(event)
            switch event {
            case .ready:
                let undo: JSON? = verb == .undo ? ["was": "old"] : nil
                var parameters = HostFixture.call(timeout: Self.callTime)
                parameters.undo = undo
                call = try process.send(verb, parameters, now: now)
                farDeadline = process.nextDeadline
            case .begin(let request, _, _):
                let refusal = StepFailure(
                    kind: .permanent, code: "engine.begin-refused", message: "A person stopped it.")
                _ = process.answerBegin(request, refusal: row.refuses ? refusal : nil)
                if row.time == .afterBegin { timeMayPass = true }
            case .progress where row.time == .afterProgress || row.time == .onceAfterProgress: timeMayPass = true
            case .answered, .failed: endIfGood()
            default: break
            }
        }
    }

    private func endIfGood() {
        guard row.fate(verb).end == nil || row.time == .afterShutdown else { return }
        process.shutdown(now: now)
        if row.time == .afterShutdown { timeMayPass = true }
    }

    /// What is not as it must be.
    func faults() throws -> [Fault] {
        let fate = row.fate(verb)
        var found: [Fault] = []
        func report(_ kind: Fault.Kind, _ says: String) {
            found.append(
                Fault(kind: kind, says: "\(row.mode) in \(verb.rawValue): \(says); events: \(events.suffix(6))"))
        }
        let ends: [Fate.CallEnd] = events.compactMap { event in
            switch event {
            case .answered(let id, _): id == call ? .answered : nil
            case .failed(let id, let failure): id == call ? .failed(failure.kind) : nil
            default: nil
            }
        }
        if call != nil, ends.isEmpty { report(.lost, "the call has no end") }
        if ends.count > 1 { report(.doubled, "the call has \(ends.count) ends") }
        if ends.first ?? .neverMade != fate.call { report(.wrong, "the call ended as \(ends), not \(fate.call)") }
        var code: String?
        for case .ended(let error) in events { code = error?.code }
        if code != fate.end {
            report(.wrong, "the process ended with \(code ?? "nothing"), not \(fate.end ?? "nothing")")
        }
        if events.count(where: { if case .ended = $0 { true } else { false } }) != 1 {
            report(.doubled, "it ended twice")
        }
        let limits = PluginLimits()
        let longest = max(limits.handshake, Self.callTime + limits.grace) + limits.termination
        if .nanoseconds(now - start) > longest { report(.late, "it took \(Duration.nanoseconds(now - start))") }
        if try host.leftovers() != [] { report(.leftOver, "processes are left") }
        if !process.pollTargets.isEmpty || process.nextDeadline != nil { report(.leftOver, "it is still waited for") }
        return found
    }
}

private struct Fault {
    enum Kind { case lost, doubled, wrong, late, leftOver }
    let kind: Kind
    let says: String
}

@Suite struct MisbehaviourMatrixTests {
    private static let atOnce = 12

    /// All of them under one `poll`, some at a time, as the engine has its plugins.
    private func run(_ trials: [() throws -> Trial]) throws -> [Fault] {
        var faults: [Fault] = []
        var open: [Trial] = []
        var next = 0
        while next < trials.count || !open.isEmpty {
            while open.count < Self.atOnce, next < trials.count {
                open.append(try trials[next]())
                next += 1
            }
            let mustWait = !open.contains(where: \.waitsForTime)
            // The time-out only guards against a hang.
            let ready = waitUntilReady(open.flatMap(\.process.pollTargets), timeout: mustWait ? .seconds(60) : .zero)
            try #require(!mustWait || !ready.isEmpty, "nothing happens: \(open.map(\.row.mode))")
            for trial in open { try trial.turn(ready) }
            for trial in open where trial.isDone { faults += try trial.faults() }
            open.removeAll(where: \.isDone)
        }
        return faults
    }

    @Test(.timeLimit(.minutes(30)), arguments: PluginVerb.allCases)
    func `no misbehaviour in any verb passes for a success, and every call ends once and in time`(
        verb: PluginVerb
    ) throws {
        let rows = MisbehaviourRow.all
        let faults = try run(rows.map { row in { try Trial(row, verb) } })
        for fault in faults { Issue.record("\(fault.says)") }
        func count(_ kinds: Fault.Kind...) -> Int { faults.count { kinds.contains($0.kind) } }
        print("misbehaving plugins: \(rows.count) ways in \(verb.rawValue), \(faults.count) wrong")
        try CampaignLog.add(
            kind: "misbehaving plugin in \(verb.rawValue)", points: rows.count, lost: count(.lost),
            doubled: count(.doubled), notResumable: count(.leftOver, .late), wrongEnd: count(.wrong))
    }
}
