// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterModel
import MusterPluginHost
import MusterPluginProtocol
import MusterSystem
import Testing

/// A folder of its own with the hostile plugin under the name of one of its modes, and a loop that drives the host.
final class HostFixture {
    static let definition = ObjectID(String(repeating: "a", count: 40))!

    let folder: String
    let process: PluginProcess
    private(set) var events: [PluginEvent] = []
    /// What every process that the plugin leads to has in its environment.
    let marker: String
    /// The time that the host is told: nothing here reads a clock.
    private(set) var now: Int64 = 1_000_000_000

    init(
        _ mode: String, definitions: [String: ObjectID] = ["harm": definition],
        change: (inout PluginProcess.Launch) throws -> Void = { _ in }
    ) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "hostile-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = "\(folder)/\(mode)"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: productPath("hostile-plugin"))
        marker = "TMPDIR=\(folder)"
        var opener = PluginExecutable.Opener()
        var launch = PluginProcess.Launch(
            executable: try opener.open(path), plugin: "hostile", definitions: definitions,
            environment: ["PATH": "/usr/bin:/bin", "TMPDIR": folder, "AWS_SECRET_ACCESS_KEY": "hunter2hunter2"],
            engine: "muster test")
        try change(&launch)
        process = try PluginProcess(launch, now: now)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    static func call(
        timeout: Duration = .seconds(60), connections: [String: JSON] = [:]
    ) -> StepCall {
        StepCall(
            step: "harm", run: "r", id: "s", attempt: 1, idempotencyKey: "k", timeoutMilliseconds: timeout.milliseconds,
            inputs: [:], connections: connections, undo: nil)
    }

    /// A call of the well-behaved plugin's step.
    static func nothing(id: String, inputs: [String: JSON] = [:], undo: JSON? = nil) -> StepCall {
        StepCall(
            step: "nothing", run: "r", id: id, attempt: 1, idempotencyKey: "k", timeoutMilliseconds: 60_000,
            inputs: inputs, connections: [:], undo: undo)
    }

    /// Runs the loop until an event fits, answering each `begin` with *proceed*.
    @discardableResult
    func run(until fits: (PluginEvent) -> Bool) throws -> PluginEvent {
        var seen = 0
        while true {
            while seen < events.count {
                seen += 1
                if case .begin(let request, _, _) = events[seen - 1] { _ = process.answerBegin(request) }
                if fits(events[seen - 1]) { return events[seen - 1] }
            }
            try turn()
        }
    }

    /// One turn of the loop. The time-out only guards against a hang.
    func turn() throws {
        let ready = waitUntilReady(process.pollTargets, timeout: .seconds(60))
        try #require(!ready.isEmpty, "nothing happened; so far: \(events)")
        take(process.handleReady(ready, now: now))
    }

    func ready() throws { try run { if case .ready = $0 { true } else { false } } }

    /// Shakes hands and calls the verb.
    func send(_ verb: PluginVerb, _ call: StepCall = call()) throws -> Int64 {
        try ready()
        return try process.send(verb, call, now: now)
    }

    /// The error that the process ended with.
    func end() throws -> MusterError? {
        let event = try run { if case .ended = $0 { true } else { false } }
        guard case .ended(let error) = event else { return nil }
        return error
    }

    /// Lets the time come for which the host waits.
    func passDeadline() throws {
        now = try #require(process.nextDeadline)
        take(process.handleDeadlines(now: now))
    }

    private func take(_ new: [PluginEvent]) { events += new }

    func failure(of call: Int64) -> StepFailure? {
        for case .failed(call, let failure) in events { return failure }
        return nil
    }

    var progress: [String] {
        events.compactMap { if case .progress(let progress) = $0 { progress.message } else { nil } }
    }
    var standardError: [String] { events.compactMap { if case .standardError(let line) = $0 { line } else { nil } } }

    /// Processes that live and carry the marker.
    func leftovers() throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int32.init).filter { number in
            // Processes of others, and those that end while we look, cannot be read.
            guard let environment = FileManager.default.contents(atPath: "/proc/\(number)/environ") else {
                return false
            }
            return environment.split(separator: 0).contains { $0.elementsEqual(marker.utf8) }
        }
    }
}

/// Where SwiftPM put an executable of this package: beside the tests.
func productPath(_ name: String) -> String {
    Bundle.main.bundleURL.appending(path: name).path
}

/// Memory of this process that is in use, in MiB.
func residentMiB() throws -> Int {
    let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[1]
    return try #require(Int(pages)) * 4096 >> 20
}
