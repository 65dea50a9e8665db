// SPDX-License-Identifier: Apache-2.0

package import MusterModel
package import MusterSystem

/// The engine's end of the git worker: libgit2 runs in a process of its own that can be killed when it hangs.
///
/// Two ways to use it. ``call(_:deadline:)`` waits for the answer. ``send(_:deadline:)`` and ``receive()`` never wait, for
/// a loop that polls ``pollTargets`` and wakes up at ``nextDeadline``. A worker that died or was killed is replaced at the
/// next request. Not thread-safe: one owner uses it.
package final class GitClient {
    /// How the worker is started and what it is told.
    package struct Options: Sendable {
        /// Program and arguments. `/proc/self/exe` is the `muster` executable itself, also after it was replaced on disk.
        package var command: [String]
        /// How long a request may take unless it says otherwise.
        package var deadline: Duration
        /// Seeds the jitter of waits between tries.
        package var seed: UInt64
        /// Configuration files of the user, of which `user.name` and `user.email` are read; the first that has them wins.
        package var userConfigFiles: [String]
        /// The folder whose `.ssh/known_hosts` decides which ssh servers a push trusts; nil trusts none.
        package var home: String?
        /// The worker's whole environment; a push over ssh needs `SSH_AUTH_SOCK`.
        package var environment: [String: String]

        package init(
            command: [String] = ["/proc/self/exe", gitWorkerArgument], deadline: Duration = .seconds(30),
            seed: UInt64 = 0
        ) {
            self.command = command
            self.deadline = deadline
            self.seed = seed
            userConfigFiles = []
            home = nil
            environment = [:]
        }

        /// What the user's own environment says: where the configuration of git is, and which ssh agent to ask.
        package mutating func adopt(environment variables: [String: String]) {
            home = variables["HOME"]
            userConfigFiles = []
            if let file = variables["GIT_CONFIG_GLOBAL"] {
                userConfigFiles = [file]
            } else if let home {
                let folder = variables["XDG_CONFIG_HOME"] ?? "\(home)/.config"
                userConfigFiles = ["\(home)/.gitconfig", "\(folder)/git/config"]
            }
            environment = variables.filter { $0.key == "SSH_AUTH_SOCK" }
        }
    }

    package typealias Answer = (id: Int, result: Result<JSON, MusterError>)

    package let folder: String
    private let options: Options
    private var connection: WorkerConnection?
    /// Killed and not gone: a process that waits for a disk dies late, and nobody waits for it.
    private var dying: [WorkerConnection] = []
    private var pending: [(id: Int, deadline: Int64)] = []
    private var answers: [Answer] = []
    private var lastID = 0

    /// Nothing is started or opened until the first request.
    ///
    /// - Parameter folder: the repository's folder or any folder below it.
    package init(folder: String, options: Options = Options()) {
        self.folder = folder
        self.options = options
    }

    /// The worker's process id, for reports and tests; nil when none runs.
    package var workerID: Int32? { connection?.process.processID }

    /// Where answers arrive; -1 when no worker runs.
    package var descriptor: Int32 { connection?.process.output ?? -1 }

    /// What to wait for before ``receive()``: answers, the worker's end, and room for requests that wait.
    package var pollTargets: [PollTarget] { connection?.pollTargets ?? [] }

    /// When the oldest open request runs out of time, in nanoseconds of the boot clock; nil when none is open.
    package var nextDeadline: Int64? { pending.map(\.deadline).min() }

    /// Hands the request to the worker and returns at once.
    ///
    /// - Returns: the number under which ``receive()`` gives the answer.
    /// - Throws: `system.cannot-start`, or `git.too-large`.
    package func send(_ request: GitRequest, deadline: Duration? = nil) throws(MusterError) -> Int {
        let body = try encodeMessage(request)
        let connection = if let open = self.connection { open } else { try start() }
        lastID += 1
        let time = readClocks().boot + (deadline ?? options.deadline).milliseconds * 1_000_000
        pending.append((lastID, time))
        try connection.send(["id": .int(Int64(lastID)), "request": body])
        return lastID
    }

    /// The answers that are there, in the order of the requests; never waits.
    ///
    /// When a request's time is over the worker is killed, and that request and all behind it are answered with
    /// `git.deadline`. Each of them may have been done or not: ask again.
    package func receive() -> [Answer] {
        pump()
        defer { answers = [] }
        return answers
    }

    /// Sends the request and waits for its answer.
    ///
    /// - Throws: the worker's error, `git.deadline`, `git.worker-ended`, `git.garbled-message`, `system.cannot-start`.
    package func call<Value: Decodable>(
        _ request: GitRequest, as type: Value.Type = Value.self, deadline: Duration? = nil
    ) throws(MusterError) -> Value {
        let id = try send(request, deadline: deadline)
        while true {
            if let index = answers.firstIndex(where: { $0.id == id }) {
                let answer = answers.remove(at: index).result
                return try Self.decode(answer.get())
            }
            let left = max(0, (nextDeadline ?? 0) - readClocks().boot)
            _ = waitUntilReady(pollTargets, timeout: .nanoseconds(left))
            pump()
        }
    }

    /// The answer as the type that ``GitRequest`` names for the request.
    package static func decode<Value: Decodable>(
        _ answer: JSON, as type: Value.Type = Value.self
    ) throws(MusterError) -> Value {
        do {
            return try answer.decode(Value.self)
        } catch {
            throw FrameReader.garbled("does not fit: \(describeDecodingError(error))")
        }
    }

    /// Ends the worker. Requests that are open are answered with `git.worker-ended`.
    package func close() {
        stop(MusterError(code: "git.worker-ended", "The git worker was ended by its owner.", status: .interrupted))
    }

    private func start() throws(MusterError) -> WorkerConnection {
        let started = try WorkerConnection(command: options.command, environment: options.environment)
        let opening = WorkerOpening(
            folder: folder, seed: options.seed, userConfigFiles: options.userConfigFiles, home: options.home)
        try started.send(try encodeMessage(opening))
        connection = started
        return started
    }

    private func pump() {
        dying.removeAll { $0.isGone }
        guard let connection else { return }
        do {
            for answer in try connection.receive() {
                pending.removeAll { $0.id == answer.id }
                answers.append((answer.id, answer.result))
            }
            if let end = connection.end() { return stop(end) }
        } catch {
            return stop(error)
        }
        let now = readClocks().boot
        guard let late = pending.first(where: { $0.deadline <= now }) else { return }
        stop(Self.tooLate(late.id))
    }

    private func stop(_ error: MusterError) {
        if let connection {
            connection.kill()
            dying.append(connection)
        }
        connection = nil
        answers += pending.map { ($0.id, .failure(error)) }
        pending = []
    }

    private static func tooLate(_ id: Int) -> MusterError {
        MusterError(
            code: "git.deadline",
            "Git did not answer in time, so its worker was ended; whether the work was done is not known.",
            help:
                "Try again. If it stays so, look at the disk, and run `git fsck --full`: a damaged object can hang libgit2.",
            status: .stuck)
    }
}

/// The value as JSON for the wire.
func encodeMessage(_ value: some Encodable) throws(MusterError) -> JSON {
    do {
        return try JSON(encoding: value)
    } catch {
        throw MusterError(
            code: "git.garbled-message", "A message to git's worker cannot be written: \(error).", status: .stuck)
    }
}
