// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import Foundation
import MusterModel
import Synchronization
import Testing

@testable import OracleCloudClient

/// Requests that Oracle's own SDK has signed, and the throw-away key that it signed them with.
let vectors: JSON = {
    // Without this file no test of the suite can say anything.
    guard let data = try? Data(contentsOf: contractFile("signing-vectors.json")),
        let json = try? JSON.parse(Array(data))
    else { fatalError("signing-vectors.json cannot be read") }
    return json
}()

func contractFile(_ name: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Contract/\(name)")
}

func keyText(_ name: String) -> String { vectors["key"]?[name]?.string ?? "" }

/// When these tests begin.
let testStart = Timestamp("2034-01-05T21:31:40Z")!

/// Answers by a list, in order, and keeps what it was sent.
final class ScriptedTransport: HTTPTransport {
    typealias Reply = Result<HTTPResponse, TransportError>
    private let state: Mutex<(replies: [Reply], requests: [HTTPRequest])>

    init(_ replies: [Reply]) { state = Mutex((replies, [])) }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }

    func send(_ request: HTTPRequest, timeout: Duration) async throws(TransportError) -> HTTPResponse {
        try state.withLock { (state) -> Reply in
            state.requests.append(request)
            guard !state.replies.isEmpty else {
                return .failure(TransportError(.tls, "the script has no answer for \(request.url)"))
            }
            return state.replies.removeFirst()
        }.get()
    }
}

extension Result where Success == HTTPResponse, Failure == TransportError {
    static func answer(_ body: JSON, status: Int = 200, headers: HeaderFields = [:]) -> Self {
        .success(HTTPResponse(status: status, headers: headers, body: body.canonicalBytes()))
    }
}

let frankfurt = OracleID("ocid1.database.oc1.eu-frankfurt-1.aaaaprimary")!
let ashburn = OracleID("ocid1.database.oc1.iad.aaaastandby")!

let cluster = OracleID("ocid1.cloudvmcluster.oc1.eu-frankfurt-1.aaaacluster")!
let compartment = OracleID("ocid1.compartment.oc1..aaaacompartment")!
let home = OracleID("ocid1.dbhome.oc1.eu-frankfurt-1.aaaahome")!
let node = OracleID("ocid1.dbnode.oc1.eu-frankfurt-1.aaaanode")!
let registeredKey = OracleID("ocid1.oracledbazurekey.oc1.eu-frankfurt-1.aaaakey")!

let newDatabase = NewDatabase(
    home: home, name: "SALES", uniqueName: "SALES_FRA", pluggableDatabase: "ORDERS", key: registeredKey,
    characterSet: "AL32UTF8")
let newStandby = NewStandby(
    home: home, source: ashburn, uniqueName: "SALES_FRA", key: registeredKey, protectionMode: "MAXIMUM_PERFORMANCE",
    transport: "ASYNC", isActive: true)

func ociSection(_ more: [String: JSON] = [:]) -> JSON {
    let base: [String: JSON] = [
        "credential": [
            "type": "api-key", "tenancy": .string(keyText("tenancy")), "user": .string(keyText("user")),
            "fingerprint": .string(keyText("fingerprint")), "key": .string(keyText("pkcs8Pem")),
        ],
        "region": "eu-frankfurt-1", "database-admin-password": "s3cr3t",
    ]
    return .object(base.merging(more) { $1 })
}

func databaseJSON(_ id: OracleID, state: String = "AVAILABLE") -> JSON {
    [
        "id": .string(id.text), "compartmentId": "ocid1.compartment.oc1..c", "dbName": "SALES",
        "dbUniqueName": "SALES_FRA", "lifecycleState": .string(state), "timeCreated": "2026-01-01T00:00:00.000Z",
    ]
}

/// A client with a script below it.
struct Bench {
    let time = ManualTime(testStart)
    let transport: ScriptedTransport
    let exchanges = Recorder()
    let client: OracleClient

    init(_ replies: [ScriptedTransport.Reply], section: JSON = ociSection()) throws {
        transport = ScriptedTransport(replies)
        client = OracleClient(try OracleConnection(section), transport: transport, time: time.source)
    }

    func calls(within duration: Duration = .seconds(600), key: String? = "run/step") -> OracleCalls {
        client.calls(
            OracleContext(
                deadline: Deadline(after: duration, from: time.source), idempotencyKey: key, record: exchanges.add))
    }

    var database: Tagged<OracleDatabase> {
        get throws { Tagged(value: try databaseJSON(ashburn).decode(OracleDatabase.self), etag: "etag-1") }
    }
}

final class Recorder: Sendable {
    private let state = Mutex([Exchange]())
    var all: [Exchange] { state.withLock { $0 } }
    func add(_ exchange: Exchange) { state.withLock { $0.append(exchange) } }
}

/// The error that the work throws; the test fails when it throws none.
func oracleError(
    _ work: () async throws -> some Sendable, at location: Testing.SourceLocation = #_sourceLocation
) async -> OracleError? {
    do {
        _ = try await work()
        Issue.record("no error was thrown", sourceLocation: location)
    } catch let error as OracleError {
        return error
    } catch {
        Issue.record("another error: \(error)", sourceLocation: location)
    }
    return nil
}
