// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import Dispatch

/// Runs tasks one after the other, in the order in which they become ready.
///
/// Where ``ManualTime`` passes, it passes for all: with reads that really run beside each other, one that waits in vain for
/// an answer would take the time from another that is answered at once, whenever the machine lets it come in between.
final class OneThread: TaskExecutor {
    private let queue = DispatchQueue(label: "one thread")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
