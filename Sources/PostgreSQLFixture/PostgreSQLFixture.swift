// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import MusterModel
internal import MusterSystem
internal import Synchronization

/// A PostgreSQL of this process alone, on loopback, for tests. It ends with the process, whatever ends that.
///
/// Connections over TCP need the user ``user`` with the password ``password``; ``run(_:in:)`` is the superuser's way.
package final class PostgreSQLFixture: Sendable {
    package static let user = "drill"
    package static let password = "drill;pass{word}="

    package let port: Int
    /// Holds the server's data and its socket; removed when the process ends.
    package let folder: String
    private let names = Mutex(0)
    /// Waits for the end of its input, which comes with the end of this process, and then stops the server.
    private let keeper: Mutex<ChildProcess>

    private static let shared = Result { () throws(MusterError) in try PostgreSQLFixture() }

    /// The server, started when first asked for.
    ///
    /// - Throws: `test.no-postgresql` with what the server said.
    package static func running() throws(MusterError) -> PostgreSQLFixture { try shared.get() }

    private init() throws(MusterError) {
        var reason = ""
        // Between the choice of a free port and its use another process may take it.
        for _ in 0..<5 {
            let port = freePort()
            let child = try ChildProcess(
                path: "/bin/sh", arguments: ["-c", keeperScript, "keeper", String(port), Self.user, Self.password],
                environment: ["PATH": searchPath, "LC_ALL": "C.UTF-8"])
            let answer = readLine(child)
            if answer.hasPrefix("/") {
                self.port = port
                folder = answer
                keeper = Mutex(child)
                return
            }
            reason = answer
        }
        throw MusterError(code: "test.no-postgresql", "PostgreSQL could not be started: \(reason)")
    }

    /// For the psqlodbc driver, without user and password, which environments name beside it.
    package func connectionString(database: String) -> String {
        "Driver={PostgreSQL Unicode};Server=127.0.0.1;Port=\(port);Database=\(database);SSLmode=disable"
    }

    /// An empty database of a name not used before, which belongs to ``user``.
    package func createDatabase() throws(MusterError) -> String {
        let number = names.withLock { number in
            number += 1
            return number
        }
        try createDatabase("drill\(number)")
        return "drill\(number)"
    }

    /// An empty database, which belongs to ``user``.
    package func createDatabase(_ name: String) throws(MusterError) {
        let quoted = name.replacing("\"", with: "\"\"")
        _ = try run("CREATE DATABASE \"\(quoted)\" OWNER \(Self.user);", in: "postgres")
    }

    /// Runs a script as superuser; the first error ends it.
    ///
    /// - Returns: the rows, one a line, their columns separated by `|`.
    /// - Throws: `test.sql` with what psql said.
    package func run(_ script: String, in database: String) throws(MusterError) -> String {
        let child = try ChildProcess(
            path: "/usr/bin/env",
            arguments: ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", "-"],
            environment: [
                "PATH": searchPath, "PGHOST": folder, "PGPORT": String(port), "PGUSER": "postgres",
                "PGDATABASE": database, "LC_ALL": "C.UTF-8",
            ])
        let (output, errors) = exchange(Array(script.utf8), with: child)
        guard child.reap(blocking: true) == .exited(0) else {
            throw MusterError(code: "test.sql", "psql: \(errors)")
        }
        return output
    }
}

/// What starts the server; its arguments are the port, and the user with the password. It answers with the server's folder, or with what went wrong.
///
/// PostgreSQL refuses to run as root, hence the user that Debian's package brings. It is a server without any promise of
/// durability, hence the switches.
private let keeperScript = #"""
    trap '' INT TERM HUP
    folder=$(mktemp -d /tmp/muster-pg.XXXXXX) || exit 1
    as_owner() { "$@"; }
    if [ "$(id -u)" = 0 ]; then
        chown postgres "$folder"
        as_owner() { runuser -u postgres -- "$@"; }
    fi
    cd "$folder"
    stop() { as_owner pg_ctl -D "$folder/data" -s -m immediate stop >/dev/null 2>&1; rm -rf "$folder"; }
    fail() { why="$1: $(tail -n 3 "$folder/$1.log" | tr '\n' ' ')"; stop; echo "$why"; exit 1; }
    as_owner initdb -D "$folder/data" -U postgres -A trust --no-sync --locale=C.UTF-8 -E UTF8 \
        >"$folder/initdb.log" 2>&1 || fail initdb
    printf 'local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n' >"$folder/data/pg_hba.conf"
    as_owner pg_ctl -D "$folder/data" -l "$folder/data/server.log" -s -w -t 60 -o "-p $1 -k $folder \
        -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200 -c unix_socket_permissions=0777" start \
        >"$folder/start.log" 2>&1 </dev/null || { cat "$folder/data/server.log" >>"$folder/start.log"; fail start; }
    echo "CREATE ROLE $2 LOGIN PASSWORD '$3'" |
        psql -Xq -h "$folder" -p "$1" -U postgres postgres >"$folder/role.log" 2>&1 || fail role
    chmod 755 "$folder"
    echo "$folder"
    cat >/dev/null
    stop
    """#

/// Debian and Ubuntu keep each version's programs apart from the system's.
private let searchPath =
    (["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"]
    + (10...30).reversed().map { "/usr/lib/postgresql/\($0)/bin" }).joined(separator: ":")

private func freePort() -> Int {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            precondition(bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0, "no free port")
        }
        return Int(UInt16(bigEndian: $0.pointee.sin_port))
    }
}

/// The child's first line, or all that it said when it ended without one.
private func readLine(_ child: ChildProcess) -> String {
    var line: [UInt8] = []
    while true {
        switch child.readOutput() {
        case .bytes(let bytes):
            line += bytes
            if let end = line.firstIndex(of: 0x0A) { return String(decoding: line[..<end], as: UTF8.self) }
        case .nothingYet: _ = waitUntilReady([PollTarget(reading: child.output)], timeout: nil)
        case .endOfFile: return String(decoding: line, as: UTF8.self)
        }
    }
}

/// Gives the child its input and reads all that it says.
private func exchange(_ input: [UInt8], with child: ChildProcess) -> (output: String, errors: String) {
    var output: [UInt8] = []
    var errors: [UInt8] = []
    // False: the child has ended early, and says why.
    var isWriting = child.send(input)
    while child.output >= 0 || child.errors >= 0 {
        if isWriting { isWriting = child.flush() && child.unsentCount > 0 }
        if !isWriting { child.closeInput() }
        if case .bytes(let bytes) = child.readOutput() { output += bytes }
        if case .bytes(let bytes) = child.readErrors() { errors += bytes }
        var targets = [child.output, child.errors].filter { $0 >= 0 }.map(PollTarget.init(reading:))
        if isWriting { targets.append(PollTarget(writing: child.input)) }
        if !targets.isEmpty { _ = waitUntilReady(targets, timeout: nil) }
    }
    return (String(decoding: output, as: UTF8.self), String(decoding: errors, as: UTF8.self))
}
