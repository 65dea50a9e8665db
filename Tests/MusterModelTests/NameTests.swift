// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterModel
import Testing

@Suite struct NameTests {
    @Test(arguments: ["0.0.0", "1.2.3", "10.20.30", "999999.0.1"]) func `a version reads and writes the same`(
        text: String
    ) {
        #expect(SemanticVersion(text)?.description == text)
    }

    @Test(arguments: [
        "", "1", "1.2", "1.2.3.4", "01.2.3", "1.02.3", "v1.2.3", "1.2.3-rc", "1.2.x", "-1.2.3", "1..3", "1.2.1000000",
        "1.2.3 ",
    ])
    func `other texts are no version`(text: String) { #expect(SemanticVersion(text) == nil) }

    @Test func `versions are ordered by number`() {
        let sorted = ["0.9.9", "1.0.0", "1.2.10", "1.10.2", "2.0.0"]
        #expect(sorted.reversed().compactMap { SemanticVersion($0) }.sorted().map(\.description) == sorted)
    }

    @Test(arguments: [
        ("1.2.0", ["1.2.0"], ["1.2.1", "1.1.0"]), ("^1.2", ["1.2.0", "1.2.9", "1.9.0"], ["1.1.9", "2.0.0", "0.2.0"]),
        ("^1.2.3", ["1.2.3", "1.3.0"], ["1.2.2", "2.2.3"]), ("^2", ["2.0.0", "2.9.9"], ["1.9.9", "3.0.0"]),
        ("^0.4", ["0.4.0", "0.4.7"], ["0.5.0", "0.3.9", "1.0.0"]), ("^0.4.2", ["0.4.2", "0.4.9"], ["0.4.1", "0.5.0"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4", "0.0.2", "0.1.0"]), ("^0.0", ["0.0.0", "0.0.9"], ["0.1.0"]),
        ("^0", ["0.0.0", "0.3.0"], ["1.0.0"]), ("^0.0.0", ["0.0.0"], ["0.0.1"]),
    ]) func `a requirement accepts what its caret means`(text: String, accepted: [String], refused: [String]) throws {
        let requirement = try #require(VersionRequirement(text))
        #expect(requirement.description == text)
        for version in accepted { #expect(requirement.accepts(try #require(SemanticVersion(version))), "\(version)") }
        for version in refused { #expect(!requirement.accepts(try #require(SemanticVersion(version))), "\(version)") }
    }

    @Test(arguments: ["", "^", "^1.", "^1.2.3.4", "~1.2", ">=1", "^x", "1.2", "*", "^01"])
    func `other texts are no requirement`(text: String) {
        #expect(VersionRequirement(text) == nil)
    }

    @Test func `a run's id names its time, runbook and record`() throws {
        let time = try #require(Timestamp("2026-11-21T14:03:02.511Z"))
        let id = RunID(started: time, runbook: "failover-group-key-swap", random: 0xFF00_00A1)
        #expect(id.text == "20261121-140302-failover-group-key-swap-0000a1")
        #expect(RunID(id.text) == id)
        #expect(id.recordPath == "records/2026/11/21/20261121-140302-failover-group-key-swap-0000a1")
        #expect(id.ref == "refs/heads/muster/runs/20261121-140302-failover-group-key-swap-0000a1")
    }

    @Test(arguments: [
        "", "20261121-140302-3fa9c1", "20261121-140302--3fa9c1", "2026112-140302-a-3fa9c1", "20261121-14030-a-3fa9c1",
        "20261121-140302-a-3FA9C1", "20261121-140302-a-3fa9c", "20261121-140302-A-3fa9c1", "20261121-140302-a/b-3fa9c1",
        "20261121-140302-..-3fa9c1", "20261121-140302-1a-3fa9c1", " 20261121-140302-a-3fa9c1",
    ]) func `other texts are no run's id`(text: String) { #expect(RunID(text) == nil) }

    @Test func `a step's reference knows its folder and definition`() throws {
        let step = try #require(StepReference("oracle-dr-setup/take-backup"))
        #expect(
            step.pluginFolder == "OracleDRSetup" && !step.isBuiltIn && step.description == "oracle-dr-setup/take-backup"
        )
        #expect(step.definitionPath == "plugins/OracleDRSetup/steps/take-backup.yaml")
        #expect(StepReference("muster/manual")?.isBuiltIn == true)
    }

    @Test(arguments: ["", "a", "a/", "/a", "a/b/c", "A/b", "a/b_c", "a/-b", "a/b-", "a--b/c", "1a/b", "a/..", "é/a"])
    func `other texts are no step's reference`(text: String) { #expect(StepReference(text) == nil) }

    @Test func `kebab case has an end`() {
        #expect(isKebabCase(String(repeating: "a", count: 64)) && !isKebabCase(String(repeating: "a", count: 65)))
    }
}

@Suite struct DigestTests {
    private func output(of command: [String], input: [UInt8]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        let (stdin, stdout) = (Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = stdout
        try process.run()
        try stdin.fileHandleForWriting.write(contentsOf: Data(input))
        try stdin.fileHandleForWriting.close()
        let text = String(decoding: try stdout.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return String(text.prefix { $0.isHexDigit })
    }

    @Test(arguments: [[], Array("runbook: a\n".utf8), [UInt8](repeating: 0, count: 5000), Array(0...255)] as [[UInt8]])
    func `digests are those of sha256sum and git`(bytes: [UInt8]) throws {
        #expect(Digest(of: bytes).hex == (try output(of: ["sha256sum"], input: bytes)))
        #expect(Digest(of: bytes.lazy.map { $0 }) == Digest(of: bytes))
        #expect(ObjectID(blob: bytes).hex == (try output(of: ["git", "hash-object", "--stdin"], input: bytes)))
    }

    @Test func `a digest reads and writes the same, and nothing else is one`() {
        let digest = Digest(of: [1])
        #expect(Digest(digest.description) == digest && digest.short == "sha256:\(digest.hex.prefix(12))")
        let hex = digest.hex
        for text in [
            "", hex, "sha256:", "sha256:\(hex)0", "sha256:\(hex.dropLast())g", "sha256:\(hex.uppercased())",
            "sha512:\(hex)",
        ] {
            #expect(Digest(text) == nil, "\(text)")
        }
        let id = ObjectID(blob: [1])
        #expect(ObjectID(id.hex) == id && id.short == String(id.hex.prefix(10)))
        #expect(
            ObjectID(String(id.hex.dropLast())) == nil && ObjectID(id.hex.uppercased()) == nil && ObjectID("") == nil)
    }

    @Test func `hexadecimal text`() { #expect(hexText([0, 1, 0xAB, 0xFF]) == "0001abff") }
}
