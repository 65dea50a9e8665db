// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What an Oracle database would answer, at `/simulator/oracle/sql`. Its own sign-in is not simulated: the user is an ordinary
/// one, whom a database that is only mounted does not let in.
extension OracleWorld {
    mutating func sql(
        _ request: SimulatedRequest, at now: Timestamp, _ azure: inout AzureWorld
    ) -> SimulatedResponse {
        do throws(DatabaseError) {
            let asked = try SQLRequest(request.body)
            guard let statement = OracleStatement(asked.statement) else { throw .unknownOracleStatement }
            guard statement.parameterCount == asked.parameters.count else { throw .parameterCount }
            let database = try opened(asked)
            return SimulatedResponse(200, try answer(statement, asked, database, at: now, &azure).json)
        } catch {
            return error.response
        }
    }

    /// The database that the unique name leads to, when an ordinary user is let in.
    private func opened(_ asked: SQLRequest) throws(DatabaseError) -> OracleState.Database {
        let named = { (text: String, name: String) in text.lowercased() == name.lowercased() }
        // Of those that had the name one after the other the last one counts.
        guard let database = state.databases.last(where: { named($0.uniqueName, asked.server) }),
            !["TERMINATED", "TERMINATING", "PROVISIONING", "FAILED"].contains(database.lifecycleState)
        else { throw .unknownService(asked.server) }
        let service = { (name: String?) in String(database.connectString(name).split(separator: "/").last ?? "") }
        let pluggable = database.place.pluggables.first { named(service($0.name), asked.database) }
        guard pluggable != nil || named(service(nil), asked.database) else { throw .unknownService(asked.database) }
        if !state.nodes(of: database).contains(where: { !database.place.closed.contains($0) }) {
            throw database.keys.registered == nil ? .notAvailable : .mounted
        }
        if pluggable?.openMode == "MOUNTED" || openMode(database) == "MOUNTED" { throw .mounted }
        return database
    }

    private func openMode(_ database: OracleState.Database) -> String {
        switch database.role {
        case "PRIMARY", "SNAPSHOT_STANDBY": "READ WRITE"
        case "STANDBY": database.place.isActive ? "READ ONLY WITH APPLY" : "MOUNTED"
        default: "MOUNTED"
        }
    }

    private mutating func answer(
        _ statement: OracleStatement, _ asked: SQLRequest, _ database: OracleState.Database, at now: Timestamp,
        _ azure: inout AzureWorld
    ) throws(DatabaseError) -> SQLTable {
        switch statement {
        case .keystores: return keystores(database, at: now, azure)
        case .masterKeys: return masterKeys(database, at: now)
        case .database: return view(database)
        case .lags: return lags(database, at: now)
        case .gaps: return SQLTable(columns: ["GAPS"], rows: [[.integer(Int64(database.place.gaps))]])
        case .instances: return instances(database, at: now)
        case .tablespace: return tablespaces(database)
        case .insertMarker(let table):
            guard openMode(database) == "READ WRITE" else { throw .openReadOnly }
            guard case .text(let run) = asked.parameters[0], case .integer(let marker) = asked.parameters[1],
                case .text(let written) = asked.parameters[2]
            else { throw .notAText }
            if let node = state.nodes(of: database).first {
                noteKeyUse(database, on: node, "KeyUnwrap", at: now, &azure)
            }
            state.rows.append(
                OracleRow(owner: owner(database), table: table, run: run, marker: marker, writtenAt: written))
            note("row.written", database.uniqueName, at: now)
            return SQLTable()
        case .newestMarker(let table):
            let newest = state.rows.filter { isSeen($0, by: database) && $0.table == table }
                .filter { .text($0.run) == asked.parameters[0] }.map(\.marker).max()
            return SQLTable(columns: ["NEWEST"], rows: [[newest.map { .integer($0) } ?? .null]])
        case .deleteMarkers(let table):
            guard openMode(database) == "READ WRITE" else { throw .openReadOnly }
            let owner = owner(database)
            let before = state.rows.count
            state.rows.removeAll {
                $0.owner == owner && $0.table == table && .text($0.run) == asked.parameters[0]
            }
            if state.rows.count < before { note("rows.deleted", database.uniqueName, at: now) }
            return SQLTable()
        }
    }

    /// What is written to a snapshot stays there, and goes with it.
    private func owner(_ database: OracleState.Database) -> String {
        database.role == "SNAPSHOT_STANDBY" ? database.id : database.group ?? database.id
    }

    private func isSeen(_ row: OracleRow, by database: OracleState.Database) -> Bool {
        row.owner == owner(database) || row.owner == database.group ?? database.id
    }

    // MARK: Views

