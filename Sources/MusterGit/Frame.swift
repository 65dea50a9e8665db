// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// One message between engine and git worker: four bytes of length, the first the most significant, then JSON.
package enum Frame {
    /// Twice the largest sum of file contents (``GitLimits/answerBytes``), since a quote takes two bytes as JSON, and some.
    package static let limit = 2 * GitLimits.answerBytes + (2 << 20)

    package static func encode(_ message: JSON) throws(MusterError) -> [UInt8] {
        let body = message.canonicalBytes()
        guard body.count <= limit else {
            throw MusterError(
                code: "git.too-large",
                "A message of \(body.count) bytes is larger than the \(limit) that git's worker takes.",
                help: "Split the request, or make the files smaller.")
        }
        let count = UInt32(body.count)
        return [UInt8(count >> 24), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)] + body
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
