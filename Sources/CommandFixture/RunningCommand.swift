// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc
package import MusterModel
package import MusterSystem

/// What a program printed and how it ended.
package struct CommandResult: CustomStringConvertible {
    package let command: String
    package let output: String
    package let errors: String
    package let end: ChildProcess.Termination

    package init(command: String, output: String, errors: String, end: ChildProcess.Termination) {
        self.command = command
        self.output = output
        self.errors = errors
        self.end = end
    }

    package var status: Int32? { if case .exited(let status) = end { status } else { nil } }
    package var everything: String { output + errors }
    package var description: String { "\(command): \(end)\n\(output.suffix(3000))\n\(errors.suffix(3000))" }

    /// The whole output as one JSON value.
    package var json: JSON { get throws { try JSON.parse(output) } }
    /// The last line of the output as JSON.
    package var lastJSON: JSON { get throws { try JSON.parse(String(output.split(separator: "\n").last ?? "")) } }
}

package struct FixtureFailure: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}

/// A program under way, with its output so far.
package final class RunningCommand {
    /// No wait here is meant to take so long: it ends the test of a program that hangs.
    package static let patience = Duration.seconds(90)

    package let command: String
    private let child: ChildProcess
    private var output: [UInt8] = []
    private var errors: [UInt8] = []

    package init(_ path: String, _ arguments: [String], environment: [String: String], input: String? = nil) throws {
        command = ([String(path.split(separator: "/").last ?? "")] + arguments).joined(separator: " ")
        child = try ChildProcess(path: path, arguments: arguments, environment: environment)
        if let input { _ = child.send(Array(input.utf8)) }
    }

    package var processID: Int32 { child.processID }
    package var text: String { String(decoding: output, as: UTF8.self) }
    package var errorText: String { String(decoding: errors, as: UTF8.self) }

    /// Reads until the program has ended. Standard input is closed unless it `holdsInput`.
    package func finish(holdsInput: Bool = false, onEachTurn: () -> Void = {}) throws -> CommandResult {
        let limit = ContinuousClock.now + Self.patience
        while child.output >= 0 || child.errors >= 0 {
            if child.unsentCount == 0, !holdsInput { child.closeInput() }
            onEachTurn()
            try turn(until: limit, "ended")
        }
        guard let end = child.reap(blocking: true) else { throw failure("cannot be waited for") }
        return CommandResult(
            command: command, output: text, errors: String(decoding: errors, as: UTF8.self), end: end)
    }

    /// Reads until the moment, or until the program has ended.
    package func read(until moment: ContinuousClock.Instant) throws {
        while child.output >= 0 || child.errors >= 0, ContinuousClock.now < moment {
            try turn(until: moment + Self.patience, "ended", pause: .milliseconds(1))
        }
    }

    /// Reads until the output holds the text.
    package func wait(for words: String) throws {
        let limit = ContinuousClock.now + Self.patience
        while !text.contains(words) {
            guard child.output >= 0 || child.errors >= 0 else { throw failure("ended without saying \"\(words)\"") }
            try turn(until: limit, "said \"\(words)\"")
        }
    }

    package func signal(_ number: Int32) { kill(child.processID, number) }

    /// Tells every process of its group.
    package func signalGroup(_ number: Int32) { child.signalGroup(number) }

    package func type(_ text: String) { _ = child.send(Array(text.utf8)) }

    /// Every process that descends from this one.
    package var descendants: [Int32] { processes(below: child.processID) }

    private func turn(until limit: ContinuousClock.Instant, _ what: String, pause: Duration = .milliseconds(20)) throws
    {
        guard ContinuousClock.now < limit else { throw failure("has not \(what) in time") }
        _ = child.flush()
        let targets = [child.output, child.errors].filter { $0 >= 0 }.map { PollTarget(reading: $0) }
        _ = waitUntilReady(targets, timeout: pause)
        if case .bytes(let bytes) = child.readOutput() { output += bytes }
        if case .bytes(let bytes) = child.readErrors() { errors += bytes }
    }

    private func failure(_ what: String) -> FixtureFailure {
        FixtureFailure(
            description:
                "\(command) \(what)\n\(text.suffix(3000))\n\(String(decoding: errors, as: UTF8.self).suffix(3000))")
    }
}

/// Polls until the condition holds.
package func eventually(_ what: String, _ condition: () throws -> Bool) throws {
    let limit = ContinuousClock.now + RunningCommand.patience
    while try !condition() {
        guard ContinuousClock.now < limit else { throw FixtureFailure(description: "in vain: \(what)") }
        usleep(5_000)
    }
}

// MARK: Processes, as /proc tells of them

/// The state and the parent of a process; nil when there is none. Zombies count as ended.
private func parent(of process: Int32) -> Int32? {
    guard let stat = readSmallFile("/proc/\(process)/stat") else { return nil }
    // "pid (name) state parent …"; the name may hold anything.
    let fields = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 1, fields[0] != "Z" else { return nil }
    return Int32(fields[1])
}

package func isAlive(_ process: Int32) -> Bool { parent(of: process) != nil }

/// Numbers of all processes.
package var processes: [Int32] {
    // Listing /proc does not fail on Linux.
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
}

private func processes(below root: Int32) -> [Int32] {
    let parents = processes.compactMap { process in parent(of: process).map { (process, $0) } }
    var found: [Int32] = []
    var wanted = [root]
    while let next = wanted.popLast() {
        let children = parents.filter { $0.1 == next }.map(\.0)
        found += children
        wanted += children
    }
    return found
}
