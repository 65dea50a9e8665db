// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// Whoever has all of Muster, and a run's folder, cannot make a record of another run than the documents and the policy let be.
struct ForgedRunTests {
    private let drill = Result { try LedgerDrill([.init("one"), .init("two")]) }

    private func without(_ step: String, _ plan: inout JSON) {
        let others = (plan["steps"]?.array ?? []).filter { $0["id"]?.string != step }
        let steps = others.map { other in
            other.setting("needs", to: .array((other["needs"]?.array ?? []).filter { $0.string != step }))
        }
        plan = plan.setting("steps", to: .array(steps))
    }

    private func aboutOther(_ entry: JSON) -> Bool { entry["step"]?.string != "one" }

    @Test func `a plan that lacks a step of its runbook is signed by nobody`() throws {
        let drill = try drill.get()
        let eyes = try FourEyes(drill.catalog)
        try eyes.plan(["drill", "-e", "lab", "--plugins", drill.catalog.plugins, "--input", "ledger=\(drill.ledger)"])
        var plan = try JSON.parse(String(contentsOfFile: eyes.planFile, encoding: .utf8))
        without("one", &plan)
        try plan.canonicalText.write(toFile: eyes.planFile, atomically: false, encoding: .utf8)
        let refused = try eyes.approve("anu")
        #expect(refused.status == 3 && refused.errors.contains("[plan.not-of-documents]"), "\(refused)")
        #expect(refused.errors.contains("Nothing was signed."))
        #expect(!FileManager.default.fileExists(atPath: "\(eyes.planFile).approvals"))
    }

    @Test func `a record of a plan that lacks a step of its runbook is not verified`() throws {
        let drill = try drill.get()
        #expect(try drill.run().status == 0)
        #expect(try drill.catalog.muster("verify", "--all").status == 0)
        let published = try ForgedRun(drill.catalog, run: drill.runID).publish(
            plan: { without("one", &$0) }, entries: { $0.filter(aboutOther) })
        #expect(published.status == 0, "\(published)")
        let verified = try drill.catalog.muster("verify", "--all")
        #expect(verified.status == 6 && verified.errors.contains("[record.plan-not-of-documents]"), "\(verified)")
    }

    @Test func `a run under another environment's document is not the one it is called by`() throws {
        let drill = try drill.get()
        try drill.catalog.write("environments/production.yaml", "environment: production\n")
        try drill.catalog.commit("Production")
        #expect(try drill.run().status == 0)
        let published = try ForgedRun(drill.catalog, run: drill.runID).publish(
            plan: { $0 = $0.setting("environment", to: $0["environment"]?.setting("name", to: "production")) },
            entries: { $0.map { $0["environment"] == nil ? $0 : $0.setting("environment", to: "production") } })
        #expect(published.status == 0, "\(published)")
        let verified = try drill.catalog.muster("verify", "--all")
        #expect(verified.status == 6 && verified.errors.contains("[record.plan-not-of-documents]"), "\(verified)")
        #expect(verified.errors.contains("environments/production.yaml"), "\(verified)")
    }

    @Test func `a plan that names neither lock nor documents is not verified`() throws {
        let drill = try drill.get()
        #expect(try drill.run().status == 0)
        let published = try ForgedRun(drill.catalog, run: drill.runID).publish(plan: { plan in
            let definitions = (plan["definitions"]?.object ?? [:]).mapValues { $0.setting("document", to: nil) }
            plan = plan.setting("lock", to: nil).setting("definitions", to: .object(definitions))
        })
        #expect(published.status == 0, "\(published)")
        let verified = try drill.catalog.muster("verify", "--all")
        #expect(verified.status == 6 && verified.errors.contains("[record.plan-not-of-documents]"), "\(verified)")
    }

