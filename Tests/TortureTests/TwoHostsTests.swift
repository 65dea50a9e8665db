// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Glibc
import MusterModel
import MusterTestSupport
import Testing

/// What two machines do to one target, and to each other's runs, when one of them dies, sleeps, or begins at the same moment.
@Suite(.timeLimit(.minutes(120)))
struct TwoHostsTests {
    /// - Parameter round: gets a random moment of a run, from its go-ahead on. It sets the points to 0 where the run was over
    ///   by then or had begun nothing, so that there was nothing to find out.
    private func campaign(
        _ kind: String, full: Int, sample: Int,
        _ round: (TwoHosts, Int, _ moment: Duration, inout Findings) throws -> Void
    ) throws {
        let (template, forge) = (try TwoHosts.template(), try GitForge())
        var random = Seed.generator(kind)
        var findings = Findings()
        let wanted = CampaignScale.pick(full: full, sample: sample)
        var number = 0
        while findings.points < wanted, number < 3 * wanted {
            number += 1
            let hosts = try TwoHosts(template, forge, round: "round-\(number)")
            var found = Findings()
            found.points = 1
            let share = Double.random(in: 0...1, using: &random)
            try round(hosts, number, TwoHosts.span * share, &found)
            findings.add(found, at: "round \(number)")
        }
        try findings.report(kind, atLeast: wanted)
    }

    /// Reads until so long after the go-ahead; each fifth round until so long after its first word.
    private func reach(_ moment: Duration, of command: RunningCommand, _ number: Int) throws {
        if !number.isMultiple(of: 5) { try command.wait(for: "\"run-started\"") }
        try command.read(until: ContinuousClock.now + moment)
    }

    // MARK: A host dies

    @Test func `a run whose host died goes on on another one, and nothing that was published is lost`() throws {
        try campaign("host killed, its run handed over", full: 100, sample: 4) { hosts, number, moment, found in
            let command = try hosts.startDrill(on: .one)
            try reach(moment, of: command, number)
            if number.isMultiple(of: 2) { command.signalGroup(SIGKILL) } else { command.signal(SIGKILL) }
            _ = try command.finish()
            try handOver(hosts, &found)
        }
    }

    private func handOver(_ hosts: TwoHosts, _ found: inout Findings) throws {
        let run = hosts.one.runID
        let published = try hosts.published(run)
        // A host that dies early leaves no run at all.
        var result = try hosts.takeOver(resuming: run.isEmpty ? nil : run)
        var last = run.isEmpty ? hosts.two.runID : run
        if ["run.only-planned", "run.not-here"].contains(where: result.everything.contains) {
            // Nothing of it but the plan was published: whoever has looked at the target begins anew.
            result = try hosts.takeOver()
            last = hosts.two.runID
        }
        guard result.status == 0 || result.everything.contains("run.finished") else {
            return found.cannotResume("\(result)")
        }
        let journal = try hosts.journal(of: last, on: .two)
        if journal.isEmpty {  // it was over before its host died
            if try hosts.published(run).last?.contains("run-finished") != true { found.endWrongly("\(result)") }
        } else {
            if journal.outcome != "succeeded" { found.endWrongly("outcome \(journal.outcome ?? "none")") }
            if last == run { try compare(published, try hosts.two.journalLines(of: run), &found) }
        }
        let effects = try hosts.effects()
        for (effect, count) in effects where count > 1 { found.double("\(effect) \(count) times") }
        if effects.count != TwoHosts.steps { found.endWrongly("effects \(effects)") }
        try meetAgain(hosts, last, &found)
    }

    private func compare(_ published: [String], _ journal: [String], _ found: inout Findings) throws {
        for line in published where !journal.contains(line) { found.lose("published, and gone: \(line.prefix(200))") }
        // What was open when the host died is looked at before anything is done about it.
        let before = try published.map { try JSON.parse($0) }
        let after = try journal.dropFirst(published.count).map { try JSON.parse($0) }
        for begun in before.kinds("step-begun") {
            let later = after.filter { $0["step"] == begun["step"] }.map { event in
                event["purpose"] == "read-back" ? "read back" : event["kind"]?.string ?? ""
            }
            let again = later.firstIndex(of: "step-applying") ?? later.endIndex
            let isOver = before.contains { $0["kind"] == "step-applied" && $0["step"] == begun["step"] }
            if !isOver, !later[..<again].contains("read back") {
                found.double("an open effect was not read back: \(later)")
            }
        }
    }

    /// The dead host's clone comes back: its log and the other's become one.
    private func meetAgain(_ hosts: TwoHosts, _ run: String, _ found: inout Findings) throws {
        for host in [TwoHosts.Host.two, .one] {
            let published = try hosts.start(["publish"], on: host).finish()
            let proof = try hosts.start(["verify", "--all"], on: host).finish()
            if published.status != 0 || proof.status != 0 || !proof.output.contains(run) {
                found.endWrongly("\(host): \(published)\n\(proof)")
            }
        }
    }

