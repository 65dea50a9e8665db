// SPDX-License-Identifier: Apache-2.0

import MusterModel
import Testing

@testable import MusterPluginHost

@Suite struct StreamTests {
    @Test(arguments: [1, 2, 3, 7, 100])
    func `lines come whole with their offsets, however the bytes are cut`(_ size: Int) throws {
        var splitter = LineSplitter(lineBytesMax: 20)
        var lines: [String] = []
        var offsets: [Int] = []
        let bytes = Array("one\n\nthree and more\nrest".utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            try splitter.append(Array(bytes[start..<min(start + size, bytes.count)])) {
                lines.append(String(decoding: $0, as: UTF8.self))
                offsets.append($1)
            }
        }
        #expect(lines == ["one", "", "three and more"])
        #expect(offsets == [0, 4, 5])
        #expect(splitter.hasUnfinishedLine)
    }

    @Test(arguments: [(19, true), (20, false), (21, false)])
    func `a line with its newline is at most as long as allowed`(_ length: Int, _ fits: Bool) throws {
        for newline in ["\n", ""] {
            var splitter = LineSplitter(lineBytesMax: 20)
            let line = Array(("x\n" + String(repeating: "x", count: length) + newline).utf8)
            var tooLongAt: Int?
            do {
                try splitter.append(line) { _, _ in }
            } catch let error as LineSplitter.LineTooLong {
                tooLongAt = error.offset
            }
            #expect(tooLongAt == (fits ? nil : 2))
        }
    }

    private func limits(total: Int, line: Int) -> PluginLimits {
        var limits = PluginLimits()
        limits.standardErrorBytes = total
        limits.standardErrorLineBytes = line
        return limits
    }

    @Test func `what is beyond the budget is counted and hashed, and a new call has a new budget`() {
        var log = StandardErrorLog(limits: limits(total: 10, line: 100), redactor: Redactor())
        #expect(log.append(Array("12345\n6789\nlost\nlo".utf8)) == [.standardError("12345"), .standardError("6789")])
        #expect(log.renewBudget() == [.standardErrorDropped(bytes: 7, Digest(of: "lost\nlo".utf8))])
        #expect(log.append(Array("back\nlast".utf8)) == [.standardError("back")])
        #expect(log.finish() == [.standardError("last")])
    }

    @Test func `a long line is cut so that no half of a secret is left`() {
        let redactor = Redactor(["key": "Xuper-hidden"])
        for start in 0..<30 {
            var log = StandardErrorLog(limits: limits(total: 1000, line: 40), redactor: redactor)
            let line = String(repeating: ".", count: start + 10) + "Xuper-hidden" + String(repeating: ".", count: 60)
            let events = log.append(Array((line + "\nnext\n").utf8))
            #expect(events.count == 2 && events.last == .standardError("next"))
            guard case .standardError(let text) = events[0] else { return #expect(Bool(false)) }
            #expect(text.hasSuffix("… (cut)") && !text.contains("X"))
        }
    }

    @Test func `the environment of a plugin is the allowed part of the engine's`() {
        let engine = [
            "PATH": "/bin", "HOME": "/root", "AZURE_CLIENT_SECRET": "x", "LD_PRELOAD": "y", "SWIFT_BACKTRACE": "z",
        ]
        #expect(
            PluginEnvironment.scrubbed(engine, instance: "i") == [
                "PATH": "/bin", "HOME": "/root", "SWIFT_BACKTRACE": "enable=no", "MUSTER_PLUGIN_INSTANCE": "i",
            ])
    }
}
