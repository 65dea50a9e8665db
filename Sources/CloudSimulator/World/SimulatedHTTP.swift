// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// One HTTP request as the world sees it: decoded, with no connection behind it.
package struct SimulatedRequest: Sendable, Hashable {
    /// Upper-case, such as `PUT`.
    package var method: String
    /// `http` or `https`, for the URLs that answers hold.
    package var scheme: String
    /// The Host header with its port, such as `testanu2.vault.localhost:8080`.
    package var host: String
    /// Still percent-encoded and without the query.
    package var path: String
    /// Path and query as in the request line: what signatures are over.
    package var target: String
    /// Decoded, in the order of the request.
    package var query: [QueryItem]
    /// Names in lower case.
    package var headers: [String: String]
    package var body: [UInt8]

    package struct QueryItem: Sendable, Hashable {
        package var name: String
        package var value: String
    }

    /// - Parameter target: path and query as in the request line.
    package init(
        _ method: String, host: String, target: String, headers: [String: String] = [:], body: [UInt8] = [],
        scheme: String = "http"
    ) {
        self.method = method.uppercased()
        self.scheme = scheme
        self.host = host
        self.target = target
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts[0])
        query = parts.count == 2 ? parseForm(String(parts[1]), plusIsSpace: false) : []
        self.headers = Dictionary(
            headers.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { _, last in last })
        self.body = body
    }

    /// `http://127.0.0.1:8080`
    package var origin: String { "\(scheme)://\(host)" }

    /// The path's decoded segments, without empty ones.
    package var segments: [String] { path.split(separator: "/").map { percentDecoded(String($0), plusIsSpace: false) } }

    package func query(_ name: String) -> String? {
        query.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// One answer, and what shall happen to the connection.
package struct SimulatedResponse: Sendable, Hashable {
    package enum Body: Sendable, Hashable {
        case none
        case json(JSON)
        case raw([UInt8], contentType: String)
    }

    package var status: Int
    package var headers: [String: String] = [:]
    package var body: Body
    /// True: close the connection instead of answering. What the request did stays done.
    package var dropsConnection = false

    package init(_ status: Int, _ json: JSON, headers: [String: String] = [:]) {
        self.status = status
        self.body = .json(json)
        self.headers = headers
    }

    package init(emptyWith status: Int, headers: [String: String] = [:]) {
        self.status = status
        self.body = .none
        self.headers = headers
    }

    /// The body as JSON; nil when it is none.
    package var json: JSON? { if case .json(let value) = body { value } else { nil } }

    package var bytes: [UInt8] {
        switch body {
        case .none: []
        case .json(let value): value.canonicalBytes()
        case .raw(let bytes, _): bytes
        }
    }

    package var contentType: String? {
        switch body {
        case .none: nil
        case .json: "application/json; charset=utf-8"
        case .raw(_, let contentType): contentType
        }
    }
}

/// Reads `application/x-www-form-urlencoded` text, of a body or of a query.
func parseForm(_ text: String, plusIsSpace: Bool) -> [SimulatedRequest.QueryItem] {
    text.split(separator: "&").map { pair in
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
            percentDecoded(String($0), plusIsSpace: plusIsSpace)
        }
        return SimulatedRequest.QueryItem(name: parts[0], value: parts.count == 2 ? parts[1] : "")
    }
}

/// A `%` without two digits after it stays as it is.
func percentDecoded(_ text: String, plusIsSpace: Bool) -> String {
    var out: [UInt8] = []
    let bytes = Array(text.utf8)
    var at = 0
    while at < bytes.count {
        if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.count,
            let high = Character(Unicode.Scalar(bytes[at + 1])).hexDigitValue,
            let low = Character(Unicode.Scalar(bytes[at + 2])).hexDigitValue
        {
            out.append(UInt8(high << 4 | low))
            at += 3
        } else {
            out.append(plusIsSpace && bytes[at] == UInt8(ascii: "+") ? UInt8(ascii: " ") : bytes[at])
            at += 1
        }
    }
    return String(decoding: out, as: UTF8.self)
}
