// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterPluginProtocol

/// Reads newline-ended lines of bounded length from a blocking descriptor.
struct LineReader {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var from = 0
    private var searchedTo = 0

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// The next line without its newline; nil at the end. A last line without newline was cut off and is dropped.
    mutating func next() throws(EnvelopeError) -> ArraySlice<UInt8>? {
        while true {
            if let end = buffer[searchedTo...].firstIndex(of: UInt8(ascii: "\n")) {
                defer {
                    from = end + 1
                    searchedTo = from
                }
                return buffer[from..<end]
            }
            buffer.removeSubrange(..<from)
            from = 0
            searchedTo = buffer.count
            guard buffer.count < PluginProtocol.lineBytesMax else {
                throw EnvelopeError(reason: "the line is longer than 4 MiB")
            }
            guard try fill() else { return nil }
        }
    }

    private mutating func fill() throws(EnvelopeError) -> Bool {
        while true {
            var count = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: 65_536) { memory, initialized in
                count = read(descriptor, memory.baseAddress, 65_536)
                initialized = max(0, count)
            }
            if count > 0 { buffer += chunk }
            if count >= 0 { return count > 0 }
            if errno != EINTR { throw EnvelopeError(reason: "standard input: \(String(cString: strerror(errno)))") }
        }
    }
}
