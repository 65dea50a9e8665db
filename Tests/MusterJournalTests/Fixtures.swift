// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterJournal
import MusterMachine
import MusterModel

/// A folder that is gone when the test is over.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "muster-journal-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path()
    }

    deinit {
        // A folder that cannot be removed is the machine's affair; the test has its verdict.
        try? FileManager.default.removeItem(atPath: path)
    }
}

func instant(_ count: Int64) -> Instant {
    Instant(wall: Timestamp(milliseconds: 1_795_269_782_511 + count * 10), boot: 1_000_000_000 + count * 10_000_000)
}

func progress(_ number: Int, bytes: Int = 40) -> Event {
    .progress(
        Progress(
            step: "protector-on-secondary", message: "\(number) " + String(repeating: "x", count: bytes), fraction: nil)
    )
}

extension JournalLimits {
    /// For tests of the format, which need neither room nor ballast.
    static let none = JournalLimits(freeBytesMin: 0, ballastBytes: 0)
}
