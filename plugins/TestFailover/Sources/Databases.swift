// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import MusterModel
internal import MusterPlugin
internal import MusterSQL
internal import Synchronization

/// Databases as a step asks them. What was asked and what came back is kept as evidence, with who answered.
struct Databases: Sendable {
    private let door: DatabaseDoor
    private let entries = EntryList()

    private static let connecting = Duration.seconds(15)
    private static let answering = Duration.seconds(30)

    /// Runs the work with the step's databases. Whatever becomes of it, the answers are kept as evidence.
    static func run<Value>(
        _ context: StepContext, _ work: (Databases) async throws -> Value
    ) async throws -> Value {
        let databases = Databases(door: try await DatabaseDoors.shared.door(for: context))
        do {
            let value = try await work(databases)
            try databases.keep(context)
            return value
        } catch {
            // The error that is on its way says more than one about the evidence.
            try? databases.keep(context)
            throw error
        }
    }

    private func keep(_ context: StepContext) throws {
        let all = entries.all
        if !all.isEmpty { try context.evidence("sql", all) }
    }

    /// One statement over a connection of its own, since connections drop when a group fails over.
    ///
    /// - Throws: ``SQLError``, or `CancellationError` when the call was cancelled meanwhile.
    func ask(_ target: SQLTarget, _ statement: String, _ parameters: [SQLValue] = []) async throws -> SQLRows {
        try await ask(target, [Question(statement, parameters)], noting: true)[0]
    }

    /// Several statements over one new connection, up to the first that fails.
    ///
    /// - Parameter noting: whether they are kept as evidence.
    /// - Returns: the rows of each.
    func ask(_ target: SQLTarget, _ questions: [Question], noting: Bool) async throws -> [SQLRows] {
        do throws(SQLError) {
            let session = try await open(target, for: questions[0], noting: noting)
            var answers: [SQLRows] = []
            for question in questions {
                do throws(SQLError) {
                    let rows = try await session.run(question.statement, question.parameters, timeout: Self.answering)
                    if noting { entries.add(SQLEntry(target, question, session.source, .success(rows))) }
                    answers.append(rows)
                } catch {
                    if noting { entries.add(SQLEntry(target, question, session.source, .failure(error))) }
                    await session.close()
                    throw error
                }
            }
            await session.close()
            return answers
        } catch {
            try Task.checkCancellation()
            throw error
        }
    }

    private func open(
        _ target: SQLTarget, for question: Question, noting: Bool
    ) async throws(SQLError) -> any SQLSession {
        do throws(SQLError) {
            return try await door.open(target, Self.connecting)
        } catch {
            if noting { entries.add(SQLEntry(target, question, nil, .failure(error))) }
            throw error
        }
    }
}

/// A statement with its parameters.
struct Question: Sendable {
    let statement: String
    let parameters: [SQLValue]

    init(_ statement: String, _ parameters: [SQLValue] = []) {
        self.statement = statement
        self.parameters = parameters
    }
}

/// The statements of one call, in order.
private final class EntryList: Sendable {
    private let list = Mutex([SQLEntry]())
    var all: [SQLEntry] { list.withLock { $0 } }
    func add(_ entry: SQLEntry) { list.withLock { $0.append(entry) } }
}

/// For evidence: a statement and its answer.
struct SQLEntry: Encodable, Sendable {
    var source: SQLSource?
    var server: String
    var host: String
    var database: String
    var intent: String
    var statement: String
    var parameters: [JSON]
    var columns: [String]?
    var rows: [[JSON]]?
    var error: String?

    init(_ target: SQLTarget, _ question: Question, _ source: SQLSource?, _ answer: Result<SQLRows, SQLError>) {
        self.source = source
        server = target.server
        host = target.host
        database = target.database
        intent = target.intent.rawValue
        statement = question.statement
        parameters = question.parameters.map(\.json)
        switch answer {
        case .success(let answer):
            columns = answer.columns
            rows = answer.rows.map { $0.map(\.json) }
        case .failure(let failure): error = failure.description
        }
    }
}

extension SQLValue {
    /// Bytes as hexadecimal digits.
    var json: JSON {
        switch self {
        case .null: .null
        case .boolean(let value): .bool(value)
        case .integer(let value): .int(value)
        case .number(let value): value.isFinite ? .double(value) : .string("\(value)")
        case .text(let value): .string(value)
        case .bytes(let value): .string(value.hex)
        }
    }
}

extension [UInt8] {
    /// In upper case, as Azure writes thumbprints.
    var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined() }
}

extension SQLError {
    /// What happens while a group fails over, or when a server is down; it may pass.
    var isOutage: Bool {
        switch kind {
        case .unreachable, .unavailable, .connectionLost, .timedOut: true
        case .configuration, .refused, .cancelled, .denied, .statement: false
        }
    }
}
