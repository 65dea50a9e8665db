// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterModel
import MusterSystem

/// A catalog of its own in a temporary folder, with a home, a place for runs, and the means that a user has: the command
/// lines of muster and git.
final class Catalog {
    /// What the catalog is made of at first; everything is committed, and locked where it is a runbook of the project.
    enum Content {
        case nothing
        /// `runbooks/`, the steps of `plugins/` and `muster.yaml` of this project.
        case shipped
        /// A plugin of the tests under its name, with the one runbook.
        case noop(runbook: String)
    }

    let root: String
    var folder: String { "\(root)/catalog" }
    var home: String { "\(root)/home" }
    var state: String { "\(root)/state" }
    /// Executables of plugins that do not lie beside muster.
    var plugins: String { "\(root)/plugins" }
    /// Further variables for muster, such as those that hold secrets.
    var variables: [String: String] = [:]

    init(_ content: Content) throws {
        root = FileManager.default.temporaryDirectory.appending(path: "muster-e2e-\(UUID().uuidString)").path
        for folder in [folder, home, plugins] { try makeFolder(folder) }
        try git("config", "--global", "user.name", "Ada Operator")
        try git("config", "--global", "user.email", "ada@example.org")
        try git("init", "-q", "-b", "main")
        switch content {
        case .nothing: break
        case .shipped: try addShipped()
        case .noop(let runbook): try addNoop(runbook)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }  // a left-over folder fails no test

    private func addShipped() throws {
        try copy("runbooks", "muster.yaml")
        for plugin in try FileManager.default.contentsOfDirectory(atPath: "\(projectFolder)/plugins") {
            try copy("plugins/\(plugin)/steps")
        }
        try commit("The runbooks")
        for runbook in try Self.shippedRunbooks() { try lock(runbook) }
    }

    /// Names of the project's own runbooks.
    static func shippedRunbooks() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(projectFolder)/runbooks").filter {
            $0.hasSuffix(".yaml") && !$0.hasSuffix(".lock.yaml")
        }.map { String($0.dropLast(5)) }.sorted()
    }

    private func addNoop(_ runbook: String) throws {
        try link(plugin: "Noop", to: product("noop-plugin"))
        let steps = try String(
            contentsOfFile: "\(projectFolder)/Tests/Fakes/noop-plugin/steps/nothing.yaml", encoding: .utf8)
        try write("plugins/Noop/steps/nothing.yaml", steps)
        try write("muster.yaml", "catalog: test\nsummary: For tests\n")
        try write("environments/lab.yaml", "environment: lab\n")
        try write("runbooks/drill.yaml", runbook)
        try commit("The drill")
        try lock("drill")
    }

    // MARK: Files and git

    func write(_ path: String, _ text: String) throws {
        let whole = "\(folder)/\(path)"
        try makeFolder(String(whole[..<whole.lastIndex(of: "/")!]))
        try text.write(toFile: whole, atomically: false, encoding: .utf8)
    }

    func read(_ path: String) throws -> String { try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8) }

    /// Replaces the words wherever the file has them; throws where it has none.
    func replace(_ words: String, by others: String, in path: String) throws {
        let text = try read(path)
        guard text.contains(words) else { throw FixtureFailure(description: "\(path) does not say \"\(words)\"") }
        try write(path, text.replacingOccurrences(of: words, with: others))
    }

    private func copy(_ paths: String...) throws {
        for path in paths {
            if path.contains("/") { try makeFolder("\(folder)/\(path[..<path.lastIndex(of: "/")!])") }
            try FileManager.default.copyItem(atPath: "\(projectFolder)/\(path)", toPath: "\(folder)/\(path)")
        }
    }

    /// Puts an executable where `--plugins` finds it under the plugin's name.
    func link(plugin: String, to executable: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(plugins)/\(plugin)", withDestinationPath: executable)
    }

    func commit(_ message: String) throws {
        try git("add", "-A")
        try git("commit", "-q", "-m", message)
    }

    func lock(_ runbook: String) throws {
        let result = try muster("lock", runbook)
        guard result.status == 0 else { throw FixtureFailure(description: "\(result)") }
        try commit("Lock \(runbook)")
    }

    @discardableResult
    func git(_ arguments: String...) throws -> String {
        let result = try tryGit(arguments)
        guard result.status == 0 else { throw FixtureFailure(description: "\(result)") }
        return result.output
    }

    func tryGit(_ arguments: [String]) throws -> CommandResult {
        try program("/usr/bin/git", ["-C", folder] + arguments)
    }

    func program(_ path: String, _ arguments: [String]) throws -> CommandResult {
        try RunningCommand(path, arguments, environment: environment).finish()
    }

    private var environment: [String: String] {
        [
            "HOME": home, "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/bin:/bin", "LC_ALL": "C", "MUSTER_HOME": state,
            "TMPDIR": root,
        ]
    }

    // MARK: muster

    func muster(_ arguments: String...) throws -> CommandResult { try start(arguments).finish() }
    func muster(_ arguments: [String]) throws -> CommandResult { try start(arguments).finish() }

    func start(_ arguments: [String]) throws -> RunningCommand {
        let words = arguments + (arguments.contains("-C") ? [] : ["-C", folder])
        return try RunningCommand(
            product("muster"), words, environment: environment.merging(variables) { $1 })
    }

    /// muster at a terminal of its own, which script(1) makes, where somebody types.
    func muster(_ arguments: [String], typing text: String) throws -> CommandResult {
        let command = ([product("muster")] + arguments + ["-C", folder]).joined(separator: " ")
        return try RunningCommand(
            "/usr/bin/script", ["-qec", command, "/dev/null"], environment: environment, input: text
        ).finish(holdsInput: true)
    }

    /// The same, where what is typed comes from a command line of the shell.
    func muster(_ arguments: [String], typingFrom line: String) throws -> CommandResult {
        let command = ([product("muster")] + arguments + ["-C", folder]).joined(separator: " ")
        return try RunningCommand(
            "/bin/sh", ["-c", "(\(line)) | exec /usr/bin/script -qec '\(command)' /dev/null"], environment: environment
        ).finish()
    }

    /// Runs the test's own drill without being asked.
    func drill(_ more: String...) throws -> CommandResult {
        try start(["run", "drill", "-e", "lab", "--plugins", plugins, "--yes"] + more).finish()
    }

    /// Names of the runs that left a folder on this machine.
    var runFolders: [String] {
        // No folder: no run.
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(state)/runs")) ?? []).sorted()
    }

    /// Every ref, with what it points to.
    var refs: String { get throws { try git("for-each-ref") } }

    /// Plugins of this catalog, and what they started, that still live: all were told this catalog's temporary folder.
    var pluginProcesses: [Int32] {
        processes.filter { process in
            guard let environment = readSmallFile("/proc/\(process)/environ") else { return false }
            let entries = environment.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            return entries.contains("TMPDIR=\(root)") && entries.contains { $0.hasPrefix("MUSTER_PLUGIN_INSTANCE=") }
        }
    }

    // MARK: Records

    /// The only run of this catalog.
    var onlyRun: RecordedRun {
        get throws {
            guard let run = runFolders.first, runFolders.count == 1 else {
                throw FixtureFailure(description: "there should be one run: \(runFolders)")
            }
            return try record(of: run)
        }
    }

    func record(of run: String) throws -> RecordedRun {
        let date = run.prefix(8)
        return RecordedRun(
            catalog: self, run: run,
            path: "records/\(date.prefix(4))/\(date.dropFirst(4).prefix(2))/\(date.suffix(2))/\(run)")
    }
}

