// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import MusterModel
import Testing

@testable import MusterCommands

/// One engine a run, and who has it.
@Suite struct EngineLockTests {
    private let root = FileManager.default.temporaryDirectory.appending(path: "muster-lock-\(UUID().uuidString)").path

    private func refusal() -> MusterError? {
        #expect(throws: MusterError.self) {
            try EngineLock(runFolder: "\(root)/runs/r", for: .noting, by: "Bea")
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func `who is refused is told who has the run and what they do with it, and ends nobody`() throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        let first = try EngineLock(runFolder: "\(root)/runs/r", for: .rollingBack, by: "Ada <ada@example.org>")
        let refused = try #require(refusal())
        #expect(refused.code == "journal.locked" && refused.status == .preconditionUnmet)
        #expect(refused.summary.contains("process \(getpid()) of Ada <ada@example.org> rolls it back, since "))
        #expect(refused.help?.contains("end that process") == false)
        #expect(EngineLock.isHeld(runFolder: "\(root)/runs/r"))
        #expect(EngineLock.process(of: "\(root)/runs/r") == getpid())
        first.release()
        #expect(EngineLock.process(of: "\(root)/runs/r") == nil)
        #expect(!EngineLock.isHeld(runFolder: "\(root)/runs/r"))
        _ = try EngineLock(runFolder: "\(root)/runs/r", for: .noting, by: "Bea")
    }

    @Test(.timeLimit(.minutes(30)))
    func `a lock that is given back is free though a child was just forked and has the file open as well`() throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        let engine = try EngineLock(runFolder: "\(root)/runs/r", for: .running, by: "Ada")
        let copies = copiesOfOpenFiles(below: root)
        defer { for copy in copies { close(copy) } }
        try #require(copies.count == 1)
        engine.release()
        _ = try EngineLock(runFolder: "\(root)/runs/r", for: .running, by: "Bea")
    }

    /// What a fork gives a child: descriptors of the same open files.
    private func copiesOfOpenFiles(below folder: String) -> [Int32] {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return open.compactMap(Int32.init).filter { descriptor in
            let file = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
            return file?.hasPrefix(folder) == true
        }.map { fcntl($0, F_DUPFD_CLOEXEC, 0) }
    }

    @Test(.timeLimit(.minutes(30))) func `a pipe in its place is refused and never waited for`() throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: "\(root)/engines", withIntermediateDirectories: true)
        #expect(mkfifo("\(root)/engines/r.lock", 0o600) == 0)
        #expect(refusal()?.code == "run.cannot-lock")
        _ = EngineLock.isHeld(runFolder: "\(root)/runs/r")
    }
}
