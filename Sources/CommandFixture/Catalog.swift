// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc
internal import MusterModel
internal import MusterSystem

/// A catalog of its own in a temporary folder, with a home, a place for runs, and the means that a user has: the command
/// lines of muster and git.
package final class Catalog {
    /// What the catalog is made of at first; everything is committed, and locked where it is a runbook of the project.
    package enum Content {
        case nothing
        /// `runbooks/`, the steps of `plugins/` and `muster.yaml` of this project.
        case shipped
        /// A plugin of the tests under its name, with the one runbook.
        case noop(runbook: String)
    }

    package let root: String
    package var folder: String { "\(root)/catalog" }
    package var home: String { "\(root)/home" }
    /// What muster gets as `MUSTER_HOME`. Another folder is as another machine with the same clone.
    package var state: String
    /// Executables of plugins that do not lie beside muster.
    package var plugins: String { "\(root)/plugins" }
    /// Further variables for muster, such as those that hold secrets.
    package var variables: [String: String] = [:]

    package init(_ content: Content) throws {
        root = FileManager.default.temporaryDirectory.appending(path: "muster-e2e-\(UUID().uuidString)").path
        state = "\(root)/state"
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

    /// The same catalog in a folder of its own, with a place for runs of its own.
    package init(copyOf other: Catalog) throws {
        root = FileManager.default.temporaryDirectory.appending(path: "muster-e2e-\(UUID().uuidString)").path
        state = "\(root)/state"
        try makeFolder(root)
        for path in [other.folder, other.home, other.plugins] {
            try Self.copySettled(path, to: "\(root)/\(path.split(separator: "/").last!)")
        }
        variables = other.variables
    }

    /// The git worker of an engine that was killed just now may still take its last temporary file away: then the folder is
    /// copied anew. A worker ends with its pipe, so it does so once or twice.
    private static func copySettled(_ path: String, to copy: String) throws {
        for _ in 1..<20 {
            do { return try FileManager.default.copyItem(atPath: path, toPath: copy) } catch let error as CocoaError
                where error.code == .fileNoSuchFile || error.code == .fileReadNoSuchFile
            {
                try FileManager.default.removeItem(atPath: copy)
            }
        }
        try FileManager.default.copyItem(atPath: path, toPath: copy)
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
    package static func shippedRunbooks() throws -> [String] {
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

    package func write(_ path: String, _ text: String) throws {
        let whole = "\(folder)/\(path)"
        try makeFolder(String(whole[..<whole.lastIndex(of: "/")!]))
        try text.write(toFile: whole, atomically: false, encoding: .utf8)
    }

    package func read(_ path: String) throws -> String {
        try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8)
    }

    /// Replaces the words wherever the file has them; throws where it has none.
    package func replace(_ words: String, by others: String, in path: String) throws {
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
    package func link(plugin: String, to executable: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(plugins)/\(plugin)", withDestinationPath: executable)
    }

    package func commit(_ message: String) throws {
        try git("add", "-A")
        try git("commit", "-q", "-m", message)
    }

    package func lock(_ runbook: String) throws {
        let result = try muster("lock", runbook)
        guard result.status == 0 else { throw FixtureFailure(description: "\(result)") }
        try commit("Lock \(runbook)")
    }

    @discardableResult
    package func git(_ arguments: String...) throws -> String {
        let result = try tryGit(arguments)
        guard result.status == 0 else { throw FixtureFailure(description: "\(result)") }
        return result.output
    }

    package func tryGit(_ arguments: [String]) throws -> CommandResult {
        try program("/usr/bin/git", ["-C", folder] + arguments)
    }

    package func program(_ path: String, _ arguments: [String]) throws -> CommandResult {
        try RunningCommand(path, arguments, environment: environment).finish()
    }

    private var environment: [String: String] {
        [
            "HOME": home, "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/bin:/bin", "LC_ALL": "C", "MUSTER_HOME": state,
            "TMPDIR": root,
        ]
    }

    // MARK: muster

    package func muster(_ arguments: String...) throws -> CommandResult { try start(arguments).finish() }
    package func muster(_ arguments: [String]) throws -> CommandResult { try start(arguments).finish() }

    package func start(_ arguments: [String]) throws -> RunningCommand { try start(arguments, under: []) }

    /// - Parameter wrapper: a program, with its arguments, that runs muster, such as one that traces it.
    package func start(_ arguments: [String], under wrapper: [String]) throws -> RunningCommand {
        let words = wrapper + [product("muster")] + arguments + (arguments.contains("-C") ? [] : ["-C", folder])
        return try RunningCommand(
            words[0], Array(words.dropFirst()), environment: environment.merging(variables) { $1 })
    }

    /// muster on a machine that is called so.
    package func muster(_ arguments: [String], onHost name: String) throws -> CommandResult {
        try start(arguments, under: Self.host(name)).finish()
    }

    /// What runs a program as if on a machine that is called so, in the same process.
    package static func host(_ name: String) -> [String] {
        let script = "hostname \(name) && exec \"$0\" \"$@\""
        return ["/usr/bin/unshare", "--user", "--map-root-user", "--uts", "/bin/sh", "-c", script]
    }

    /// muster at a terminal of its own, which script(1) makes, where somebody types.
    package func muster(_ arguments: [String], typing text: String) throws -> CommandResult {
        try startAtTerminal(arguments, typing: text).finish(holdsInput: true)
    }

    package func startAtTerminal(_ arguments: [String], typing text: String? = nil) throws -> RunningCommand {
        let command = ([product("muster")] + arguments + ["-C", folder]).joined(separator: " ")
        return try RunningCommand(
            "/usr/bin/script", ["-qec", command, "/dev/null"], environment: environment.merging(variables) { $1 },
            input: text)
    }

    /// The same, where what is typed comes from a command line of the shell.
    package func muster(_ arguments: [String], typingFrom line: String) throws -> CommandResult {
        let command = ([product("muster")] + arguments + ["-C", folder]).joined(separator: " ")
        return try RunningCommand(
            "/bin/sh", ["-c", "(\(line)) | exec /usr/bin/script -qec '\(command)' /dev/null"], environment: environment
        ).finish()
    }

    /// Runs the test's own drill without being asked for the go-ahead.
    package func drill(_ more: String...) throws -> CommandResult { try startDrill(more).finish() }

    package func startDrill(_ more: [String] = []) throws -> RunningCommand {
        try start(["run", "drill", "-e", "lab", "--plugins", plugins, "--yes"] + more)
    }

    /// Goes on with a run of the test's own drill.
    package func resume(_ more: String...) throws -> CommandResult {
        try start(["resume", "last", "--plugins", plugins] + more).finish()
    }

    /// Names of the runs that left a folder on this machine.
    package var runFolders: [String] {
        // No folder: no run.
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(state)/runs")) ?? []).sorted()
    }

    /// Lines of a run's journal on this machine; none where it has none.
    package func journalLines(of run: String) throws -> [String] {
        let path = "\(state)/runs/\(run)/journal.jsonl"
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// Ends the engine that has the run, without a word, as the kernel does.
    package func killEngine(of run: String) throws {
        let lines = try journalLines(of: run)
        let holder = try lines.map { try JSON.parse($0) }.last { $0["processID"] != nil }
        guard let process = holder?["processID"]?.int else {
            throw FixtureFailure(description: "the journal of \(run) names no process")
        }
        kill(Int32(process), SIGKILL)
    }

    /// Every ref, with what it points to.
    package var refs: String { get throws { try git("for-each-ref") } }

    /// Plugins of this catalog, and what they started, that still live: all were told this catalog's temporary folder.
    package var pluginProcesses: [Int32] {
        processes.filter { process in
            guard let environment = readSmallFile("/proc/\(process)/environ") else { return false }
            let entries = environment.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            return entries.contains("TMPDIR=\(root)") && entries.contains { $0.hasPrefix("MUSTER_PLUGIN_INSTANCE=") }
        }
    }

    // MARK: Records

    /// The only run of this catalog.
    package var onlyRun: RecordedRun {
        get throws {
            guard let run = runFolders.first, runFolders.count == 1 else {
                throw FixtureFailure(description: "there should be one run: \(runFolders)")
            }
            return try record(of: run)
        }
    }

    /// As the log of executions holds it.
    package func record(of run: String) throws -> RecordedRun {
        let date = run.prefix(8)
        return RecordedRun(
            catalog: self, run: run, ref: RecordedRun.branch,
            path: "records/\(date.prefix(4))/\(date.dropFirst(4).prefix(2))/\(date.suffix(2))/\(run)/")
    }

    /// As the run's own branch holds it, at rest or in the middle.
    package func unfinishedRecord(of run: String) -> RecordedRun {
        RecordedRun(catalog: self, run: run, ref: "refs/heads/muster/runs/\(run)", path: "")
    }
}

// MARK: The project

package let projectFolder: String = {
    var folder = URL(filePath: #filePath)
    repeat {
        folder.deleteLastPathComponent()
    } while folder.path != "/" && !FileManager.default.fileExists(atPath: "\(folder.path)/Package.swift")
    return folder.path
}()

/// An executable of the build that the tests belong to; where MUSTER_TEST_PRODUCTS names a folder that has it, that one:
/// campaigns go through what people run, and are done the sooner.
package func product(_ name: String) -> String {
    let chosen = ProcessInfo.processInfo.environment["MUSTER_TEST_PRODUCTS"].map { "\($0)/\(name)" }
    if let chosen, FileManager.default.isExecutableFile(atPath: chosen) { return chosen }
    return "\(projectFolder)/.build/debug/\(name)"
}

private func makeFolder(_ path: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
}
