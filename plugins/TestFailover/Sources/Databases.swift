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
    /// - Parameter noting: whether it is kept as evidence.
    /// - Throws: ``SQLError``, or `CancellationError` when the call was cancelled meanwhile.
    func ask(
        _ target: SQLTarget, _ statement: String, _ parameters: [SQLValue] = [], noting: Bool = true
    ) async throws -> SQLRows {
        var entry = SQLEntry(target, statement, parameters)
        do throws(SQLError) {
            let session = try await door.open(target, Self.connecting)
            entry.source = session.source
            let rows = try await answer(session, statement, parameters)
            entry.columns = rows.columns
            entry.rows = rows.rows.map { $0.map(\.json) }
            if noting { entries.add(entry) }
            return rows
        } catch {
            try Task.checkCancellation()
            entry.error = error.description
            if noting { entries.add(entry) }
            throw error
        }
    }

    private func answer(
        _ session: any SQLSession, _ statement: String, _ parameters: [SQLValue]
    ) async throws(SQLError) -> SQLRows {
        do throws(SQLError) {
            let rows = try await session.run(statement, parameters, timeout: Self.answering)
            await session.close()
            return rows
        } catch {
            await session.close()
            throw error
        }
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

    init(_ target: SQLTarget, _ statement: String, _ parameters: [SQLValue]) {
        server = target.server
        host = target.host
        database = target.database
        intent = target.intent.rawValue
        self.statement = statement
        self.parameters = parameters.map(\.json)
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
