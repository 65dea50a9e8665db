// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization
import Testing

@testable import MusterSQL

struct RunningStatementTests {
    /// A driver that answers a request to stop only when it is let, as one does that opens a connection for it.
    private final class SlowDriver: Sendable {
        private let answers = Mutex(0)
        private let asked = DispatchSemaphore(value: 0)
        private let mayAnswer = DispatchSemaphore(value: 0)

        var answered: Int { answers.withLock { $0 } }

        func ask() {
            asked.signal()
            // The limit ends a test that fails: who waits for this answer would wait for good.
            _ = mayAnswer.wait(timeout: .now() + 10)
            answers.withLock { $0 += 1 }
        }

        func waitUntilAsked() { asked.wait() }
        func answer() { mayAnswer.signal() }
    }

    @Test func `whoever cancels does not wait for a driver that is being asked to stop`() {
        let driver = SlowDriver()
        let running = RunningStatement()
        #expect(running.begin { driver.ask() })
        #expect(running.stop(.timedOut, grace: .seconds(5)))
        driver.waitUntilAsked()
        #expect(running.stop(.cancelled, grace: .seconds(5)))
        #expect(running.reason == .timedOut, "the first reason counts")
        #expect(driver.answered == 0, "it waited for the driver")
        driver.answer()
        running.end()
    }

    @Test func `the handle of a statement that has ended lives until the driver has answered, and is asked no more`() {
        let driver = SlowDriver()
        let running = RunningStatement()
        #expect(running.begin { driver.ask() })
        #expect(running.stop(.cancelled, grace: .seconds(5)))
        driver.waitUntilAsked()
        DispatchQueue.global().async { driver.answer() }
        running.end()
        #expect(driver.answered == 1)
        #expect(running.stop(.timedOut, grace: .seconds(5)), "it has begun, and ended")
        #expect(driver.answered == 1)
    }

    @Test func `a statement that was stopped before it began never begins`() {
        let running = RunningStatement()
        #expect(!running.stop(.cancelled, grace: .seconds(5)))
        #expect(!running.begin { Issue.record("the driver was asked") })
        running.end()
    }
}
