// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterModel
import MusterSQL
import PostgreSQLFixture
import Testing

struct FailureTests {
    private func failure(_ work: () async throws(SQLError) -> Void) async -> SQLError? {
        do {
            try await work()
            Issue.record("nothing failed")
            return nil
        } catch { return error }
    }

    // MARK: Connecting

    @Test func `a wrong password is refused, and not repeated`() async throws {
        let trial = try TrialDatabase()
        let error = await failure { () throws(SQLError) in
            _ = try await trial.open(trial.section(password: "wr;ong{secret}"))
        }
        #expect(error?.kind == .refused && error?.remedy?.contains("password") == true)
        #expect(error?.message.contains("password authentication failed for user \"drill\"") == true)
        #expect(error?.description.contains("secret") == false)
    }

    @Test func `an unknown user is refused`() async throws {
        let trial = try TrialDatabase()
        let error = await failure { () throws(SQLError) in _ = try await trial.open(trial.section(user: "nobody;x")) }
        #expect(error?.kind == .refused, "\(String(describing: error))")
    }

    @Test func `a database that does not exist is not to be had`() async throws {
        let trial = try TrialDatabase()
        let error = await failure { () throws(SQLError) in _ = try await trial.open(database: "tde'database") }
        #expect(
            error?.kind == .unavailable && error?.message.contains("tde'database") == true,
            "\(String(describing: error))")
    }

    @Test func `a port that nobody serves is not reached`() async throws {
        let error = await failure { () throws(SQLError) in
            _ = try await open(
                ["connection": "Driver={PostgreSQL Unicode};Server=127.0.0.1;Port=1;Database=x", "user": "u"],
                database: "x")
        }
        #expect(error?.kind == .unreachable && error?.state == "08001" && error?.remedy?.contains("firewall") == true)
    }

    @Test(arguments: ["{ODBC Driver 99 for SQL Server}", "/nowhere/libdriver.so"])
    func `a driver that is missing is named, with what to install`(driver: String) async throws {
        let error = await failure { () throws(SQLError) in
            _ = try await open(["connection": .string("Driver=\(driver);Server=x"), "user": "u"], database: "x")
        }
        #expect(error?.kind == .configuration)
        // In the driver manager's words, "Can't open lib": it takes a name that it does not know for a file.
        #expect(error?.state == "01000")
        for word in ["odbcinst -q -d", "msodbcsql18", "tdsodbc", "odbc-postgresql", "Oracle Instant Client"] {
            #expect(error?.remedy?.contains(word) == true)
        }
    }

    @Test func `a driver that takes no token does not connect without it`() async throws {
        let server = try PostgreSQLFixture.running()
        let settings = try SQLSettings([
            "connection": .string(server.connectionString(database: "postgres")), "token": "azure",
        ])
        let target = SQLTarget(server: "s", host: "s.localhost", database: "d", intent: .readWrite)
        guard case .database(let string) = try settings.address(of: target, inputs: [:]) else {
            Issue.record("the connection string names no database")
            return
        }
        let error = await failure { () throws(SQLError) in
            _ = try await ODBCConnection.open(string, as: settings.credential(token: "to.ken"), timeout: .seconds(20))
        }
        #expect(error?.kind == .refused, "\(String(describing: error))")
        #expect(error?.description.contains("to.ken") == false)
    }

    @Test func `a server that never answers is given up`() async throws {
        let silent = try SilentServer()
        let error = await failure { () throws(SQLError) in
            _ = try await open(silent.section, database: "x", timeout: .seconds(1))
        }
        withExtendedLifetime(silent) {}
        #expect(error?.kind == .unreachable, "\(String(describing: error))")
    }

    @Test func `connecting ends when its task is cancelled, whatever the driver does`() async throws {
        let silent = try SilentServer()
        let task = Task {
            await failure { () throws(SQLError) in
                _ = try await open(silent.section, database: "x", timeout: .seconds(600))
            }
        }
        await silent.waitForConnection()
        task.cancel()
        #expect(await task.value?.kind == .cancelled)
        withExtendedLifetime(silent) {}
    }

    // MARK: Running

    @Test func `the injected name of a database reaches the server as a name`() async throws {
        let trial = try TrialDatabase()
        for name in ["\(trial.name);Database=postgres", "\(trial.name)};Database={postgres", "x;UID=postgres;PWD=x"] {
            let error = await failure { () throws(SQLError) in _ = try await trial.open(database: name) }
            #expect(error?.kind == .unavailable, "\(name): \(String(describing: error))")
        }
        let odd = "od,d (name)'s"
        try trial.server.createDatabase(odd)
        let connection = try await trial.open(database: odd)
        #expect(try await connection.run("SELECT current_database()").rows == [[.text(odd)]])
        await connection.close()
    }

    static let statements: [(String, SQLError.Kind, String)] = [
        ("SELECT * FROM nothing", .statement, "42P01"), ("SELEC 1", .statement, "42601"),
        ("SELECT 1/0", .statement, "22012"),
        ("SELECT * FROM secret", .denied, "42501"), ("SELECT 1; SELECT 1/0", .statement, "22012"),
    ]

    @Test func `what the database refuses has its state, and the connection stays`() async throws {
        let trial = try TrialDatabase()
        _ = try trial.server.run("CREATE TABLE secret (a int);", in: trial.name)
        let connection = try await trial.open()
        for (statement, kind, state) in Self.statements {
            let error = await failure { () throws(SQLError) in _ = try await connection.run(statement) }
            #expect(error?.kind == kind && error?.state == state, "\(statement): \(String(describing: error))")
        }
        #expect(try await connection.run("SELECT 1").rows == [[.integer(1)]])
        await connection.close()
    }

    @Test func `a connection that is ended in mid-query is lost, and so is what follows on it`() async throws {
        let trial = try TrialDatabase()
        let connection = try await trial.open()
        let task = Task {
            await failure { () throws(SQLError) in _ = try await connection.run("SELECT pg_sleep(36000)") }
        }
        _ = try await trial.endSleeper(by: "pg_terminate_backend")
        let error = await task.value
        #expect(error?.kind == .connectionLost, "\(String(describing: error))")
        let after = await failure { () throws(SQLError) in _ = try await connection.run("SELECT 1") }
        #expect(after?.kind == .connectionLost, "\(String(describing: after))")
        await connection.close()
    }

    @Test func `a slow query is stopped at its time limit, and the connection stays`() async throws {
        let connection = try await TrialDatabase().open()
        let error = await failure { () throws(SQLError) in
            _ = try await connection.run("SELECT pg_sleep(36000)", [], timeout: .seconds(1))
        }
        #expect(error?.kind == .timedOut && error?.state == "57014", "\(String(describing: error))")
        #expect(try await connection.run("SELECT 1").rows == [[.integer(1)]])
        await connection.close()
    }

    @Test func `a slow query is stopped when its task is cancelled, in the server too`() async throws {
        let trial = try TrialDatabase()
        let connection = try await trial.open()
        let task = Task {
            await failure { () throws(SQLError) in _ = try await connection.run("SELECT pg_sleep(36000)") }
        }
        try await trial.waitForSleeper()
        task.cancel()
        let error = await task.value
        #expect(error?.kind == .cancelled && error?.state == "57014", "\(String(describing: error))")
        #expect(try trial.sleepers() == "0")
        #expect(try await connection.run("SELECT 1").rows == [[.integer(1)]])
        await connection.close()
    }

    @Test func `a statement that waits for its turn can be cancelled, and the one before it goes on`() async throws {
        let trial = try TrialDatabase()
        let connection = try await trial.open()
        let first = Task {
            await failure { () throws(SQLError) in _ = try await connection.run("SELECT pg_sleep(36000)") }
        }
        try await trial.waitForSleeper()
        let second = Task { await failure { () throws(SQLError) in _ = try await connection.run("SELECT 1") } }
        second.cancel()
        #expect(await second.value?.kind == .cancelled)
        #expect(try trial.sleepers() == "1")
        first.cancel()
        #expect(await first.value?.kind == .cancelled)
        await connection.close()
    }

    @Test func `two connections are at work at the same time`() async throws {
        let trial = try TrialDatabase()
        let (one, two) = (try await trial.open(), try await trial.open())
        let sleeper = Task { await failure { () throws(SQLError) in _ = try await one.run("SELECT pg_sleep(36000)") } }
        try await trial.waitForSleeper()
        #expect(try await two.run("SELECT 2").rows == [[.integer(2)]])
        sleeper.cancel()
        #expect(await sleeper.value?.kind == .cancelled)
        await one.close()
        await two.close()
    }

    @Test func `a closed connection takes no statement, and may be closed again`() async throws {
        let connection = try await TrialDatabase().open()
        await connection.close()
        await connection.close()
        let error = await failure { () throws(SQLError) in _ = try await connection.run("SELECT 1") }
        #expect(error?.kind == .connectionLost)
    }
}