    // MARK: A host sleeps

    @Test func `a host that slept until its lease was taken over begins no effect any more, and says why`() throws {
        let kind = "holder asleep until its lease was taken over"
        try campaign(kind, full: 200, sample: 3) { hosts, number, moment, found in
            let sleeper = try hosts.startDrill(on: .one)
            func tell(_ signal: Int32) {
                if number.isMultiple(of: 2) { sleeper.signalGroup(signal) } else { sleeper.signal(signal) }
            }
            try reach(moment, of: sleeper, number)
            tell(SIGSTOP)
            let run = hosts.one.runID
            let slept = try hosts.journal(of: run, on: .one)
            guard slept.outcome == nil, !slept.kinds("run-started").isEmpty else {
                tell(SIGCONT)
                _ = try sleeper.finish()
                found.points = 0
                return
            }
            var before: [String: Int] = [:]
            func wake() throws {
                before = try hosts.effects(of: run)
                tell(SIGCONT)
            }
            // It wakes while the other one works, or afterwards.
            let other = try hosts.takeOver(once: number.isMultiple(of: 3) ? wake : nil)
            if !number.isMultiple(of: 3) { try wake() }
            let result = try sleeper.finish()
            if other.status != 0 { found.cannotResume("\(other)") }
            try check(result, Array(try hosts.journal(of: run, on: .one).dropFirst(slept.count)), &found)
            let open = number.isMultiple(of: 2) ? openSteps(slept) : []
            for (effect, count) in try hosts.effects(of: run) where count > before[effect, default: 0] {
                if !open.contains(effect) { found.double("\(effect) after the take-over") }
            }
            try checkIsTold(hosts, from: run, &found)
        }
    }

    private func checkIsTold(_ hosts: TwoHosts, from run: String, _ found: inout Findings) throws {
        let changes = try hosts.journal(of: hosts.two.runID, on: .two).kinds("lease-changed")
        let isTold = changes.contains { $0["what"] == "taken-over" && $0["says"]?.string?.contains(run) == true }
        if !isTold { found.lose("the record does not say from whom it was taken over: \(changes)") }
    }

    /// Effects that had begun before the sleep: the call was on its way, and the journal tells of it.
    private func openSteps(_ journal: [JSON]) -> Set<String> {
        let settled = Set(journal.kinds("step-applied").compactMap { $0["step"]?.string })
        return Set(
            journal.kinds("step-begun").compactMap { $0["step"]?.string }.filter { !settled.contains($0) }
                .map { "apply \($0)" })
    }

    private func check(_ result: CommandResult, _ since: [JSON], _ found: inout Findings) throws {
        for event in since.kinds("step-begun") { found.double("begun under a lease that was gone: \(event)") }
        // What it had already decided when it fell asleep.
        if since.first?["kind"] == "run-finished" { return }
        let isLost = since.kinds("lease-changed").contains { $0["what"] == "lost" }
        if !isLost || result.status == nil { found.endWrongly("it does not tell: \(result)\n\(since.suffix(5))") }
        // It may find all done, and end; else it comes to rest.
        let reasons = since.kinds("pause-requested").filter { $0["by"] == "engine" }.compactMap { $0["reason"]?.string }
        if since.outcome == nil, !reasons.contains(where: { $0.contains("another run has the lease") }) {
            found.endWrongly("it did not say why it rests: \(result)\n\(since.suffix(5))")
        }
    }

    // MARK: Two begin at once

    @Test func `of two hosts that begin at once one works on the target, and the other is told who`() throws {
        try campaign("two hosts start at once", full: 100, sample: 4) { hosts, number, _, found in
            let order: [TwoHosts.Host] = number.isMultiple(of: 2) ? [.one, .two] : [.two, .one]
            let commands = try order.map { try hosts.startDrill(on: $0) }
            let results = try commands.map { try $0.finish() }
            let winners = order.indices.filter { results[$0].status == 0 }
            let refused = results.filter { $0.status == 3 && $0.everything.contains("run.leased") }
            if winners.count == 2 {
                // Only where one had ended before the other asked.
                let runs = try order.map { try hosts.journal(of: hosts.drill($0).runID, on: $0) }
                if overlap(runs[0], runs[1]) { found.double("both worked at once") } else { found.points = 0 }
                return
            }
            if winners.isEmpty { found.lose("nobody won: \(results)") }
            if winners.count + refused.count != 2 { found.endWrongly("\(results)") }
            let effects = try hosts.effects()
            if effects.count != TwoHosts.steps || effects.values.contains(where: { $0 != 1 }) {
                found.double("effects \(effects)")
            }
        }
    }

    private func overlap(_ one: [JSON], _ two: [JSON]) -> Bool {
        func time(_ journal: [JSON], _ kind: String) -> String { journal.kinds(kind).first?["at"]?.string ?? "" }
        return time(one, "run-started") < time(two, "run-finished")
            && time(two, "run-started") < time(one, "run-finished")
    }
}
