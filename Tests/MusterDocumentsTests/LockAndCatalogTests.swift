// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import Testing

struct LockTests {
    private func sample() throws -> Lock {
        func id(_ digit: Character) throws -> ObjectID { try #require(ObjectID(String(repeating: digit, count: 40))) }
        let first = Lock.Entry(
            version: SemanticVersion(1, 2, 0), commit: try id("1"), blob: try id("2"), sources: try id("3"))
        let second = Lock.Entry(
            version: SemanticVersion(0, 1, 0), commit: try id("4"), blob: try id("5"), sources: try id("e"))
        return Lock(runbook: "key-swap", steps: ["swap/set@^1.2": first, "swap/register@0.1.0": second])
    }

    @Test func `what is written is read again, and is the same each time`() throws {
        let lock = try sample()
        let read = try Lock.parse(Array(lock.text.utf8), file: "l").get()
        #expect(read.runbook == "key-swap" && read.steps == lock.steps && read.text == lock.text)
        let use = try #require(StepUse("swap/set@^1.2"))
        #expect(read.entry(for: use)?.version == SemanticVersion(1, 2, 0))
    }

    @Test func `its text is this`() throws {
        let text = try sample().text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
            text.prefix(5).joined(separator: "\n") == """
                # Written by `muster lock key-swap`; do not edit. It says which published content each step of the runbook is.
                lock: key-swap
                steps:
                  "swap/register@0.1.0":
                    version: "0.1.0"
                """)
        #expect(text.last == "")
    }

    @Test func `an empty lock is read again`() throws {
        let empty = Lock(runbook: "x", steps: [:])
        #expect(try Lock.parse(Array(empty.text.utf8), file: "l").get().steps.isEmpty)
    }

    @Test(arguments: [
        (
            "\"1.2.0\"", "\"2.0.0\"",
            "10:14: error: 'swap/set@^1.2' is locked to 2.0.0, which it does not allow [lock.wrong-version]"
        ),
        (
            "2222222222", "222222222",
            "12:11: error: 'blob' needs 40 lower-case hexadecimal digits, not '222222222222222222222222222222222222222' [document.bad-value]"
        ),
        (
            "swap/set@^1.2", "swap/set",
            "9:3: error: The name 'swap/set' in 'steps' is not plugin/step@version [document.bad-name]"
        ),
        ("lock: key-swap\n", "", "2:1: error: A lock needs 'lock' [document.missing-key]"),
    ])
    func `a mistake is reported where it stands`(text: String, replacement: String, expected: String) throws {
        let document = try sample().text.replacing(text, with: replacement, maxReplacements: 1)
        #expect(Lock.parse(Array(document.utf8), file: "l").diagnostics.map(firstLine) == [expected])
    }
}

struct CatalogTests {
    @Test func `a catalog says where records go`() throws {
        let text = "catalog: lab\nrecords: { branch: muster/records, remote: origin }\n"
        let configuration = try Configuration.parse(Array(text.utf8), file: "muster.yaml").get()
        #expect(configuration.catalog == "lab" && configuration.recordsRemote == "origin")
    }

    @Test func `records go to no remote unless one is named`() throws {
        let configuration = try Configuration.parse(Array("catalog: lab\n".utf8), file: "muster.yaml").get()
        #expect(configuration.recordsBranch == "muster/records" && configuration.recordsRemote == nil)
    }

    @Test(arguments: [
        "catalog: lab\napprovals: {}\n", "catalog: lab\nrecords: { branch: '../x' }\n",
        "catalog: lab\nrecords: { branch: a..b }\n",
        "catalog: lab\nrecords: { remote: '--upload-pack=x' }\n", "catalog: lab\nrecords: { branch: x.lock }\n",
        "records: {}\n",
        "catalog: Lab\n", "catalog: lab\nfreezes: []\n", "- catalog\n", "catalog: lab\nrecords: { branch: a//b }\n",
    ])
    func `what is not honoured is refused`(text: String) {
        let parsed = Configuration.parse(Array(text.utf8), file: "muster.yaml")
        #expect(parsed.value == nil && parsed.diagnostics.count == 1)
    }

    @Test func `an invalid document is one error with all its diagnostics`() {
        let error = #expect(throws: MusterError.self) {
            try Configuration.parse(Array("a: 1\nb: no\n".utf8), file: "muster.yaml").get()
        }
        #expect(
            error?.summary == "muster.yaml has 4 errors" && error?.diagnostics.count == 4 && error?.status == .usage)
    }
}

struct RehearsalScenarioTests {
    @Test func `a scenario is read, its cloud left to the simulator`() throws {
        let text = """
            scenario: partner-without-key
            summary: The partner does not have the key
            inputs: { group: fog, servers: [a, b] }
            cloud:
              servers: { tdeprimarytest: { location: westeurope } }
            faults:
              - { fault: throttle, times: 2 }
            expect: { outcome: failed }
            """
        let scenario = try RehearsalScenario.parse(Array(text.utf8), file: "s").get()
        #expect(scenario.name.value == "partner-without-key" && scenario.expected == .failed)
        #expect(scenario.inputs["servers"]?.value == ["a", "b"] && scenario.inputs["group"]?.location.line == 3)
        #expect(scenario.cloud?["servers"]?["tdeprimarytest"]?["location"]?.location.line == 5)
        #expect(scenario.faults.map(\.json) == [["fault": "throttle", "times": 2]])
    }

    @Test func `a scenario says how it ends`() {
        let text = "scenario: s\nsummary: x\nexpect: { outcome: sucseeded }\n"
        let diagnostics = RehearsalScenario.parse(Array(text.utf8), file: "s").diagnostics
        #expect(diagnostics.map(\.help) == ["Did you mean 'succeeded'?"])
    }
}
