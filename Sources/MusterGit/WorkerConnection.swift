// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel
internal import MusterSystem

/// The first message to a worker: which repository, and what the worker must not find out by itself.
struct WorkerOpening: Codable {
    var folder: String
    var seed: UInt64
    var userConfigFiles: [String]
    var home: String?

    private enum CodingKeys: String, CodingKey { case folder, seed, userConfigFiles, home }

    init(folder: String, seed: UInt64, userConfigFiles: [String], home: String?) {
        self.folder = folder
        self.seed = seed & UInt64(Int64.max)  // JSON integers have 64 signed bits
        self.userConfigFiles = userConfigFiles
        self.home = home
    }
}

/// A worker's answer to one request: a value, or an error.
struct WorkerAnswer: Codable {
    struct Failure: Codable {
        var code: String
        var summary: String
        var help: String?
        var status: ExitStatus
    }

    var id: Int
    var value: JSON?
    var failure: Failure?

    init(id: Int, value: JSON) {
        self.id = id
        self.value = value
    }

    init(id: Int, error: MusterError) {
        self.id = id
        failure = Failure(code: error.code, summary: error.summary, help: error.help, status: error.status)
    }

    var result: Result<JSON, MusterError> {
        if let failure {
            return .failure(
                MusterError(code: failure.code, failure.summary, help: failure.help, status: failure.status))
        }
        return .success(value ?? .null)
    }
}

/// One running worker: its process, its half-read messages, and the end of what it said on its error stream.
final class WorkerConnection {
    let process: ChildProcess
    private var reader = FrameReader()
    private var lastWords: [UInt8] = []
    private static let lastWordsLimit = 2048

    init(command: [String], environment: [String: String]) throws(MusterError) {
        process = try ChildProcess(path: command[0], arguments: Array(command.dropFirst()), environment: environment)
    }

    var pollTargets: [PollTarget] {
        var targets = [process.output, process.errors].filter { $0 >= 0 }.map { PollTarget(reading: $0) }
        if process.unsentCount > 0 { targets.append(PollTarget(writing: process.input)) }
        // With both pipes closed only the process's end is left to wait for.
        if process.output < 0 { targets.append(PollTarget(reading: process.endDescriptor)) }
        return targets
    }

    /// Queues a message. A worker that cannot be written to is ended, which shows in ``end()``: it would wait for the rest of
    /// the message for ever, and we for its answer.
    func send(_ message: JSON) throws(MusterError) { if !process.send(try Frame.encode(message)) { kill() } }

    /// The whole answers that have arrived.
    func receive() throws(MusterError) -> [WorkerAnswer] {
        if !process.flush() { kill() }
        collectLastWords()
        while case .bytes(let bytes) = process.readOutput() { reader.append(bytes) }
        var answers: [WorkerAnswer] = []
        while let message = try reader.next() { answers.append(try GitClient.decode(message)) }
        return answers
    }

    /// Why no further answer will come; nil while the worker may still answer.
    func end() -> MusterError? {
        guard process.output < 0 else { return nil }
        kill()  // it closed its output: it has nothing more to say
        let termination = process.reap(blocking: true)
        collectLastWords()
        let words =
            String(decoding: lastWords, as: UTF8.self).split(whereSeparator: \.isNewline).last.map { ": \($0)" } ?? ""
        return MusterError(
            code: "git.worker-ended", "The git worker \(termination.map(\.description) ?? "ended")\(words).",
            help: "Whether the work was done is not known. Try again; if it stays so, run `git fsck --full`.",
            status: .stuck)
    }

    func kill() { process.signalGroup(SIGKILL) }

    var isGone: Bool { process.reap(blocking: false) != nil }

    private func collectLastWords() {
        while case .bytes(let bytes) = process.readErrors() {
            lastWords = Array((lastWords + bytes).suffix(Self.lastWordsLimit))
        }
    }
}
