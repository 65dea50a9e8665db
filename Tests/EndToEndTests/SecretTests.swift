// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// A plugin that says its secrets in every form, wherever it can: they are to be found nowhere.
struct SecretTests {
    private static let count = 50
    private static let names = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    ]

    private let catalog: Catalog
    private let folder: String
    private let around: String

    init() throws {
        catalog = try Catalog(
            .noop(runbook: WholeRunTests.runbook("steps:\n  - { id: one, uses: noop/nothing@1.0.0 }")))
        (folder, around) = ("\(catalog.root)/secrets", "\(catalog.root)/around")
        for path in [folder, around] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
    }

    private func canaries(_ words: [String]) throws -> CommandResult {
        try catalog.program("/usr/bin/python3", ["\(projectFolder)/Tests/EndToEndTests/Secrets/canaries.py"] + words)
    }

    /// Half of the secrets come from variables, half from files.
    private func step(_ group: Int, fails: Bool) throws -> String {
        var inputs = ["forms: \"\(folder)/forms-\(group)\"", "around: \"\(around)\"", "fails: \(fails)"]
        for (at, name) in Self.names.enumerated() {
            let number = group * Self.names.count + at
            if number.isMultiple(of: 2) {
                inputs.append("\(name): { file: \"\(folder)/\(number)\" }")
            } else {
                catalog.variables["CANARY_\(number)"] = try String(
                    contentsOfFile: "\(folder)/\(number)", encoding: .utf8)
                inputs.append("\(name): { env: CANARY_\(number) }")
            }
        }
        return "  - { id: tell-\(group), uses: noop/tell@1.0.0, with: { \(inputs.joined(separator: ", ")) } }\n"
    }

    private func prepare() throws {
        let seed = UInt64.random(in: 1...1_000_000_000)
        #expect(try canaries(["make", folder, "\(seed)", "\(Self.count)"]).status == 0, "seed \(seed)")
        let groups = Self.count / Self.names.count
        let steps = try (0..<groups).map { try step($0, fails: $0 == groups - 1) }.joined()
        let definition = try String(
            contentsOfFile: "\(projectFolder)/Tests/Fakes/noop-plugin/steps/tell.yaml", encoding: .utf8)
        try catalog.write("plugins/Noop/steps/tell.yaml", definition)
        try catalog.write("runbooks/drill.yaml", WholeRunTests.runbook("steps:\n" + steps))
        try catalog.commit("The teller")
        try catalog.lock("drill")
    }

    private func keep(_ name: String, _ text: String) throws -> String {
        let path = "\(catalog.root)/kept/\(name)"
        try FileManager.default.createDirectory(atPath: "\(catalog.root)/kept", withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        return "\(name)=\(path)"
    }

    @Test func `secrets that a plugin says in every form and everywhere are found nowhere`() throws {
        try prepare()
        let result = try catalog.drill()
        #expect(result.status == 4, "\(result.status)")
        let run = try #require(catalog.runFolders.last)
        var sinks = [
            "journal=\(catalog.state)/runs/\(run)/journal.jsonl", "state=\(catalog.state)", "processes=\(around)",
            try keep("standard-output", result.output), try keep("standard-error", result.errors + "-"),
        ]
        for words in [["status"], ["status", "--json"], ["rollback", "last", "--plan"]] {
            sinks.append(try keep(words.joined(separator: "-"), try catalog.muster(words).everything))
        }
        #expect(try catalog.muster("cancel", "last", "--reason", "Seen", "--plugins", catalog.plugins).status == 0)
        for words in [["show", run], ["show", run, "--json"], ["verify", run], ["list"]] {
            sinks.append(try keep("\(words[0])\(words.count)", try catalog.muster(words).everything))
        }
        let objects = "\(catalog.root)/kept/git-objects"
        let dump = "git -C '\(catalog.folder)' cat-file --batch-all-objects --batch > '\(objects)'"
        #expect(try catalog.program("/bin/sh", ["-c", dump]).status == 0)
        sinks.append("git-objects=\(objects)")
        // Whoever looks finds them where they are.
        let forms = try JSON.parse(
            try canaries(["search", folder, "forms=\(folder)"]).output.trimmingCharacters(in: .newlines))
        #expect(forms["found"]?.array?.count == Self.count * 14)
        let searched = try canaries(["search", folder] + sinks)
        #expect(searched.status == 0, "\(searched)")
        let answer = try JSON.parse(searched.output.trimmingCharacters(in: .whitespacesAndNewlines))
        let found = answer["found"]?.array?.compactMap(\.string) ?? []
        let points = Int(answer["searched"]?.int ?? 0)
        #expect(found.isEmpty, "\(found.count): \(found.prefix(12))")
        #expect(points >= Self.count * 14 * 12)
        print(
            "secrets: \(points) searches (\(Self.count) secrets, 14 forms, \(sinks.count) sinks), found \(found.count)")
        // That it was said at all.
        let journal = try String(contentsOfFile: "\(catalog.state)/runs/\(run)/journal.jsonl", encoding: .utf8)
        #expect(journal.split(separator: "[secret:").count > 500)
    }

    // MARK: The gate

    private static let key = "AKIAQ7EXAMPLE3KEYS4X"

    @Test func `a runbook that holds a key is refused where it stands`() throws {
        try catalog.write(
            "runbooks/drill.yaml",
            WholeRunTests.runbook("steps:\n  - { id: one, uses: noop/nothing@1.0.0, with: { says: \(Self.key) } }"))
        try catalog.commit("A key")
        let result = try catalog.drill()
        #expect(result.status == 2 && result.errors.contains("[document.secret]"), "\(result)")
        #expect(result.errors.contains("runbooks/drill.yaml:") && !result.errors.contains(Self.key), "\(result)")
        #expect(try catalog.git("for-each-ref", "refs/heads/muster").isEmpty)
    }

    @Test func `a run whose inputs hold a key is not begun`() throws {
        try catalog.write(
            "runbooks/drill.yaml",
            "runbook: drill\nversion: 1.0.0\nsummary: Says it\ninputs: { says: { type: string } }\n"
                + "steps:\n  - { id: one, uses: noop/nothing@1.0.0, with: { says: \"${{ inputs.says }}\" } }\n")
        try catalog.commit("An input")
        let result = try catalog.drill("--input", "says=\(Self.key)")
        #expect(result.status == 3 && result.errors.contains("[record.leak]"), "\(result)")
        #expect(
            result.errors.contains("plan.json:1: an access key of AWS") && !result.errors.contains(Self.key),
            "\(result)")
        #expect(try catalog.git("for-each-ref", "refs/heads/muster").isEmpty)
    }

    /// Words are refused before they are written; a name is git's.
    @Test func `a key in a person's name keeps the record out of git until somebody lets it go`() throws {
        let drill = try LedgerDrill([.init("one"), .init("two", "failsIn: apply")])
        #expect(try drill.run().status == 4)
        let refused = try drill.decide("two", "skip", reason: "as \(Self.key) says")
        #expect(refused.status != 0 && !refused.errors.contains(Self.key), "\(refused)")
        try drill.catalog.git("config", "--local", "user.name", "Ada \(Self.key)")
        let decided = try drill.decide("two", "skip", reason: "as agreed")
        #expect(decided.status == 1 && decided.errors.contains("[record.leak]"), "\(decided)")
        #expect(decided.errors.contains("It is in the run's journal all the same"), "\(decided)")
        let ended = try drill.resume()
        #expect(ended.status == 1 && ended.errors.contains("[record.leak]"), "\(ended)")
        try drill.catalog.git("config", "--local", "--unset", "user.name")
        let status = try drill.catalog.muster("status")
        #expect(status.errors.contains("kept out of git") && !status.errors.contains(Self.key), "\(status)")
        let objects = try drill.catalog.git("cat-file", "--batch-all-objects", "--batch", "--buffer")
        #expect(!objects.contains(Self.key))
        let held = try drill.catalog.muster("publish")
        #expect(held.status == 1 && held.errors.contains("[record.leak]"), "\(held)")
        let released = try drill.catalog.muster("publish", "--release", "last", "--reason", "It opens nothing any more")
        #expect(released.status == 0 && released.output.contains("✓ recorded"), "\(released)")
        let proof = try drill.verify()
        #expect(proof.status == 0 && proof.errors.contains("[record.leak-released]"), "\(proof)")
        #expect(proof.errors.contains("It opens nothing any more"), "\(proof)")
    }
}