extension TrialDatabase {
    private static let sleeping =
        "FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%pg_sleep(36000)%' AND pid <> pg_backend_pid()"

    func sleepers() throws -> String {
        String(try server.run("SELECT count(*) \(Self.sleeping);", in: name).dropLast())
    }

    /// Until the server runs a query that sleeps. Between two looks other tasks go on.
    func waitForSleeper() async throws {
        while try sleepers() == "0" { await Task.yield() }
    }

    func endSleeper(by function: String) async throws -> String {
        try await waitForSleeper()
        return try server.run("SELECT \(function)(pid) \(Self.sleeping);", in: name)
    }
}

/// Takes connections and says nothing.
final class SilentServer: Sendable {
    private let listener: Int32
    let port: Int

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        port = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(listener, $0, length) == 0 && listen(listener, 5) == 0)
                precondition(getsockname(listener, $0, &length) == 0)
            }
            return Int(UInt16(bigEndian: $0.pointee.sin_port))
        }
    }

    deinit { close(listener) }

    var section: JSON {
        [
            "connection": .string(
                "Driver={PostgreSQL Unicode};Server=127.0.0.1;Port=\(port);Database=x;SSLmode=disable"), "user": "u",
        ]
    }

    /// Until a connection waits to be taken. Between two looks other tasks go on.
    func waitForConnection() async {
        var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, 10) < 1 { await Task.yield() }
    }
}
