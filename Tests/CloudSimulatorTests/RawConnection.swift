// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterModel

/// One request over one connection, byte for byte, so that a broken connection is seen as what it is.
enum RawConnection {
    struct Answer {
        /// Nil: the connection ended with nothing answered.
        var status: Int?
        var body: [UInt8]
        var json: JSON? { try? JSON.parse(body) }
    }

    static func send(
        _ method: String, _ target: String, port: Int, host: String = "127.0.0.1", headers: [String: String] = [:],
        body: String = ""
    ) throws -> Answer {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: \(host):\(port)\r\nConnection: close\r\n"
        head += "Content-Length: \(body.utf8.count)\r\n"
        head += headers.map { "\($0.key): \($0.value)\r\n" }.joined()
        let bytes = try exchange(Array((head + "\r\n" + body).utf8), port: port)
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n"), let status = text.split(separator: " ").dropFirst().first
        else {
            return Answer(status: nil, body: bytes)
        }
        return Answer(status: Int(status), body: Array(text[end.upperBound...].utf8))
    }

    private static func exchange(_ request: [UInt8], port: Int) throws -> [UInt8] {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure(step: "connect", number: errno) }
        guard write(socket, request, request.count) == request.count else {
            throw Failure(step: "write", number: errno)
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(socket, &chunk, chunk.count)
            // A reset is an end without an answer as well.
            guard count > 0 else { return answer }
            answer += chunk[..<count]
        }
    }

    struct Failure: Error {
        var step: String
        var number: Int32
    }
}
