// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterJournal
internal import MusterModel

/// The last line of a journal is looked at alone; one that is longer than this is no end.
private let endBytesMax = 64 << 10

extension StateFolder {
    /// Whether the run's journal ends with its end, told without reading the rest: a machine keeps hundreds of runs that are
    /// over. False for what cannot be read.
    func isOver(_ run: RunID) -> Bool {
        let descriptor = open("\(self.run(run))/\(JournalWriter.fileName)", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        var bytes = [UInt8](repeating: 0, count: min(Int(max(0, size)), endBytesMax))
        let count = bytes.withUnsafeMutableBytes {
            pread(descriptor, $0.baseAddress, $0.count, size - off_t($0.count))
        }
        guard count == bytes.count, bytes.last == 0x0A, let line = bytes.split(separator: 0x0A).last else {
            return false
        }
        // What cannot be read is no line of a journal.
        return (try? JSON.parse(Array(line)))?["kind"]?.string == "run-finished"
    }
}
