// SPDX-License-Identifier: Apache-2.0

internal import CMusterSystem
internal import Glibc
package import MusterModel

/// Signals as input of a poll loop instead of interrupts. Make it before any thread is started.
package final class SignalQueue {
    /// Readable when a signal waits.
    package let descriptor: Int32

    /// - Parameter signals: numbers such as `SIGINT`; they no longer end the process by themselves.
    package init(_ signals: [Int32]) throws(MusterError) {
        descriptor = muster_signal_descriptor(signals, Int32(signals.count))
        guard descriptor >= 0 else {
            throw MusterError(
                code: "system.no-signals", "Signals cannot be read: \(String(cString: strerror(errno))).",
                help: "Raise the limit of open files (ulimit -n).")
        }
    }

    deinit { close(descriptor) }

    /// The numbers of the signals that came, in order.
    package func take() -> [Int32] {
        var numbers: [Int32] = []
        while true {
            let number = muster_next_signal(descriptor)
            if number == 0 { return numbers }
            numbers.append(number)
        }
    }
}
