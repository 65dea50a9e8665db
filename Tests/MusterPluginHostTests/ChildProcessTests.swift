// SPDX-License-Identifier: Apache-2.0

import MusterSystem
import Testing

struct ChildProcessTests {
    @Test func `what a child does not take any more is given up, and its pipe closed`() throws {
        let child = try ChildProcess(
            path: "/bin/sh", arguments: ["-c", "exec 0<&-; echo ready; exec sleep 600"], environment: [:])
        var said: [UInt8] = []
        while !said.contains(UInt8(ascii: "\n")) {
            _ = waitUntilReady([PollTarget(reading: child.output)], timeout: nil)
            if case .bytes(let bytes) = child.readOutput() { said += bytes }
        }
        #expect(!child.send([1, 2, 3]))
        // A pipe whose other end is closed is always ready for writing: whoever waited for it would spin.
        #expect(child.unsentCount == 0 && child.input == -1)
        #expect(!child.send([4]) && child.unsentCount == 0)
    }
}
