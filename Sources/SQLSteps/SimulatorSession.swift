// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
internal import MusterModel
package import MusterSQL

/// The cloud simulator in the place of a database, over HTTP on this machine. It knows a few statements, and what it
/// answers says so: ``source``.
package struct SimulatorSession: SQLSession {
    package let source = SQLSource(kind: .simulator, driver: nil, product: "the cloud simulator")
    let base: WebAddress
    let target: SQLTarget
    let transport: any HTTPTransport
    let path: String

    /// - Parameter path: where the simulator answers for databases of this kind.
    package init(base: WebAddress, target: SQLTarget, transport: any HTTPTransport, path: String = "/simulator/sql") {
        self.base = base
        self.target = target
        self.transport = transport
        self.path = path
    }

    package func run(_ statement: String, _ parameters: [SQLValue], timeout: Duration) async throws(SQLError) -> SQLRows
    {
        let body: JSON = [
            "server": .string(target.server), "database": .string(target.database),
            "intent": .string(target.intent.rawValue), "statement": .string(statement),
            "parameters": .array(parameters.map(\.cell)),
        ]
        let answer: HTTPResponse
        do throws(TransportError) {
            answer = try await transport.send(
                HTTPRequest(
                    .post, base.appending(path: path), headers: ["content-type": "application/json"],
                    body: body.canonicalBytes()),
                timeout: timeout)
        } catch {
            throw SQLError(error)
        }
        let json: JSON
        do { json = try JSON.parse(answer.body) } catch {
            throw failure(.statement, "The simulator answered HTTP \(answer.status) and no JSON.")
        }
        guard answer.status == 200 else { throw SQLError(simulated: json, status: answer.status) }
        guard let rows = SQLRows(json) else {
            throw failure(.statement, "The simulator's answer has no columns and rows.")
        }
        return rows
    }

    /// Each statement was a request by itself.
    package func close() async {}

    private func failure(_ kind: SQLError.Kind, _ message: String) -> SQLError {
        SQLError(kind: kind, state: nil, native: 0, message: message, remedy: nil)
    }
}

extension SQLError {
    fileprivate init(_ error: TransportError) {
        let kind: Kind =
            switch error.cause {
            case .cannotConnect, .tls: .unreachable
            case .caFile: .configuration
            case .timeout: .timedOut
            case .connectionLost: .connectionLost
            case .cancelled: .cancelled
            case .tooLarge: .statement
            }
        self.init(kind: kind, state: nil, native: 0, message: error.message, remedy: nil)
    }

    /// The simulator answers with state and number as the service does; what they mean is decided as for the service.
    fileprivate init(simulated json: JSON, status: Int) {
        let state = json["sqlstate"]?.string ?? "HY000"
        let native = Int(json["native"]?.int ?? 0)
        let message = json["message"]?.string ?? "The simulator answered HTTP \(status)."
        if message.hasPrefix("ORA-") {
            self.init(state: state, native: native, oracleMessage: message)
        } else {
            self.init(state: state, native: native, sqlServerMessage: message)
        }
    }
}

extension SQLValue {
    fileprivate var cell: JSON {
        switch self {
        case .null: .null
        case .boolean(let value): ["boolean": .bool(value)]
        case .integer(let value): ["integer": .int(value)]
        case .number(let value): ["number": .double(value)]
        case .text(let value): ["text": .string(value)]
        case .bytes(let value): ["bytes": .string(hexDigits(value))]
        }
    }

    /// Nil for what is no cell.
    fileprivate init?(_ cell: JSON) {
        if cell == .null {
            self = .null
            return
        }
        guard let (name, value) = cell.object?.first, cell.object?.count == 1 else { return nil }
        switch (name, value) {
        case ("boolean", .bool(let value)): self = .boolean(value)
        case ("integer", .int(let value)): self = .integer(value)
        case ("number", .int(let value)): self = .number(Double(value))
        case ("number", .double(let value)): self = .number(value)
        case ("text", .string(let value)): self = .text(value)
        case ("bytes", .string(let digits)):
            guard let bytes = hexBytes(digits) else { return nil }
            self = .bytes(bytes)
        default: return nil
        }
    }
}

extension SQLRows {
    fileprivate init?(_ json: JSON) {
        guard let columns = json["columns"]?.array, let rows = json["rows"]?.array else { return nil }
        self.init(columns: columns.compactMap(\.string), rows: [])
        guard self.columns.count == columns.count else { return nil }
        for row in rows {
            guard let cells = row.array, cells.count == columns.count else { return nil }
            let values = cells.compactMap { SQLValue($0) }
            guard values.count == cells.count else { return nil }
            self.rows.append(values)
        }
    }
}

/// In upper case, as Azure writes thumbprints.
package func hexDigits(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
}

private func hexBytes(_ digits: String) -> [UInt8]? {
    let text = Array(digits.utf8)
    guard text.count % 2 == 0 else { return nil }
    let bytes = stride(from: 0, to: text.count, by: 2).compactMap { index -> UInt8? in
        guard let high = Character(Unicode.Scalar(text[index])).hexDigitValue,
            let low = Character(Unicode.Scalar(text[index + 1])).hexDigitValue
        else { return nil }
        return UInt8(high << 4 | low)
    }
    return bytes.count * 2 == text.count ? bytes : nil
}
