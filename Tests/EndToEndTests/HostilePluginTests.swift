// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc
import MusterModel
import Testing

/// A plugin that breaks its word in mid-run: the run ends with a clear error, its record holds, and nothing is left.
struct HostilePluginTests {
    private static let definition = """
        step: hostile/harm
        version: 1.0.0
        summary: Do harm
        effect: reversible
        timeout: 1m
        rollback: |
          Undo the harm.

        """
    private static let runbook = """
        runbook: drill
        version: 1.0.0
        summary: Meet a hostile plugin
        steps:
          - id: harm
            uses: hostile/harm@1.0.0
          - id: after
            uses: hostile/harm@1.0.0

        """

    private let catalog: Catalog

    init() throws {
        catalog = try Catalog(.nothing)
        try catalog.write("muster.yaml", "catalog: test\n")
        try catalog.write("environments/lab.yaml", "environment: lab\n")
        try catalog.write("plugins/Hostile/steps/harm.yaml", Self.definition)
        try catalog.write("runbooks/drill.yaml", Self.runbook)
        try catalog.commit("A hostile plugin")
        try catalog.lock("drill")
    }

    @Test(arguments: [
        ("diesBeforeBegin", 1, "exited with status 4"), ("diesAfterBegin", 1, "was ended by signal 9"),
        ("tornLine", 1, "in the middle of a line"),
        ("badUTF8", 1, "breaks the protocol"), ("resultWhileBeginning", 1, "without waiting for the answer to begin"),
        ("wrongResult", 1, "the result of apply does not fit"), ("hangs", 1, "2 s"),
        ("floodsMessages", 1, "more than 20000 messages"),
        ("answersInBatch", 1, "breaks the protocol"),
    ])
    func `a run ends with what the plugin did wrong`(mode: String, status: Int32, says: String) throws {
        try catalog.installHostile(mode, until: "apply")
        if mode == "hangs" {
            try catalog.replace("- id: harm\n", by: "- id: harm\n    timeout: 2s\n", in: "runbooks/drill.yaml")
            try catalog.commit("Little time")
        }
        let command = try catalog.start([
            "run", "drill", "-e", "lab", "--plugins", catalog.plugins, "--yes", "--unattended",
        ])
        let result = try command.finish()
        #expect(result.status == status, "\(result)")
        #expect(result.output.contains(says), "\(result)")
        #expect(!result.output.contains("✓ succeeded"))
        #expect(try catalog.onlyRun.outcome == (status == 5 ? "stuck" : "failed"))
        #expect(try catalog.onlyRun.result(of: "after") == "not-reached")
        let proof = try catalog.muster("verify", "last")
        #expect(proof.status == 0, "\(proof)")
        try eventually("the plugin and all that it started end") { catalog.pluginProcesses.isEmpty }
    }

    @Test func `what a plugin leaves behind does not outlive the run`() throws {
        try catalog.installHostile("leavesDaemon", until: "apply")
        let result = try catalog.muster("run", "drill", "-e", "lab", "--plugins", catalog.plugins, "--yes")
        #expect(result.status == 0, "\(result)")
        #expect(catalog.pluginProcesses.isEmpty)
    }

    @Test(arguments: ["diesAtOnce", "garbage", "wrongName", "wrongVersion", "wrongDefinition", "refuses"])
    func `a plugin that fails in the handshake lets no run begin`(mode: String) throws {
        try catalog.installHostile(mode, until: "check")
        let result = try catalog.muster("run", "drill", "-e", "lab", "--plugins", catalog.plugins, "--yes")
        #expect(result.status == 3, "\(result)")
        #expect(result.errors.contains("[plugin.") || result.errors.contains("[hostile.refuses]"), "\(result)")
        #expect(catalog.runFolders.isEmpty)
        try eventually("the plugin ends") { catalog.pluginProcesses.isEmpty }
    }
}

extension Catalog {
    /// Puts the hostile plugin in place: it behaves until the verb, and then no longer.
    func installHostile(_ mode: String, until verb: String) throws {
        let blob = try git("rev-parse", "HEAD:plugins/Hostile/steps/harm.yaml").prefix(40)
        let linked = "\(root)/\(mode)"
        try FileManager.default.createSymbolicLink(atPath: linked, withDestinationPath: product("hostile-plugin"))
        let script = "\(plugins)/Hostile"
        try "#!/bin/sh\nexec \(linked) \(blob) \(verb)\n".write(toFile: script, atomically: false, encoding: .utf8)
        chmod(script, 0o755)
    }
}
