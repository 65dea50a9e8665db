// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// One line on the wire: a JSON-RPC 2.0 request, notification or response.
package enum Envelope: Hashable, Sendable {
    case request(id: Int64, method: String, parameters: JSON)
    case notification(method: String, parameters: JSON)
    case result(id: Int64, JSON)
    case failure(id: Int64?, StepFailure)
}

extension Envelope {
    /// JSON-RPC's reserved range for an implementation's own errors begins here; ``StepFailure`` travels in `data`.
    private static let stepFailureCode: Int64 = -32000

    /// The line with its newline.
    package func line() -> [UInt8] {
        var members: [String: JSON] = ["jsonrpc": "2.0"]
        switch self {
        case .request(let id, let method, let parameters):
            members["id"] = .int(id)
            members["method"] = .string(method)
            members["params"] = parameters
        case .notification(let method, let parameters):
            members["method"] = .string(method)
            members["params"] = parameters
        case .result(let id, let value):
            members["id"] = .int(id)
            members["result"] = value
        case .failure(let id, let failure):
            members["id"] = id.map { .int($0) } ?? .null
            var data: [String: JSON] = ["kind": .string(failure.kind.rawValue), "code": .string(failure.code)]
            if let remedy = failure.remedy { data["remedy"] = .string(remedy) }
            members["error"] = [
                "code": .int(Self.stepFailureCode), "message": .string(failure.message), "data": .object(data),
            ]
        }
        var bytes = JSON.object(members).canonicalBytes()
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// Reads one line without its newline.
    ///
    /// - Throws: a sentence on what is wrong, with the byte where it is known.
    package init(line: some Sequence<UInt8>) throws(EnvelopeError) {
        let json: JSON
        do {
            json = try JSON.parse(line, limits: .init(depth: 64, bytes: PluginProtocol.lineBytesMax))
        } catch {
            throw EnvelopeError(reason: error.description)
        }
        guard let members = json.object else { throw EnvelopeError(reason: "the line is not a JSON object") }
        guard members["jsonrpc"] == "2.0" else { throw EnvelopeError(reason: "\"jsonrpc\" is not \"2.0\"") }
        let unknown = Set(members.keys).subtracting(["jsonrpc", "id", "method", "params", "result", "error"])
        guard unknown.isEmpty else { throw EnvelopeError(reason: "unknown member \"\(unknown.sorted()[0])\"") }
        if let method = members["method"] {
            guard let name = method.string, members["result"] == nil, members["error"] == nil else {
                throw EnvelopeError(reason: "\"method\" is not a request's")
            }
            let parameters = members["params"] ?? .object([:])
            switch members["id"] {
            case nil: self = .notification(method: name, parameters: parameters)
            case .int(let id): self = .request(id: id, method: name, parameters: parameters)
            default: throw EnvelopeError(reason: "\"id\" is not an integer")
            }
        } else {
            self = try Self.response(members)
        }
    }

    private static func response(_ members: [String: JSON]) throws(EnvelopeError) -> Envelope {
        switch (members["id"], members["result"], members["error"]) {
        case (.int(let id), .some(let value), nil): return .result(id: id, value)
        case (.int(let id), nil, .some(let error)): return .failure(id: id, try failure(error))
        case (.null, nil, .some(let error)): return .failure(id: nil, try failure(error))
        default: throw EnvelopeError(reason: "the line is neither a request nor a response")
        }
    }

    private static func failure(_ error: JSON) throws(EnvelopeError) -> StepFailure {
        guard let code = error["code"]?.int, let message = error["message"]?.string else {
            throw EnvelopeError(reason: "\"error\" has no integer \"code\" and string \"message\"")
        }
        let data = error["data"]
        return StepFailure(
            kind: data?["kind"]?.string.flatMap(StepFailure.Kind.init) ?? .permanent,
            code: data?["code"]?.string ?? "plugin.json-rpc-error-\(code)",
            message: message,
            remedy: data?["remedy"]?.string)
    }
}

/// Why a line is not an ``Envelope``.
package struct EnvelopeError: Error, Hashable, Sendable, CustomStringConvertible {
    package let reason: String
    package init(reason: String) { self.reason = reason }
    package var description: String { reason }
}
