// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
package import MusterModel
package import MusterPlugin
package import MusterSQL

/// The way to the databases of one section of `sql`.
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

    /// Gets a token to sign in with.
    package typealias Token = @Sendable (_ timeout: Duration) async throws(SQLError) -> String

    /// A kind of database: its section of the environment, and where the simulator answers for it.
    package struct Kind: Hashable, Sendable {
        package let section: String
        package let simulatorPath: String

        package init(section: String, simulatorPath: String) {
            self.section = section
            self.simulatorPath = simulatorPath
        }
    }

    /// Puts another door in the place of the one for this section.
    package func use(_ door: DatabaseDoor, for section: JSON) { doors[section] = door }

    /// The way to the databases that the step's environment names, for this call.
    ///
    /// - Parameter tokens: asked for when the section says `token: azure`.
    /// - Throws: ``StepError`` for a section that is missing or at fault, before anything is reached.
    package func door(
        to kind: Kind, for context: StepContext, tokens: () async throws(StepError) -> Token
    ) async throws(StepError) -> DatabaseDoor {
        let section = try context.connection(kind.section, as: JSON.self)
        if let door = doors[section] { return door }
        let settings: SQLSettings
        do {
            settings = try SQLSettings(section)
        } catch {
            throw StepError(error, reads: true)
        }
        let entrance = Entrance(
            settings: settings, inputs: context.inputs,
            token: settings.signIn == .azureToken ? try await tokens() : nil, path: kind.simulatorPath,
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
}

/// What a door leads through: the connection string, who signs in, and whether a database or the simulator answers.
private struct Entrance: Sendable {
    let settings: SQLSettings
    let inputs: JSON
    /// Nil when no token is wanted.
    let token: DatabaseDoors.Token?
    /// Where the simulator answers for databases of this kind.
    let path: String
    let transport: @Sendable () async throws(TransportError) -> any HTTPTransport

    func open(_ target: SQLTarget, _ timeout: Duration) async throws(SQLError) -> any SQLSession {
        switch try settings.address(of: target, inputs: inputs) {
        case .database(let string):
            let credential = try settings.credential(token: try await token?(timeout))
            return try await ODBCConnection.open(string, as: credential, timeout: timeout)
        case .simulator(let url): return try await simulator(url, target)
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
            return SimulatorSession(base: base, target: target, transport: try await transport(), path: path)
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
