// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterGit
import MusterModel
import MusterSystem

/// What a program printed and how it ended.
struct ProgramResult {
    var output: [UInt8]
    var errors: String
    var succeeded: Bool

    var text: String { String(decoding: output, as: UTF8.self) }
    var line: String { String(text.split(separator: "\n").first ?? "") }
}

struct ProgramFailed: Error { let command: String, errors: String }

/// A temporary folder with a repository, a home of its own, and stock git to make and check things with.
final class Fixture {
    let root: String
    var repository: String { "\(root)/catalog" }
    var home: String { "\(root)/home" }

    init(bare: Bool = false, options: [String] = []) throws {
        var template = Array("/tmp/muster-git-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw ProgramFailed(command: "mkdtemp", errors: "\(errno)") }
        root = String(cString: made)
        mkdir("\(root)/home", 0o755)
        try git(["init", "-q", "-b", "main"] + (bare ? ["--bare"] : []) + options + ["\(root)/catalog"], in: root)
    }

    deinit { _ = try? run("/bin/rm", ["-rf", root]) }  // a left-over folder fails no test

    // MARK: Stock git

    @discardableResult
    func git(_ arguments: [String], in folder: String? = nil, input: [UInt8] = []) throws -> ProgramResult {
        let settings = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"]
        let result = try tryGit(settings + arguments, in: folder, input: input)
        guard result.succeeded else { throw ProgramFailed(command: "git \(arguments)", errors: result.errors) }
        return result
    }

    func tryGit(_ arguments: [String], in folder: String? = nil, input: [UInt8] = []) throws -> ProgramResult {
        try run("/usr/bin/git", ["-C", folder ?? repository] + arguments, input: input)
    }

    func run(_ path: String, _ arguments: [String], input: [UInt8] = []) throws -> ProgramResult {
        let environment = ["HOME": home, "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/bin:/bin", "LC_ALL": "C"]
        let child = try ChildProcess(path: path, arguments: arguments, environment: environment)
        var result = ProgramResult(output: [], errors: "", succeeded: false)
        _ = child.send(input)
        while child.output >= 0 || child.errors >= 0 {
            if child.unsentCount == 0 { child.closeInput() }
            var targets = [child.output, child.errors].filter { $0 >= 0 }.map { PollTarget(reading: $0) }
            if child.unsentCount > 0 { targets.append(PollTarget(writing: child.input)) }
            _ = waitUntilReady(targets, timeout: nil)
            if child.unsentCount > 0 { _ = child.flush() }
            if case .bytes(let bytes) = child.readOutput() { result.output += bytes }
            if case .bytes(let bytes) = child.readErrors() { result.errors += String(decoding: bytes, as: UTF8.self) }
        }
        result.succeeded = child.reap(blocking: true) == .exited(0)
        return result
    }

    /// Writes files into the work tree and commits everything.
    @discardableResult
    func commit(_ files: [String: String], _ message: String = "change") throws -> ObjectID {
        for (path, text) in files { try write(path, text) }
        try git(["add", "-A"])
        try git(["commit", "-q", "--allow-empty", "-m", message])
        return try head()
    }

    func head(_ revision: String = "HEAD", in folder: String? = nil) throws -> ObjectID {
        ObjectID(try git(["rev-parse", "--verify", revision], in: folder).line)!
    }

    func write(_ path: String, _ text: String) throws {
        let whole = "\(repository)/\(path)"
        let folder = whole[..<whole.lastIndex(of: "/")!]
        _ = try run("/bin/mkdir", ["-p", String(folder)])
        try writeFile(whole, Array(text.utf8))
    }

    func writeFile(_ path: String, _ bytes: [UInt8]) throws {
        guard let file = fopen(path, "w") else { throw ProgramFailed(command: "fopen \(path)", errors: "\(errno)") }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
            throw ProgramFailed(command: "fwrite \(path)", errors: "\(errno)")
        }
    }

    /// A tree as no `git add` would make it; mode and name of each entry are written as they are.
    func rawTree(_ entries: [(mode: String, name: String, id: ObjectID)]) throws -> ObjectID {
        let bytes = entries.flatMap { Array("\($0.mode) \($0.name)\0".utf8) + binary($0.id) }
        return ObjectID(try git(["hash-object", "-t", "tree", "-w", "--stdin", "--literally"], input: bytes).line)!
    }

    func rawCommit(tree: ObjectID) throws -> ObjectID {
        ObjectID(try git(["commit-tree", tree.hex, "-m", "raw"]).line)!
    }

    func blob(_ text: String) throws -> ObjectID {
        ObjectID(try git(["hash-object", "-w", "--stdin"], input: Array(text.utf8)).line)!
    }

    private func binary(_ id: ObjectID) -> [UInt8] {
        let digits = Array(id.hex.utf8).map { UInt8(Character(Unicode.Scalar($0)).hexDigitValue!) }
        return stride(from: 0, to: 40, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// The file of a loose object.
    func looseFile(_ id: ObjectID) -> String {
        "\(gitFolder)/objects/\(id.hex.prefix(2))/\(id.hex.dropFirst(2))"
    }

    var gitFolder: String {
        access("\(repository)/.git", F_OK) == 0 ? "\(repository)/.git" : repository
    }

    /// `git fsck` complains of nothing but objects that no ref leads to.
    func isSound() throws -> Bool {
        let result = try tryGit(["fsck", "--full", "--strict"])
        return result.succeeded && !result.text.contains("missing") && !result.text.contains("error")
    }

    // MARK: Muster

    func options(command: [String]? = nil, seed: UInt64 = 1) -> GitClient.Options {
        var options = GitClient.Options(command: command ?? [musterExecutable, gitWorkerArgument], seed: seed)
        options.adopt(environment: ["HOME": home])
        return options
    }

    func catalog(_ options: GitClient.Options? = nil) -> Catalog {
        Catalog(folder: repository, options: options ?? self.options())
    }
}

/// The `muster` executable of the build that the tests belong to; `MUSTER_TEST_EXECUTABLE` names another.
let musterExecutable: String = {
    if let named = getenv("MUSTER_TEST_EXECUTABLE") { return String(cString: named) }
    var folder = #filePath.split(separator: "/").dropLast()
    while !folder.isEmpty, access("/\(folder.joined(separator: "/"))/Package.swift", F_OK) != 0 { folder.removeLast() }
    return "/\(folder.joined(separator: "/"))/.build/debug/muster"
}()

/// The code of the error that the work throws; nil when it throws none.
func errorCode<Value>(_ work: () throws -> Value) throws -> String? {
    do {
        _ = try work()
        return nil
    } catch let error as MusterError {
        return error.code
    }
}

// MARK: Runs

let someone = GitIdentity(name: "Ada Operator", email: "ada@example.org")
let moment = Timestamp("2026-11-21T14:03:02Z")!

func runID(_ number: UInt32, at time: Timestamp = moment) -> RunID {
    RunID(started: time, runbook: "key-swap", random: number)
}

func runCommit(
    _ run: RunID, parent: ObjectID? = nil, _ files: [String: String], message: String = "Plan the run"
) -> RunCommit {
    RunCommit(
        run: run, parent: parent, files: files.map { RunCommit.File(path: $0.key, .content(FileContent($0.value))) },
        note: CommitNote(message: message, trailers: [.init("Run", run.text)], author: someone, time: moment))
}

func recordMerge(_ run: RunID, branch: String = "muster/records") -> RecordMerge {
    RecordMerge(
        run: run, branch: branch, note: CommitNote(message: "Record \(run)", author: someone, time: moment))
}