    @Test func `whoever goes on with a run signs for it, or its record is not verified`() throws {
        let drill = try LedgerDrill([.init("one"), .init("two", "failsIn: apply"), .init("three")])
        let eyes = try FourEyes(drill.catalog)
        try eyes.plan(["drill", "-e", "lab", "--plugins", drill.catalog.plugins, "--input", "ledger=\(drill.ledger)"])
        for person in ["anu", "ben"] { #expect(try eyes.approve(person).status == 0) }
        let words = ["run", eyes.planFile, "--plugins", drill.catalog.plugins, "--yes", "--key", eyes.key("ada")]
        #expect(try drill.catalog.muster(words).status == 4)
        #expect(try drill.decide("two", "skip").status == 0)
        let resumed = try drill.resume("--key", eyes.key("ada"))
        #expect(resumed.status == 0, "\(resumed)")
        #expect(try drill.catalog.muster("verify", "--all").status == 0)
        let published = try ForgedRun(drill.catalog, run: drill.runID).publish(entries: { entries in
            let at = entries.firstIndex { $0["kind"] == "run-resumed" } ?? 0
            return Array(entries[...at])
                + entries[(at + 1)...].filter { !["policy-applied", "approval-recorded"].contains($0["kind"]?.string) }
        })
        #expect(published.status == 0, "\(published)")
        let verified = try drill.catalog.muster("verify", "--all")
        #expect(verified.status == 6 && verified.errors.contains("[record.operator-unknown]"), "\(verified)")
    }

    @Test func `a run is held to what its environment asks in the commit that it took for the newest`() throws {
        let drill = try drill.get()
        let catalog = drill.catalog
        let eyes = try FourEyes(catalog)
        try eyes.plan(["drill", "-e", "lab", "--plugins", catalog.plugins, "--input", "ledger=\(drill.ledger)"])
        for person in ["anu", "ben"] { #expect(try eyes.approve(person).status == 0) }
        let words = ["run", eyes.planFile, "--plugins", catalog.plugins, "--yes", "--key", eyes.key("ada")]
        #expect(try catalog.muster(words).status == 0)
        try catalog.write(
            "environments/lab.yaml",
            try catalog.read("environments/lab.yaml") + "approvals: { require: [ { group: security } ] }\n")
        try catalog.commit("Security is asked, too")
        let newest = try catalog.git("rev-parse", "HEAD").trimmingCharacters(in: .whitespacesAndNewlines)
        let published = try ForgedRun(catalog, run: drill.runID).publish(entries: { entries in
            entries.map { $0["kind"] == "policy-applied" ? $0.setting("newestCommit", to: .string(newest)) : $0 }
        })
        #expect(published.status == 0, "\(published)")
        let verified = try catalog.muster("verify", "--all")
        #expect(verified.status == 6 && verified.errors.contains("1 of 1 of security"), "\(verified)")
    }

    @Test func `nobody opens a gate for a plan that its documents do not make`() throws {
        let drill = try LedgerDrill([.init("one"), .init("two", more: "approval: leads")])
        let eyes = try FourEyes(
            drill.catalog, policy: SealedRecordTests.policy.replacing("records: { sign: true }\n", with: ""))
        #expect(try drill.run("--key", eyes.key("ada")).status == 4)
        _ = try ForgedRun(drill.catalog, run: drill.runID).publish(plan: { plan in
            let steps = (plan["steps"]?.array ?? []).map { step in
                step["id"] == "two" ? step.setting("with", to: step["with"]?.setting("value", to: "EVIL")) : step
            }
            plan = plan.setting("steps", to: .array(steps))
        })
        let refused = try eyes.approveGate("anu", drill.runID, "two")
        #expect(refused.status == 3 && refused.errors.contains("[plan.not-of-documents]"), "\(refused)")
    }

    @Test func `a person of the policy cannot tell another's signed run anew`() throws {
        let drill = try LedgerDrill([.init("one"), .init("two", "failsIn: apply"), .init("three")])
        let eyes = try FourEyes(drill.catalog, policy: SealedRecordTests.policy)
        drill.catalog.variables["MUSTER_KEY"] = eyes.key("ada")
        #expect(try drill.run().status == 4)
        #expect(try drill.decide("two", "skip").status == 0)
        #expect(try drill.resume().status == 0)
        #expect(try drill.catalog.muster("verify", "--all").status == 0)
        drill.catalog.variables["MUSTER_KEY"] = eyes.key("anu")
        let published = try ForgedRun(drill.catalog, run: drill.runID).publish(entries: { entries in
            entries.map { $0["kind"] == "run-resumed" ? $0.setting("by", to: "Anu <anu@example.org>") : $0 }
        })
        #expect(published.status == 0, "\(published)")
        let verified = try drill.catalog.muster("verify", "--all")
        #expect(verified.status == 6 && verified.errors.contains("[record.begun-by-other]"), "\(verified)")
    }
}
