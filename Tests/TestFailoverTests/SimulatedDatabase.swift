// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudSimulator
import MusterModel
import SQLSteps
import Synchronization

@testable import AzureSteps
@testable import MusterSQL

/// The simulated cloud's databases, asked without a socket, with errors put in between on demand.
final class SimulatedDatabases: Sendable {
    struct Asked: Hashable, Sendable {
        var server: String
        var host: String
        var statement: String
    }

    let cloud: SimulatedCloud
    let time: ManualTime
    private let state = Mutex(State())

    private struct State {
        var asked: [Asked] = []
        var failure: (@Sendable (SQLTarget, String) -> SQLError?)?
        var afterwards: (@Sendable (String) -> SQLError?)?
    }

    init(_ cloud: SimulatedCloud, _ time: ManualTime) {
        self.cloud = cloud
        self.time = time
    }

    var asked: [Asked] { state.withLock { $0.asked } }

    /// Decides on each statement before it is answered.
    func fail(_ failure: @escaping @Sendable (SQLTarget, String) -> SQLError?) {
        state.withLock { $0.failure = failure }
    }

    /// Decides on each statement after it has had its effect.
    func loseAnswers(_ afterwards: @escaping @Sendable (String) -> SQLError?) {
        state.withLock { $0.afterwards = afterwards }
    }

    var door: DatabaseDoor {
        DatabaseDoor { [self] target, _ async throws(SQLError) in Session(databases: self, target: target) }
    }

    fileprivate func run(
        _ statement: String, _ parameters: [SQLValue], on target: SQLTarget
    ) throws(SQLError) -> SQLRows {
        let (failure, afterwards) = state.withLock { state in
            state.asked.append(Asked(server: target.server, host: target.host, statement: statement))
            return (state.failure, state.afterwards)
        }
        if let error = failure?(target, statement) { throw error }
        let members: [String: JSON] = [
            "server": .string(target.server), "database": .string(target.database),
            "intent": .string(target.intent.rawValue), "statement": .string(statement),
            "parameters": .array(parameters.map(Self.cell)),
        ]
        let body = JSON.object(members)
        let request = SimulatedRequest(
            "POST", host: "127.0.0.1", target: "/simulator/sql", headers: [:], body: body.canonicalBytes(),
            scheme: "http")
        let answer = cloud.answer(request, at: time.now)
        if answer.dropsConnection { throw .of(.connectionLost, "08S01", 0, "The connection was lost.") }
        if let error = afterwards?(statement) { throw error }
        return try Self.rows(answer)
    }

    private static func cell(_ value: SQLValue) -> JSON {
        switch value {
        case .text(let text): ["text": .string(text)]
        case .integer(let number): ["integer": .int(number)]
        default: .null
        }
    }

    private static func rows(_ answer: SimulatedResponse) throws(SQLError) -> SQLRows {
        guard let json = try? JSON.parse(answer.bytes) else {  // What is no JSON is reported as such.
            throw .of(.statement, "HY000", 0, "no JSON")
        }
        guard answer.status == 200 else {
            throw .of(
                answer.status == 503 ? .unavailable : .statement, json["sqlstate"]?.string ?? "",
                Int(json["native"]?.int ?? 0), json["message"]?.string ?? "")
        }
        return SQLRows(
            columns: (json["columns"]?.array ?? []).compactMap(\.string),
            rows: (json["rows"]?.array ?? []).map { ($0.array ?? []).map(value) })
    }

    private static func value(_ cell: JSON) -> SQLValue {
        if let text = cell["text"]?.string { return .text(text) }
        if let number = cell["integer"]?.int { return .integer(number) }
        if let digits = cell["bytes"]?.string { return .bytes(bytes(digits)) }
        return .null
    }

    private static func bytes(_ digits: String) -> [UInt8] {
        let all = Array(digits.utf8)
        return stride(from: 0, to: all.count - 1, by: 2).map {
            UInt8(String(decoding: all[$0...($0 + 1)], as: UTF8.self), radix: 16) ?? 0
        }
    }

    private struct Session: SQLSession {
        let databases: SimulatedDatabases
        let target: SQLTarget
        let source = SQLSource(kind: .simulator, driver: nil, product: "the cloud simulator")

        func run(_ statement: String, _ parameters: [SQLValue], timeout: Duration) async throws(SQLError) -> SQLRows {
            try databases.run(statement, parameters, on: target)
        }

        func close() async {}
    }
}

extension SQLError {
    static func of(_ kind: Kind, _ state: String = "HY000", _ native: Int = 0, _ message: String) -> SQLError {
        SQLError(kind: kind, state: state, native: native, message: message, remedy: nil)
    }
}
