// SPDX-License-Identifier: Apache-2.0

internal import CODBC

/// The driver manager's handles of one connection, and the blocking calls with them.
///
/// All calls come from the connection's thread, one after the other; that protects what is not constant here. Only a
/// running statement's handle is known to others, through ``RunningStatement``.
final class ODBCHandles: @unchecked Sendable {
    private var environment: SQLHANDLE?
    private var connection: SQLHANDLE?
    private var isConnected = false

    /// What the driver manager and the driver need to know before they connect.
    struct Login: Sendable {
        var connectionString: String
        var token: AccessTokenAttribute?
        var timeout: Duration
        /// Never part of an error, whatever a driver says.
        var secrets: [String]
    }

    /// Connects, and says who answered.
    func connect(_ login: Login) throws(SQLError) -> SQLSource {
        // One environment for each connection: two of them share no lock and no driver's memory.
        try check(
            SQLAllocHandle(SQLSMALLINT(SQL_HANDLE_ENV), nil, &environment), SQL_HANDLE_ENV, nil, .connecting(login))
        try check(
            SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, attribute(SQL_OV_ODBC3), 0), SQL_HANDLE_ENV, environment,
            .connecting(login))
        try check(
            SQLAllocHandle(SQLSMALLINT(SQL_HANDLE_DBC), environment, &connection), SQL_HANDLE_ENV, environment,
            .connecting(login))
        try check(
            SQLSetConnectAttr(connection, SQL_ATTR_LOGIN_TIMEOUT, attribute(login.timeout.wholeSeconds), 0),
            SQL_HANDLE_DBC, connection, .connecting(login))
        try driverConnect(login)
        isConnected = true
        return SQLSource(
            kind: .odbc, driver: information(SQL_DRIVER_NAME) + " " + information(SQL_DRIVER_VER),
            product: information(SQL_DBMS_NAME) + " " + information(SQL_DBMS_VER))
    }

    private func driverConnect(_ login: Login) throws(SQLError) {
        var text = Array(login.connectionString.utf16)
        guard text.count <= Int(SQLSMALLINT.max) else {
            throw SQLError(configuration: "The connection string is longer than ODBC takes.")
        }
        // The manager keeps only the address until the driver is loaded, so the bytes stay where they are until then.
        var token = login.token?.bytes ?? []
        let code = token.withUnsafeMutableBytes { token -> SQLRETURN in
            if !token.isEmpty {
                let code = SQLSetConnectAttr(
                    connection, AccessTokenAttribute.number, token.baseAddress, SQLINTEGER(SQL_IS_POINTER))
                guard code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO else { return code }
            }
            return SQLDriverConnectW(
                connection, nil, &text, SQLSMALLINT(text.count), nil, 0, nil, SQLUSMALLINT(SQL_DRIVER_NOPROMPT))
        }
        try check(code, SQL_HANDLE_DBC, connection, .connecting(login))
    }

    /// A driver that does not tell is no reason to fail.
    private func information(_ item: Int32) -> String {
        var text = [SQLWCHAR](repeating: 0, count: 256)
        var length: SQLSMALLINT = 0
        let code = SQLGetInfoW(
            connection, SQLUSMALLINT(item), &text, SQLSMALLINT(text.count * MemoryLayout<SQLWCHAR>.size), &length)
        guard code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO else { return "(not told)" }
        return String(decoding: text.prefix { $0 != 0 }, as: UTF16.self)
    }

    /// Ends the connection and gives everything back; nothing may be called afterwards.
    func disconnect() {
        // A connection that is already lost says so, and is freed all the same.
        if isConnected { SQLDisconnect(connection) }
        isConnected = false
        if let connection { SQLFreeHandle(SQLSMALLINT(SQL_HANDLE_DBC), connection) }
        if let environment { SQLFreeHandle(SQLSMALLINT(SQL_HANDLE_ENV), environment) }
        (connection, environment) = (nil, nil)
    }

    /// Runs one statement to its end and fetches the first rows that it answers.
    ///
    /// - Parameter answer: told the outcome as soon as it is known. This call may come back later: the statement's handle
    ///   lives until the driver, when it was asked to stop, has answered that.
    func run(
        _ text: String, _ parameters: [SQLValue], timeout: Duration, _ running: RunningStatement,
        answer: (Result<SQLRows, SQLError>) -> Void
    ) {
        var handle: SQLHANDLE?
        do throws(SQLError) {
            try check(
                SQLAllocHandle(SQLSMALLINT(SQL_HANDLE_STMT), connection, &handle), SQL_HANDLE_DBC, connection, .running)
        } catch { return answer(.failure(error)) }
        guard let handle else { return answer(.failure(.connectionGone)) }
        // Where a driver has no such limit, the one who waits stops the statement.
        _ = SQLSetStmtAttr(handle, SQL_ATTR_QUERY_TIMEOUT, attribute(timeout.wholeSeconds), 0)
        answer(Result { () throws(SQLError) in try run(handle, text, parameters, running) })
        running.end()
        SQLFreeHandle(SQLSMALLINT(SQL_HANDLE_STMT), handle)
    }

    private func run(
        _ handle: SQLHANDLE, _ text: String, _ parameters: [SQLValue], _ running: RunningStatement
    ) throws(SQLError) -> SQLRows {
        // A pointer as a number, which every thread may hold: until the statement's end it is a handle.
        let address = UInt(bitPattern: handle)
        // What the driver answers does not matter: the statement's own end tells.
        guard running.begin(askDriver: { SQLCancel(SQLHANDLE(bitPattern: address)) }) else {
            throw .stopped(running.reason)
        }
        do throws(SQLError) {
            return try ODBCStatement(handle: handle).run(text, parameters)
        } catch {
            throw error.dueTo(running.reason)
        }
    }
}

/// Attributes that are numbers are handed over as if they were addresses.
private func attribute(_ number: some BinaryInteger) -> SQLPOINTER? { SQLPOINTER(bitPattern: UInt(number)) }

extension Duration {
    /// Rounded up, and never 0, which means no limit.
    fileprivate var wholeSeconds: Int64 {
        max(1, components.seconds + (components.attoseconds > 0 ? 1 : 0))
    }
}

/// - Throws: ``SQLError`` made of the handle's records, unless the call succeeded.
func check(
    _ code: SQLRETURN, _ type: Int32, _ handle: SQLHANDLE?, _ phase: SQLError.Phase
) throws(SQLError) {
    if code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO || code == SQL_NO_DATA { return }
    throw SQLError(SQLDiagnostic.all(type, handle), phase)
}
