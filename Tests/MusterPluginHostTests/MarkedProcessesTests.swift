// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import MusterSystem
import Testing

@Suite struct MarkedProcessesTests {
    private let mark = "MUSTER_PLUGIN_INSTANCE=test-\(UUID().uuidString)"

    private func start(_ path: String, _ arguments: [String], marked: Bool) throws -> ChildProcess {
        let parts = mark.split(separator: "=", maxSplits: 1).map(String.init)
        var environment = ["PATH": "/usr/bin:/bin"]
        if marked { environment[parts[0]] = parts[1] }
        return try ChildProcess(path: path, arguments: arguments, environment: environment)
    }

    @Test(.timeLimit(.minutes(30)))
    func `processes that are executed anew without end are found in the middle of it`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "again-\(UUID().uuidString)").path
        try "#!/bin/sh\nexec \"$0\"\n".write(toFile: file, atomically: false, encoding: .utf8)
        #expect(chmod(file, 0o755) == 0)
        defer { unlink(file) }
        let children = try (0..<8).map { _ in try start("/bin/sh", [file], marked: true) }
        let since = children.compactMap { processStart($0.processID) }.min()
        #expect(killProcesses(markedBy: mark, since: since) >= children.count)
        for child in children { #expect(child.reap(blocking: true) == .signalled(9)) }
    }

    @Test func `others are left alone, with another environment or with none`() throws {
        let others = [
            try start("/bin/sleep", ["600"], marked: false),
            try start("/usr/bin/env", ["-i", "/bin/sleep", "600"], marked: false),
        ]
        let own = try start("/bin/sleep", ["600"], marked: true)
        #expect(killProcesses(markedBy: mark, since: processStart(others[0].processID)) == 1)
        #expect(own.reap(blocking: true) == .signalled(9))
        for other in others {
            #expect(other.reap(blocking: false) == nil)
            other.signalGroup(9)
            #expect(other.reap(blocking: true) == .signalled(9))
        }
    }
}
