// SPDX-License-Identifier: Apache-2.0

package enum RequestMethod: String, Hashable, Sendable, Codable {
    case get = "GET"
    case put = "PUT"
    case post = "POST"
    case patch = "PATCH"
    case delete = "DELETE"
    case head = "HEAD"

    /// It is meant to change something (RFC 9110, 9.2.1).
    package var changes: Bool { self != .get && self != .head }
}

/// Header fields in their order; names compare without case.
package struct HeaderFields: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    package private(set) var fields: [Field] = []

    package struct Field: Hashable, Sendable {
        package var name: String
        package var value: String
    }

    package init() {}

    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    package mutating func add(_ name: String, _ value: String) { fields.append(Field(name: name, value: value)) }

    /// The first value of that name; setting replaces all of them.
    package subscript(_ name: String) -> String? {
        get { fields.first { $0.name.lowercased() == name.lowercased() }?.value }
        set {
            fields.removeAll { $0.name.lowercased() == name.lowercased() }
            if let newValue { add(name, newValue) }
        }
    }
}

package struct HTTPRequest: Hashable, Sendable {
    package var method: RequestMethod
    package var url: WebAddress
    package var headers: HeaderFields
    package var body: [UInt8]?

    package init(_ method: RequestMethod, _ url: WebAddress, headers: HeaderFields = [:], body: [UInt8]? = nil) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

package struct HTTPResponse: Hashable, Sendable {
    package var status: Int
    package var headers: HeaderFields
    package var body: [UInt8]

    package init(status: Int, headers: HeaderFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Why no answer came.
package struct TransportError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Cause: String, Sendable {
        /// No connection came about: name not found, refused, no route, connect timeout.
        case cannotConnect = "cannot-connect"
        /// The server's certificate was refused, or the handshake failed: nothing was sent.
        case tls
        /// Connected, then the answer took too long.
        case timeout
        /// Connected, then the connection ended before the answer was whole.
        case connectionLost = "connection-lost"
        /// The answer is larger than the client accepts.
        case tooLarge = "answer-too-large"
        /// The file of additional certificate authorities cannot be used; nothing was sent.
        case caFile = "ca-file"
        /// The caller was cancelled.
        case cancelled
    }

    package var cause: Cause
    package var message: String

    package init(_ cause: Cause, _ message: String) {
        self.cause = cause
        self.message = message
    }

    /// The server may have acted on the request.
    package var mayHaveArrived: Bool { cause != .cannotConnect && cause != .tls && cause != .caFile }

    /// Worth another try: a broken certificate stays broken.
    package var isTransient: Bool { cause == .cannotConnect || cause == .timeout || cause == .connectionLost }

    package var description: String { message }
}

/// Sends one request once. No retry, no redirect, no credential of its own.
package protocol HTTPTransport: Sendable {
    /// - Parameter timeout: until the whole answer has been read.
    func send(_ request: HTTPRequest, timeout: Duration) async throws(TransportError) -> HTTPResponse
}
