// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing

@testable import MusterSQL

/// A driver that, asked to stop, comes back only when it is let, or after a while by itself.
private final class SlowDriver: Sendable {
    private struct State {
        var asked = 0
        var isLet = false
        var lostPatience = false
    }

    private let state = Mutex(State())
    private let patience: Duration

    init(patience: Duration) { self.patience = patience }

    /// Whether it came back by itself because nobody let it.
    var lostPatience: Bool { state.withLock { $0.lostPatience } }

    var asked: Int { state.withLock { $0.asked } }

    func cancel() {
        state.withLock { $0.asked += 1 }
        for _ in 0..<Int(patience / .milliseconds(10)) where !state.withLock({ $0.isLet }) { usleep(10_000) }
        state.withLock { if !$0.isLet { $0.lostPatience = true } }
    }

    func letGo() { state.withLock { $0.isLet = true } }

    /// Without giving the thread away: when it came back the driver might have lost its patience.
    func waitUntilAsked() { while asked == 0 { usleep(1000) } }
}

struct StoppingTests {
    private func begun(_ driver: SlowDriver) throws -> RunningStatement {
        let running = RunningStatement { _ in driver.cancel() }
        #expect(running.begin(try #require(UnsafeMutableRawPointer(bitPattern: 8))))
        return running
    }

    @Test func `whoever cancels does not wait for a driver that is slow to stop`() throws {
        let driver = SlowDriver(patience: .seconds(30))
        let running = try begun(driver)
        #expect(running.stop(.timedOut, grace: .seconds(5)))
        driver.waitUntilAsked()
        #expect(running.stop(.cancelled, grace: .seconds(5)))
        #expect(running.reason == .timedOut)
        driver.letGo()
        running.end()
        #expect(!driver.lostPatience)
    }

    @Test func `a statement's handle is not freed while the driver is being asked`() throws {
        let driver = SlowDriver(patience: .milliseconds(100))
        let running = try begun(driver)
        #expect(running.stop(.cancelled, grace: .seconds(5)))
        driver.waitUntilAsked()
        running.end()
        #expect(driver.lostPatience, "end() came back before the driver did")
    }

    @Test func `what has ended is not asked to stop`() throws {
        let driver = SlowDriver(patience: .zero)
        driver.letGo()
        let running = try begun(driver)
        running.end()
        #expect(running.stop(.cancelled, grace: .zero))
        #expect(running.reason == .cancelled && driver.asked == 0)
    }
}