/// A run as git's log of executions holds it.
struct RecordedRun {
    static let branch = "refs/heads/muster/records"

    let catalog: Catalog
    let run: String
    let path: String

    func file(_ name: String) throws -> String { try catalog.git("show", "\(Self.branch):\(path)/\(name)") }
    func json(_ name: String) throws -> JSON { try JSON.parse(try file(name)) }

    var record: JSON { get throws { try json("record.json") } }
    var outcome: String? { get throws { try record["outcome"]?.string } }
    var journal: [JSON] {
        get throws { try file("journal.jsonl").split(separator: "\n").map { try JSON.parse(String($0)) } }
    }
    var events: [String] { get throws { try journal.compactMap { $0["kind"]?.string } } }

    func step(_ id: String) throws -> JSON? { try record["steps"]?.array?.first { $0["id"]?.string == id } }
    /// How a step ended, such as `verified`.
    func result(of step: String) throws -> String? { try self.step(step)?["result"]?.string }

    /// The verdicts of a step's postconditions by their ids.
    func postconditions(of step: String) throws -> [String: String] {
        var verdicts: [String: String] = [:]
        for condition in try self.step(step)?["postconditions"]?.array ?? [] {
            verdicts[condition["id"]?.string ?? ""] = condition["verdict"]?.string
        }
        return verdicts
    }
}

// MARK: The project

let projectFolder: String = {
    var folder = URL(filePath: #filePath)
    repeat {
        folder.deleteLastPathComponent()
    } while folder.path != "/" && !FileManager.default.fileExists(atPath: "\(folder.path)/Package.swift")
    return folder.path
}()

/// An executable of the build that the tests belong to.
func product(_ name: String) -> String { "\(projectFolder)/.build/debug/\(name)" }

private func makeFolder(_ path: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
}
