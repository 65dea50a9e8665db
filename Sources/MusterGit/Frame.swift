// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// One message between engine and git worker: four bytes of length, the first the most significant, then JSON.
package enum Frame {
    /// Twice the largest sum of file contents (``GitLimits/answerBytes``), since a quote takes two bytes as JSON, and some.
    package static let limit = 2 * GitLimits.answerBytes + (2 << 20)

    package static func encode(_ message: JSON) throws(MusterError) -> [UInt8] {
        // Room for the length first: a copy of a message can be a copy of a whole record.
        var frame: [UInt8] = [0, 0, 0, 0]
        message.write(to: &frame)
        let length = frame.count - 4
        guard length <= limit else {
            throw MusterError(
                code: "git.too-large",
                "A message of \(length) bytes is larger than the \(limit) that git's worker takes.",
                help: "Split the request, or make the files smaller.")
        }
        for place in 0..<4 { frame[place] = UInt8(length >> (24 - 8 * place) & 255) }
        return frame
    }
}

/// Cuts a stream of bytes into frames.
struct FrameReader {
    private var buffer: [UInt8] = []
    private var at = 0

    mutating func append(_ bytes: [UInt8]) {
        // What was read is dropped only now and then, so that many small frames do not move the rest each time.
        if at > 65_536, at * 2 > buffer.count {
            buffer.removeFirst(at)
            at = 0
        }
        buffer.append(contentsOf: bytes)
    }

    var isEmpty: Bool { at == buffer.count }

    /// The next whole message, or nil while it is incomplete.
    ///
    /// - Throws: `git.garbled-message` when the length is out of bounds or the body is not JSON.
    mutating func next() throws(MusterError) -> JSON? {
        guard buffer.count - at >= 4 else { return nil }
        let length = buffer[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) }
        guard length <= Frame.limit else { throw Self.garbled("announces \(length) bytes") }
        guard buffer.count - at - 4 >= length else { return nil }
        let body = buffer[(at + 4)..<(at + 4 + length)]
        at += 4 + length
        do {
            return try JSON.parse(body, limits: JSON.Limits(bytes: Frame.limit))
        } catch {
            throw Self.garbled("is not JSON: \(error)")
        }
    }

    static func garbled(_ what: String) -> MusterError {
        MusterError(code: "git.garbled-message", "A message between engine and git worker \(what).", status: .stuck)
    }
}
