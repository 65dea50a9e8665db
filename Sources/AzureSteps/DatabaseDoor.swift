// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
package import CloudHTTP
package import MusterModel
package import MusterPlugin
package import MusterSQL

/// The way to the databases of one `sql.azure` section.
package struct DatabaseDoor: Sendable {
    /// - Parameters:
    ///   - target: which database.
    ///   - timeout: how long reaching it may take.
    package typealias Open =
        @Sendable (_ target: SQLTarget, _ timeout: Duration) async throws(SQLError) -> any SQLSession

    package let open: Open

    package init(open: @escaping Open) { self.open = open }
}

/// The doors of one process.
package actor DatabaseDoors {
    package static let shared = DatabaseDoors()
    private var doors: [JSON: DatabaseDoor] = [:]
    /// By the file of certificate authorities: one keeps the simulator's connections for all doors.
    private var transports: [String: NetworkTransport] = [:]

    /// Puts another door in the place of the one for this section.
    package func use(_ door: DatabaseDoor, for section: JSON) { doors[section] = door }

    /// The way to the databases that the step's environment names, for this call.
    ///
    /// - Parameter record: told each exchange with the cloud that a token takes.
    /// - Throws: ``StepError`` for a section that is missing or at fault, before anything is reached.
    package func door(
        for context: StepContext, record: @escaping @Sendable (Exchange) -> Void = { _ in }
    ) async throws(StepError) -> DatabaseDoor {
        let section = try context.connection("sql.azure", as: JSON.self)
        if let door = doors[section] { return door }
        let settings: SQLSettings
        do {
            settings = try SQLSettings(section)
        } catch {
            throw StepError(error, reads: true)
        }
        let entrance = Entrance(
            settings: settings, inputs: context.inputs,
            token: settings.signIn == .azureToken ? try await tokens(for: context, record) : nil,
            transport: { () async throws(TransportError) in
                try await self.transport(caFile: section["tls"]?["ca-file"]?.string)
            })
        return DatabaseDoor { target, timeout async throws(SQLError) in try await entrance.open(target, timeout) }
    }

    private func transport(caFile: String?) throws(TransportError) -> any HTTPTransport {
        if let transport = transports[caFile ?? ""] { return transport }
        let transport = try NetworkTransport(caFile: caFile)
        transports[caFile ?? ""] = transport
        return transport
    }

    private func tokens(
        for context: StepContext, _ record: @escaping @Sendable (Exchange) -> Void
    ) async throws(StepError) -> Entrance.Token {
        let client: AzureClient
        do {
            client = try await AzureClients.shared.client(for: try context.connection("azure", as: JSON.self))
        } catch let error as StepError {
            throw error
        } catch let error as AzureError {
            throw StepError(error, reads: true)
        } catch {
            throw .permanent(SQLError.Kind.configuration.rawValue, "\(error)")
        }
        return { timeout async throws(AzureError) in
            let deadline = Deadline(after: timeout, from: client.time)
            return try await client.calls(RequestContext(deadline: deadline, record: record)).databaseToken()
        }
    }
}

/// What a door leads through: the connection string, who signs in, and whether a database or the simulator answers.
private struct Entrance: Sendable {
    typealias Token = @Sendable (_ timeout: Duration) async throws(AzureError) -> String

    let settings: SQLSettings
    let inputs: JSON
    /// Nil when no token is wanted.
    let token: Token?
    let transport: @Sendable () async throws(TransportError) -> any HTTPTransport

    func open(_ target: SQLTarget, _ timeout: Duration) async throws(SQLError) -> any SQLSession {
        switch try settings.address(of: target, inputs: inputs) {
        case .database(let string):
            let credential = try settings.credential(token: try await tokenText(timeout))
            return try await ODBCConnection.open(string, as: credential, timeout: timeout)
        case .simulator(let url): return try await simulator(url, target)
        }
    }

    private func tokenText(_ timeout: Duration) async throws(SQLError) -> String? {
        guard let token else { return nil }
        do {
            return try await token(timeout)
        } catch {
            throw SQLError(
                kind: error.advice == .retryable ? .unreachable : .refused, state: nil, native: 0,
                message: "No token for the database: \(error)", remedy: "Look at the environment's Azure credential.")
        }
    }

    private func simulator(_ url: String, _ target: SQLTarget) async throws(SQLError) -> SimulatorSession {
        guard let base = WebAddress(url), base.isLoopback, base.target == "/" else {
            throw SQLError(
                kind: .configuration, state: nil, native: 0,
                message: "The connection string's 'Simulator' is not the http address of this machine and a port.",
                remedy: "Correct the environment's document.")
        }
        do {
            return SimulatorSession(base: base, target: target, transport: try await transport())
        } catch {
            throw SQLError(kind: .configuration, state: nil, native: 0, message: "\(error)", remedy: nil)
        }
    }
}

extension StepError {
    /// - Parameter reads: nothing was to be changed, or no statement had been sent, so no outcome can be unknown.
    package init(_ error: SQLError, reads: Bool) {
        let code = error.kind.rawValue
        let text = error.description
        self =
            switch error.kind {
            case .configuration, .refused, .denied, .statement: .permanent(code, text, remedy: error.remedy)
            case .unreachable: .retryable(code, text, remedy: error.remedy)
            case .unavailable, .connectionLost, .timedOut, .cancelled:
                reads
                    ? .retryable(code, text, remedy: error.remedy)
                    : .unknownOutcome(code, text, remedy: error.remedy)
            }
    }
}
