// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc
import MusterModel
import MusterSystem
import Testing

/// The shipped runbook's swap of keys, and its plugin, against a server that the project's own simulator has no part in, over
/// HTTPS. That server knows no failover.
struct ForeignServerTests {
    private let catalog: Catalog
    private let server: AzureServer
    private let inputs: String

    init() throws {
        catalog = try Catalog(.shipped)
        server = try AzureServer(in: catalog.root)
        inputs = try KeySwap.inputs(catalog)
        try catalog.write("runbooks/\(KeySwap.runbook).yaml", try KeySwap.withoutFailover(catalog))
        try catalog.write("certs/lab-ca.pem", server.authority)
        try catalog.write("environments/lab.yaml", server.environment(secretIn: "LAB_SECRET"))
        try catalog.commit("The lab")
        try catalog.lock(KeySwap.runbook)
        catalog.variables["LAB_SECRET"] = server.secret
    }

    @Test func `a plan is made, run once, and found satisfied the second time, and the secret is told to nobody`()
        throws
    {
        let plan = "\(catalog.root)/plan.json"
        let planned = try catalog.muster("plan", KeySwap.runbook, "-e", "lab", "--inputs", inputs, "--out", plan)
        #expect(planned.status == 0, "\(planned)")
        #expect(try server.changes.isEmpty)

        let children = SeenProcesses()
        let command = try catalog.start(["run", plan, "--yes"])
        let done = try command.finish { children.look(at: command.descendants) }
        #expect(done.status == 0, "\(done)")
        let first = try catalog.onlyRun
        try first.expectSwapped()
        try expectOneEffectEach()
        #expect(children.text.contains("/FailoverGroupKeySwap"), "the plugin was not seen")
        #expect(!children.text.contains(server.secret))

        let before = try server.changes.count
        let again = try catalog.muster("run", KeySwap.runbook, "-e", "lab", "--inputs", inputs, "--yes")
        #expect(again.status == 0, "\(again)")
        try catalog.record(of: try #require(catalog.runFolders.last)).expectSwapped(changes: "already-so")
        #expect(try server.changes.count == before)
        try expectSecretNowhere([planned, done, again])
        let stale = try catalog.muster("run", plan, "--yes")
        #expect(stale.status == 3 && stale.errors.contains("[plan.out-of-date]"), "\(stale)")
    }

    /// Each of the two keys was registered once on each of the two servers, and each protector was set once.
    private func expectOneEffectEach() throws {
        let changes = try server.changes
        #expect(changes.allSatisfy { $0.method == "PUT" && $0.status < 300 }, "\(changes)")
        let targets = changes.map { $0.path.lowercased() }
        #expect(Set(targets).count == targets.count, "done twice: \(targets)")
        #expect(targets.filter { $0.contains("/keys/") }.count == 4)
        #expect(targets.filter { $0.hasSuffix("/encryptionprotector/current") }.count == 2)
        #expect(targets.count == 6)
    }

    private func expectSecretNowhere(_ results: [CommandResult]) throws {
        let forms = [server.secret, Data(server.secret.utf8).base64EncodedString()]
        let objects = try catalog.git("cat-file", "--batch-all-objects", "--batch")
        // What is searched is really there.
        #expect(objects.contains("verify-protectors") && objects.contains("step-begun"))
        let files = try catalog.program("/usr/bin/find", [catalog.state, catalog.folder, "-type", "f"]).output
        let contents = try files.split(separator: "\n").map {
            String(decoding: try Data(contentsOf: URL(filePath: String($0))), as: UTF8.self)
        }
        for form in forms {
            #expect(!objects.contains(form))
            #expect(!contents.contains { $0.contains(form) })
            #expect(!results.contains { $0.everything.contains(form) })
        }
    }

    @Test func `a wrong secret and an unknown authority are told apart and nothing is asked of the cloud`() throws {
        catalog.variables["LAB_SECRET"] = "not-the-secret"
        let wrong = try catalog.muster("run", KeySwap.runbook, "-e", "lab", "--inputs", inputs, "--yes")
        #expect(wrong.status == 3, "\(wrong)")
        #expect(wrong.errors.contains("AADSTS7000215"))
        #expect(!wrong.everything.contains("not-the-secret"))

        catalog.variables["LAB_SECRET"] = server.secret
        try catalog.replace("tls: { ca-file: certs/lab-ca.pem }\n", by: "", in: "environments/lab.yaml")
        try catalog.commit("Trust the machine's authorities")
        let untrusted = try catalog.muster("run", KeySwap.runbook, "-e", "lab", "--inputs", inputs, "--yes")
        #expect(untrusted.status == 3, "\(untrusted)")
        #expect(untrusted.errors.lowercased().contains("certificate"), "\(untrusted)")

        #expect(try server.exchanges.allSatisfy { $0.path.hasSuffix("/token") && $0.status == 401 })
        #expect(catalog.runFolders.isEmpty)
    }
}

/// Command lines and environments of processes, as /proc showed them.
private final class SeenProcesses {
    private var seen: Set<String> = []

    func look(at processes: [Int32]) {
        for process in processes {
            // Between its birth and its exec a child is an image of its parent, arguments and environment included.
            guard let called = readSmallFile("/proc/\(process)/cmdline"),
                !String(decoding: called, as: UTF8.self).contains("--yes")
            else { continue }
            for file in ["cmdline", "environ"] {
                guard let bytes = readSmallFile("/proc/\(process)/\(file)") else { continue }
                seen.insert(String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    var text: String { seen.joined(separator: "\n") }
}
