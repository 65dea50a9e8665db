// SPDX-License-Identifier: Apache-2.0

package import CloudSteps
package import MusterPlugin
package import MusterSQL
internal import Synchronization

/// Databases as a step asks them. What was asked and what came back is kept as evidence, with who answered.
package struct Databases: Sendable {
    private let door: DatabaseDoor
    private let entries = EntryList()
    /// What it takes to sign in is kept beside the answers.
    private let signIn: ExchangeList

    private static let connecting = Duration.seconds(15)
    private static let answering = Duration.seconds(30)

    /// Runs the work with the step's databases. Whatever becomes of it, the answers are kept as evidence.
    ///
    /// - Parameter door: makes the way to them; it adds to the list what signing in takes.
    package static func run<Value>(
        _ context: StepContext, by door: (ExchangeList) async throws -> DatabaseDoor,
        _ work: (Databases) async throws -> Value
    ) async throws -> Value {
        let signIn = ExchangeList()
        let databases = Databases(door: try await door(signIn), signIn: signIn)
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
        if !signIn.all.isEmpty { try context.evidence("sql-sign-in", signIn.all) }
    }

    /// One statement over a connection of its own, since connections drop when a group fails over.
    ///
    /// - Throws: ``SQLError``, or `CancellationError` when the call was cancelled meanwhile.
    package func ask(_ target: SQLTarget, _ statement: String, _ parameters: [SQLValue] = []) async throws -> SQLRows {
        try await ask(target, [Question(statement, parameters)], noting: true)[0]
    }

    /// Several statements over one new connection, up to the first that fails.
    ///
    /// - Parameter noting: whether they are kept as evidence.
    /// - Returns: the rows of each.
    package func ask(_ target: SQLTarget, _ questions: [Question], noting: Bool) async throws -> [SQLRows] {
        do throws(SQLError) {
            let session = try await open(target, for: questions[0], noting: noting)
            var answers: [SQLRows] = []
            for question in questions {
                do throws(SQLError) {
                    let rows = try await session.run(question.statement, question.parameters, timeout: Self.answering)
                    if noting { entries.add(question.evidence(target, session.source, .success(rows))) }
                    answers.append(rows)
                } catch {
                    if noting { entries.add(question.evidence(target, session.source, .failure(error))) }
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
            if noting { entries.add(question.evidence(target, nil, .failure(error))) }
            throw error
        }
    }
}

/// A statement with its parameters.
package struct Question: Sendable {
    package let statement: String
    package let parameters: [SQLValue]

    package init(_ statement: String, _ parameters: [SQLValue] = []) {
        self.statement = statement
        self.parameters = parameters
    }

    fileprivate func evidence(
        _ target: SQLTarget, _ source: SQLSource?, _ answer: Result<SQLRows, SQLError>
    ) -> SQLEvidence {
        SQLEvidence(statement, parameters, of: target, source: source, answer: answer)
    }
}

/// The statements of one call, in order.
private final class EntryList: Sendable {
    private let list = Mutex([SQLEvidence]())
    var all: [SQLEvidence] { list.withLock { $0 } }
    func add(_ entry: SQLEvidence) { list.withLock { $0.append(entry) } }
}