    /// The root and each pluggable database, of each instance that is open.
    private func keystores(_ database: OracleState.Database, at now: Timestamp, _ azure: AzureWorld) -> SQLTable {
        var table = SQLTable(columns: ["INST_ID", "CON_ID", "WRL_TYPE", "STATUS", "WALLET_TYPE"])
        for (index, node) in state.nodes(of: database).enumerated() where !database.place.closed.contains(node) {
            let isReached = keyObstacle(database, on: node, at: now, azure) == nil
            for container in database.containers {
                if database.keys.registered != nil {
                    table.rows.append([
                        .integer(Int64(index + 1)), .integer(container), .text("HSM"),
                        .text(isReached ? "OPEN" : "CLOSED"), .text("HSM"),
                    ])
                }
                table.rows.append([
                    .integer(Int64(index + 1)), .integer(container), .text("FILE"),
                    .text(database.keys.registered == nil ? "OPEN" : "OPEN_NO_MASTER_KEY"), .text("AUTOLOGIN"),
                ])
            }
        }
        return table
    }

    private func masterKeys(_ database: OracleState.Database, at now: Timestamp) -> SQLTable {
        var table = SQLTable(columns: ["CON_ID", "KEY_ID", "KEYSTORE_TYPE", "ACTIVATED", "READ_AT"])
        guard let newest = database.keys.history.last else { return table }
        let before = Timestamp(milliseconds: 3_600_000)
        for container in database.containers {
            let key = database.keys.ofContainers[container] ?? newest
            table.rows.append([
                .integer(container), .text("06\(database.uniqueName)-\(container)-\(key.id)"),
                .text(key.isExternal ? "HSM" : "SOFTWARE KEYSTORE"), .text(clock(key.activated ?? before)),
                .text(clock(now)),
            ])
        }
        return table
    }

    /// `2026-03-10 12:00:00`
    private func clock(_ moment: Timestamp) -> String {
        String(moment.description.prefix(19)).replacing("T", with: " ")
    }

    private func view(_ database: OracleState.Database) -> SQLTable {
        let role = ["STANDBY": "PHYSICAL STANDBY", "SNAPSHOT_STANDBY": "SNAPSHOT STANDBY"][database.role]
        let mode = database.group.flatMap { state.protections[$0]?.mode } ?? state.protectionMode
        return SQLTable(
            columns: [
                "NAME", "DB_UNIQUE_NAME", "DATABASE_ROLE", "OPEN_MODE", "PROTECTION_MODE", "SWITCHOVER_STATUS",
                "FORCE_LOGGING", "FLASHBACK_ON",
            ],
            rows: [
                [
                    .text(database.name ?? state.databaseName), .text(database.uniqueName),
                    .text(role ?? database.role), .text(openMode(database)),
                    .text(mode.replacing("_", with: " ")),
                    .text(database.role == "PRIMARY" ? "TO STANDBY" : "NOT ALLOWED"), .text("YES"), .text("YES"),
                ]
            ])
    }

    /// A primary shows no rows.
    private func lags(_ database: OracleState.Database, at now: Timestamp) -> SQLTable {
        var table = SQLTable(columns: ["NAME", "VALUE", "TIME_COMPUTED", "DATUM_TIME"])
        guard database.role != "PRIMARY" else { return table }
        let time: SQLCell = .text(clock(now))
        table.rows = [("transport lag", database.transportLag), ("apply lag", database.applyLag)].map { name, value in
            [.text(name), interval(value).map { .text($0) } ?? .null, time, time]
        }
        return table
    }

    /// `20 minutes` as the view writes it.
    private func interval(_ text: String) -> String? {
        let words = text.split(separator: " ")
        guard words.count == 2, let amount = Int(words[0]) else { return nil }
        let unit = words[1].hasPrefix("second") ? 1 : words[1].hasPrefix("minute") ? 60 : 3600
        let seconds = amount * unit
        let parts = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
        let days = seconds / 86_400
        return "+\(days < 10 ? "0" : "")\(days) \(parts.joined(separator: ":"))"
    }

    private func instances(_ database: OracleState.Database, at now: Timestamp) -> SQLTable {
        var table = SQLTable(columns: ["INST_ID", "HOST_NAME", "STATUS", "UP_SECONDS"])
        for (index, node) in state.nodes(of: database).enumerated() where !database.place.closed.contains(node) {
            let started = database.place.started[node] ?? Timestamp(milliseconds: 0)
            table.rows.append([
                .integer(Int64(index + 1)), .text(node), .text("OPEN"),
                .integer(now.duration(since: started).milliseconds / 1000),
            ])
        }
        return table
    }

    private func tablespaces(_ database: OracleState.Database) -> SQLTable {
        SQLTable(
            columns: ["TABLESPACE_NAME", "ENCRYPTED"],
            rows: database.place.tablespaces.sorted { $0.key < $1.key }.prefix(1).map {
                [.text($0.key), .text($0.value ? "YES" : "NO")]
            })
    }
}
