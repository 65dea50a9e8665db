// SPDX-License-Identifier: Apache-2.0

/// A connection to a database over ODBC. Its blocking calls run on a thread of its own.
///
/// Whoever waits waits for a bounded time: a driver that does not come back in spite of its time limit and of being asked
/// to stop is left alone with its thread, and the connection takes no more statements.
package final class ODBCConnection: SQLSession {
    /// As whom a connection is made.
    package enum Credential: Hashable, Sendable {
        case asConfigured
        case user(String, password: String?)
        case token(AccessTokenAttribute)
    }

    /// What is waited beyond a time limit, so that the driver itself can keep it and say what it has to say.
    private static let margin = Duration.seconds(1)
    /// How long a driver may take to stop.
    private static let grace = Duration.seconds(5)

    package let source: SQLSource
    private let handles: ODBCHandles
    private let thread: WorkThread

    private init(source: SQLSource, handles: ODBCHandles, thread: WorkThread) {
        self.source = source
        self.handles = handles
        self.thread = thread
    }

    deinit { giveUp() }

    /// Connects.
    ///
    /// - Parameter timeout: how long it may take.
    /// - Throws: ``SQLError``; of kind cancelled when the task is.
    package static func open(
        _ string: ConnectionString, as credential: Credential, timeout: Duration
    ) async throws(SQLError) -> ODBCConnection {
        let login = login(string, credential, timeout)
        let handles = ODBCHandles()
        let thread = try WorkThread()
        let outcome = Outcome<SQLSource>()
        thread.enqueue { outcome.resolve(Result { () throws(SQLError) in try handles.connect(login) }) }
        let watch = after(timeout + margin + grace) { outcome.resolve(.failure(.unreached(in: timeout))) }
        let result = await withTaskCancellationHandler {
            await outcome.result
        } onCancel: {
            outcome.resolve(.failure(.stopped(.cancelled)))
        }
        watch.cancel()
        switch result {
        case .success(let source): return ODBCConnection(source: source, handles: handles, thread: thread)
        case .failure(let error):
            thread.enqueue(isLast: true) { handles.disconnect() }
            throw error
        }
    }

    private static func login(
        _ string: ConnectionString, _ credential: Credential, _ timeout: Duration
    ) -> ODBCHandles.Login {
        var string = string
        var login = ODBCHandles.Login(connectionString: "", token: nil, timeout: timeout, secrets: [])
        switch credential {
        case .asConfigured: break
        case .user(let user, let password):
            string.append("UID", user)
            if let password {
                string.append("PWD", password)
                login.secrets = [password, ConnectionString.quoted(password)]
            }
        case .token(let token): login.token = token
        }
        login.connectionString = string.text
        return login
    }

    package func run(
        _ statement: String, _ parameters: [SQLValue], timeout: Duration
    ) async throws(SQLError) -> SQLRows {
        let running = RunningStatement()
        let outcome = Outcome<SQLRows>()
        let isTaken = thread.enqueue { [handles] in
            handles.run(statement, parameters, timeout: timeout, running) { outcome.resolve($0) }
        }
        guard isTaken else { throw .connectionGone }
        let stop = { @Sendable (reason: RunningStatement.StopReason) in
            guard running.stop(reason, grace: Self.grace) else {
                outcome.resolve(.failure(.stopped(reason)))
                return
            }
            _ = Self.after(Self.grace) {
                if outcome.resolve(.failure(.notStopped(reason))) { self.giveUp() }
            }
        }
        let watch = Self.after(timeout + Self.margin) { stop(.timedOut) }
        let result = await withTaskCancellationHandler {
            await outcome.result
        } onCancel: {
            stop(.cancelled)
        }
        watch.cancel()
        return try result.get()
    }

    package func close() async {
        let outcome = Outcome<Void>()
        let isTaken = thread.enqueue(isLast: true) { [handles] in
            handles.disconnect()
            outcome.resolve(.success(()))
        }
        guard isTaken else { return }
        let watch = Self.after(Self.grace) { outcome.resolve(.success(())) }
        _ = await outcome.result
        watch.cancel()
    }

    /// Ends the connection once the driver comes back, if it does.
    private func giveUp() { thread.enqueue(isLast: true) { [handles] in handles.disconnect() } }

    private static func after(_ delay: Duration, _ action: @escaping @Sendable () -> Void) -> Task<Void, Never> {
        Task {
            // Cancelled is the one way in which sleeping fails: then nothing is to be done.
            if (try? await Task.sleep(for: delay)) != nil { action() }
        }
    }
}

extension ODBCConnection.Credential: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String {
        switch self {
        case .asConfigured: "as configured"
        case .user(let user, let password): "user \(user)" + (password == nil ? "" : " with a password")
        case .token: "an access token"
        }
    }
    package var debugDescription: String { description }
}

extension SQLError {
    static let connectionGone = SQLError(
        kind: .connectionLost, state: nil, native: 0, message: "The connection was closed, or given up.", remedy: nil)

    static func unreached(in timeout: Duration) -> SQLError {
        SQLError(
            kind: .unreachable, state: nil, native: 0,
            message: "The driver did not come back within \(timeout) and some seconds more.",
            remedy: "Look at the server's name, the network and its firewalls.")
    }

    static func stopped(_ reason: RunningStatement.StopReason?) -> SQLError {
        SQLError(
            kind: reason == .timedOut ? .timedOut : .cancelled, state: nil, native: 0,
            message: "It was stopped before anything was sent to the database.", remedy: nil)
    }

    static func notStopped(_ reason: RunningStatement.StopReason) -> SQLError {
        SQLError(
            kind: reason == .timedOut ? .timedOut : .cancelled, state: nil, native: 0,
            message: "The driver did not stop the statement when asked to; what became of it is not known.",
            remedy: "Look in the database whether it is still at work.")
    }

    /// The same error, when the driver reports only that it did what it was asked to do.
    func dueTo(_ reason: RunningStatement.StopReason?) -> SQLError {
        guard let reason, [.timedOut, .cancelled, .statement].contains(kind) else { return self }
        var error = self
        error.kind = reason == .timedOut ? .timedOut : .cancelled
        return error
    }
}
