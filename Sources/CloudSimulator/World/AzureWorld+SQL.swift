// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What a database would answer, below `/simulator/sql`. Its own sign-in is not simulated, so no token is asked for.
extension AzureWorld {
    /// Nil when the request is none of these.
    mutating func sql(_ request: SimulatedRequest, at now: Timestamp) -> SimulatedResponse? {
        guard request.segments.prefix(2) == ["simulator", "sql"] else { return nil }
        var response: SimulatedResponse
        var faults: [String] = []
        switch (request.method, request.segments.dropFirst(2).joined(separator: "/")) {
        case ("POST", ""): response = answer(request, at: now, &faults)
        case ("GET", "dm_database_encryption_keys"):
            response = look(request, asksForEncryption: true, at: now, &faults) { world, database in
                let rows = world.encryptionKeyRows(database, at: now).map { $0.joined(separator: ",") + "\n" }
                return .raw(Array(rows.joined().utf8), contentType: "text/csv; charset=utf-8")
            }
        case ("GET", "open"):
            response = look(request, at: now, &faults) { _, _ in .raw(Array("1".utf8), contentType: "text/plain") }
        default: return nil
        }
        requests.append(RequestLog.Entry(request, operation: "sql", status: response.status, faults: faults, at: now))
        return response
    }

    private mutating func answer(_ request: SimulatedRequest, at now: Timestamp, _ faults: inout [String])
        -> SimulatedResponse
    {
        do throws(DatabaseError) {
            let asked = try SQLRequest(request.body)
            let asksForEncryption = SQLStatement(asked.statement) == .encryptionKeys
            let database = try open(asked.database, on: asked.server, asksForEncryption: asksForEncryption, at: now)
            if dropsConnection(to: database, &faults) {
                var response = SimulatedResponse(emptyWith: 500)
                response.dropsConnection = true
                return response
            }
            return SimulatedResponse(200, try run(asked, on: database, at: now).json)
        } catch {
            return error.response
        }
    }

    /// For a database that stands in for this one: a broken connection there shows as one that can't be opened.
    private mutating func look(
        _ request: SimulatedRequest, asksForEncryption: Bool = false, at now: Timestamp, _ faults: inout [String],
        _ show: (AzureWorld, OpenDatabase) -> SimulatedResponse.Body
    ) -> SimulatedResponse {
        var response = SimulatedResponse(emptyWith: 200)
        do throws(DatabaseError) {
            guard let server = request.query("server"), let name = request.query("database") else {
                throw .invalidRequest("server and database are missing in its query.")
            }
            let database = try open(name, on: server, asksForEncryption: asksForEncryption, at: now)
            if dropsConnection(to: database, &faults) { throw .notAvailable(name, on: server) }
            response.body = show(self, database)
        } catch {
            return error.response
        }
        return response
    }

    private mutating func open(
        _ database: String, on server: String, asksForEncryption: Bool, at now: Timestamp
    ) throws(DatabaseError) -> OpenDatabase {
        let found = try open(database, on: server, at: now)
        guard asksForEncryption else { return found }
        befallEncryption(of: CaselessName(found.server.name), at: now)
        return try open(database, on: server, at: now)
    }

    private mutating func dropsConnection(to database: OpenDatabase, _ faults: inout [String]) -> Bool {
        guard let group = database.group, group.connectionsToDrop > 0 else { return false }
        state.failoverGroups[CaselessName(group.name)]?.connectionsToDrop -= 1
        faults.append(FaultKind.failoverDropsConnections.rawValue)
        return true
    }

    private mutating func run(_ asked: SQLRequest, on database: OpenDatabase, at now: Timestamp) throws(DatabaseError)
        -> SQLTable
    {
        guard let statement = SQLStatement(asked.statement) else { throw .unknownStatement }
        if let count = statement.parameterCount, count != asked.parameters.count { throw .parameterCount }
        switch statement {
        case .encryptionKeys: return encryptionKeys(database, at: now)
        case .replicationLinks: return replicationLinks(database, at: now)
        case .updateability:
            return SQLTable(
                columns: ["updateability"], rows: [[.text(database.isReadOnly ? "READ_ONLY" : "READ_WRITE")]])
        case .insertMarker(let table): return try insertMarker(asked.parameters, into: table, of: database, at: now)
        case .newestMarker(let table): return try newestMarker(asked.parameters, in: table, of: database)
        case .deleteMarkers(let table): return try deleteMarkers(asked.parameters, from: table, of: database, at: now)
        case .read: return SQLTable(columns: ["simulated"], rows: [[.integer(1)]])
        }
    }
}

/// The body of `POST /simulator/sql`, and of the same for Oracle.
struct SQLRequest {
    var server: String
    var database: String
    var statement: String
    var parameters: [SQLCell] = []

    init(_ body: [UInt8]) throws(DatabaseError) {
        let json: JSON
        do {
            json = try JSON.parse(body)
        } catch {
            throw .invalidRequest(error.description)
        }
        guard let server = json["server"]?.string, let database = json["database"]?.string,
            let statement = json["statement"]?.string
        else { throw .invalidRequest("server, database and statement are texts.") }
        // Both intents reach the same copy here: a server has one, and the name that was asked leads to it.
        guard let intent = json["intent"]?.string, ["ReadWrite", "ReadOnly"].contains(intent) else {
            throw .invalidRequest("intent is ReadWrite or ReadOnly.")
        }
        for value in json["parameters"]?.array ?? [] {
            guard let cell = SQLCell(value) else { throw .invalidRequest("a parameter is \(value.canonicalText).") }
            parameters.append(cell)
        }
        (self.server, self.database, self.statement) = (server, database, statement)
    }
}
