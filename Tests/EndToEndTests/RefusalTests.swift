// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Testing

/// Wrong documents, arguments and surroundings: the exit status and the code tell what is wrong, and nothing is written.
struct RefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let status: Int32
        /// What the output must say: codes, names, places.
        let says: [String]
        /// Arguments; `INPUTS` and `ROOT` are filled in.
        let arguments: [String]
        var variables = ["LAB_SECRET": "a-secret-of-the-tests"]
        var arrange: @Sendable (Catalog) throws -> Void = { _ in }

        init(
            _ description: String, _ status: Int32, _ says: [String], _ arguments: String, secret: Bool = true,
            arrange: @escaping @Sendable (Catalog) throws -> Void = { _ in }
        ) {
            testDescription = description
            self.status = status
            self.says = says
            self.arguments = arguments.split(separator: " ").map(String.init)
            self.arrange = arrange
            if !secret { variables = [:] }
        }
    }

    private static let runbook = "runbooks/failover-group-key-swap.yaml"
    private static let swap = "run failover-group-key-swap -e lab --inputs INPUTS --yes"

    static let cases: [Case] = [
        Case(
            "unknown runbook", 2, ["[catalog.unknown-runbook]", "failover-group-key-swap"],
            "run failover-group-key-swop -e lab --yes"),
        Case(
            "unknown environment", 2, ["[catalog.unknown-environment]", "lab"],
            "run failover-group-key-swap -e lub --yes"),
        Case(
            "an environment that nobody committed", 2,
            ["[catalog.unknown-environment]", "environments/sim.yaml is not committed; commit it"],
            "run failover-group-key-swap -e sim --yes"
        ) { try $0.write("environments/sim.yaml", "environment: sim\n") },
        Case(
            "no environment at all", 2, ["There is none in environments/: add environments/sim.yaml, and commit it"],
            "run failover-group-key-swap -e sim --yes"
        ) { catalog in
            try catalog.git("rm", "-q", "environments/lab.yaml")
            try catalog.commit("No environment")
        },
        Case(
            "a runbook that nobody committed", 2,
            ["[catalog.unknown-runbook]", "runbooks/fresh.yaml is not committed; commit it"], "plan fresh -e lab"
        ) { try $0.write("runbooks/fresh.yaml", "runbook: fresh\n") },
        Case("a commit from before", 2, ["[catalog.unknown-environment]", "leave out --at"], swap + " --at HEAD~1"),
        Case("a lock that nobody committed", 2, ["[lock.missing]", "is not committed; commit it"], swap) { catalog in
            try catalog.git("rm", "-q", "--cached", "runbooks/failover-group-key-swap.lock.yaml")
            try catalog.git("commit", "-q", "-m", "No lock")
        },
        Case(
            "missing inputs, all at once", 2, ["[plan.missing-input]", "'primary'", "'secondaryKey'"],
            "run failover-group-key-swap -e lab --yes"),
        Case("mistyped input", 2, ["[plan.input-type]", "'primary'"], swap + " --input primary=nonsense"),
        Case("two errors in a document", 2, ["\(runbook):8:10", "\(runbook):11:"], swap) { catalog in
            try catalog.replace("version: 1.2.2", by: "version: one", in: runbook)
            try catalog.replace("  primary: {", by: "  primary: { surprise: 1,", in: runbook)
            try catalog.commit("Two errors")
        },
        Case("absent secret", 3, ["[secret.absent]", "LAB_SECRET"], swap, secret: false),
        Case("nobody listens", 3, ["refused", "[plan.refused]"], swap),
        Case("no lock", 2, ["[lock.missing]", "muster lock"], swap) { catalog in
            try catalog.git("rm", "-q", "runbooks/failover-group-key-swap.lock.yaml")
            try catalog.commit("No lock")
        },
        Case("lock out of date", 2, ["[runbook.lock-out-of-date]", "muster lock"], swap) { catalog in
            try catalog.replace("set-protector@1.1.2", by: "set-protector@^1.0", in: runbook)
            try catalog.commit("Another version")
        },
        Case("executable of another build", 3, ["[plugin.definition-mismatch]"], swap) { catalog in
            let step = "plugins/FailoverGroupKeySwap/steps/set-protector.yaml"
            try catalog.replace("version: 1.1.2", by: "version: 1.1.3", in: step)
            try catalog.replace("set-protector@1.1.2", by: "set-protector@1.1.3", in: runbook)
            try catalog.commit("A new version")
            try catalog.lock("failover-group-key-swap")
        },
        Case("no executable", 2, ["[plugin.missing]", "Noop"], "run drill -e lab --yes") { catalog in
            let steps = try String(
                contentsOfFile: "\(projectFolder)/Tests/Fakes/noop-plugin/steps/nothing.yaml", encoding: .utf8)
            try catalog.write("plugins/Noop/steps/nothing.yaml", steps)
            try catalog.write(
                "runbooks/drill.yaml", WholeRunTests.runbook("steps:\n  - id: a\n    uses: noop/nothing@1.0.0"))
            try catalog.commit("A drill")
            try catalog.lock("drill")
        },
        Case("a step's file under another name", 2, ["[step.wrong-name]", "noop/nothing"], "lock drill") { catalog in
            try noop(catalog, file: "other")
        },
        Case(
            "a lock that pins another step's content", 2, ["[step.wrong-name]", "[step.wrong-version]"],
            "plan drill -e lab"
        ) { catalog in
            try noop(catalog, file: "nothing")
            try catalog.lock("drill")
            let path = "plugins/Noop/steps/nothing.yaml"
            let pinned = try catalog.git("rev-parse", "HEAD:\(path)").trimmingCharacters(in: .whitespacesAndNewlines)
            try catalog.replace("step: noop/nothing\nversion: 1.0.0", by: "step: noop/other\nversion: 1.1.0", in: path)
            try catalog.commit("Another step")
            let other = try catalog.git("rev-parse", "HEAD:\(path)").trimmingCharacters(in: .whitespacesAndNewlines)
            try catalog.replace(pinned, by: other, in: "runbooks/drill.lock.yaml")
            try catalog.commit("Another lock")
        },
        Case("one version with two contents", 2, ["[step.changed-without-version]"], "lock drill") { catalog in
            try noop(catalog, file: "nothing")
            try catalog.replace("Nothing is needed", by: "Really nothing", in: "plugins/Noop/steps/nothing.yaml")
            try catalog.commit("The same version again")
        },
        Case("not a repository", 2, ["[git.not-a-repository]"], swap + " -C ROOT/home"),
        Case("shallow clone", 2, ["[git.shallow-repository]"], swap + " -C ROOT/shallow") { catalog in
            try catalog.git("clone", "-q", "--depth", "1", "file://\(catalog.folder)", "\(catalog.root)/shallow")
        },
        Case("a rehearsal against a real target", 2, ["'rehearsal'", "drill"], swap + " --kind rehearsal"),
        Case("unknown kind", 2, ["nonsense"], swap + " --kind nonsense"),
        Case("unknown option", 2, ["--nonsense"], swap + " --nonsense"),
        Case("unknown command", 2, ["-C"], "nonsense"),
        Case("speed of zero", 2, ["--speed"], "rehearse failover-group-key-swap --speed 0"),
        Case(
            "unknown fault", 2,
            [
                "error: There is no fault \"nonsense\" [simulator.unknown-fault]\n  The faults are\n",
                "\n    throttle\n",
            ],
            "rehearse failover-group-key-swap --fault nonsense"),
        Case(
            "a fault's unknown setting", 2,
            ["error: The fault throttle has no setting \"x\" [simulator.invalid-fault]"],
            "rehearse failover-group-key-swap --fault throttle:x=1"),
        Case(
            "unknown scenario", 2, ["[catalog.unknown-scenario]", "default"],
            "rehearse failover-group-key-swap --scenario defualt"),
        Case("unknown commit", 2, ["[git.unknown-revision]"], swap + " --at nonsense"),
        Case("unreadable plan", 2, ["[plan.unreadable]"], "run ROOT/nothing.json --yes"),
        Case(
            "inputs of a file, all at once", 2,
            ["wrong.yaml:1:1:", "[input.unknown]", "'primary'", "wrong.yaml:2:12:", "[input.type]"],
            "run failover-group-key-swap -e lab --inputs ROOT/wrong.yaml --yes"
        ) { catalog in
            try Data("primry: x\nsecondary: [a]\n".utf8)
                .write(to: URL(filePath: "\(catalog.root)/wrong.yaml"))
        },
        Case("no run yet", 2, ["No run was started on this machine yet", "[state.unknown-run]"], "status"),
        Case("no run to roll back", 2, ["No run was started on this machine yet"], "rollback last --plan"),
        Case("no run to pause", 2, ["No run was started on this machine yet"], "pause last"),
        Case("no record to verify", 2, ["No run has been recorded", "[record.unknown-run]"], "verify last"),
        Case("no record to show", 2, ["No run has been recorded"], "show last"),
        Case("nothing to verify", 2, ["--all"], "verify"),
    ]

    /// Commits the step that does nothing, in a file of this name, and a runbook that uses the file's name.
    private static func noop(_ catalog: Catalog, file: String) throws {
        let steps = try String(
            contentsOfFile: "\(projectFolder)/Tests/Fakes/noop-plugin/steps/nothing.yaml", encoding: .utf8)
        try catalog.write("plugins/Noop/steps/\(file).yaml", steps)
        try catalog.write(
            "runbooks/drill.yaml", WholeRunTests.runbook("steps:\n  - id: a\n    uses: noop/\(file)@1.0.0"))
        try catalog.commit("A drill")
    }

    @Test(arguments: cases)
    func `what is wrong is said, with its status, and nothing is written`(wrong: Case) throws {
        let catalog = try Catalog(.shipped)
        try catalog.write(
            "environments/lab.yaml",
            """
            environment: lab
            azure:
              cloud: public
              tenant: 11111111-1111-1111-1111-111111111111
              subscription: 22222222-2222-2222-2222-222222222222
              credential: { type: client-secret, client-id: 33333333-3333-3333-3333-333333333333, secret: { env: LAB_SECRET } }
              endpoints:
                authority: https://localhost:1
                resource-manager: https://localhost:1
                key-vault-suffix: vault.localhost:1
            sql: { azure: { connection: "Simulator=http://127.0.0.1:1" } }

            """)
        try catalog.commit("The lab")
        try wrong.arrange(catalog)
        catalog.variables = wrong.variables
        let inputs = try KeySwap.inputs(catalog)
        let refs = try catalog.refs
        let result = try catalog.muster(
            wrong.arguments.map {
                $0.replacingOccurrences(of: "INPUTS", with: inputs).replacingOccurrences(of: "ROOT", with: catalog.root)
            })
        #expect(result.status == wrong.status, "\(result)")
        for words in wrong.says { #expect(result.everything.contains(words), "\(words) is not said: \(result)") }
        #expect(!result.everything.contains("a-secret-of-the-tests"))
        #expect(catalog.runFolders.isEmpty)
        #expect(try catalog.refs == refs)
    }
}
