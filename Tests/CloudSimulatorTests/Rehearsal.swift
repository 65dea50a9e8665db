// SPDX-License-Identifier: Apache-2.0

import CloudSimulator
import MusterModel
import Testing

/// A world with a clock that the test turns, and requests as a client would send them.
struct Rehearsal {
    static let oldKey = "https://shared.vault.azure.net/keys/old/00000000000000000000000000000001"
    static let keyA = "https://vaulta.vault.azure.net/keys/a/0000000000000000000000000000000a"
    static let keyB = "https://vaultb.vault.azure.net/keys/b/0000000000000000000000000000000b"
    static let oldName = "shared_old_00000000000000000000000000000001"
    static let nameA = "vaulta_a_0000000000000000000000000000000a"
    static let nameB = "vaultb_b_0000000000000000000000000000000b"
    static let group = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/lab"
    static let servers = "\(group)/providers/Microsoft.Sql/servers"
    static let vaults = "\(group)/providers/Microsoft.KeyVault/vaults"
    static let start = Timestamp(milliseconds: 1_795_000_000_000)
    static let secret = "a-secret-of-the-simulated-world"

    var world: AzureWorld
    var now = start
    var token = ""
    var keyToken = ""
    /// Every exchange, as check_request.py reads it.
    var exchanges: [JSON] = []

    init(_ change: (inout JSON) -> Void = { _ in }, faults: [String] = [], speed: Double = 1) throws {
        var document = Self.document
        change(&document)
        let scenario = try CloudScenario(document.canonicalBytes(), file: "test.yaml")
        let state = try scenario.state(at: Self.start, clientSecret: Self.secret)
        let rules = try faults.map { try FaultRule(commandLine: $0) }
        world = AzureWorld(
            state: state, faults: scenario.faults + rules, signingSecret: "test", speed: speed, started: Self.start)
        try renewTokens()
    }

    mutating func renewTokens() throws {
        let first = signIn("https://management.azure.com/.default")
        let second = signIn("https://vault.azure.net/.default")
        token = try #require(first)
        keyToken = try #require(second)
    }

    /// Both servers on one old key; A and B wait in their vaults, and both servers may use all vaults.
    static let document: JSON = [
        "scenario": "test", "summary": "Two servers about to get a key each",
        "cloud": [
            "resource-group": "lab",
            "servers": [
                "first": ["location": "eastus", "databases": ["db"], "protector": .string(oldKey)],
                "second": ["location": "westus2", "databases": ["db"], "protector": .string(oldKey)],
            ],
            "failover-groups": ["pair": ["primary": "first", "secondary": "second"]],
            "vaults": [
                "shared": [
                    "location": "eastus", "keys": ["old": ["versions": ["00000000000000000000000000000001": [:]]]],
                ],
                "vaulta": [
                    "location": "eastus", "keys": ["a": ["versions": ["0000000000000000000000000000000a": [:]]]],
                ],
                "vaultb": [
                    "location": "westus2", "keys": ["b": ["versions": ["0000000000000000000000000000000b": [:]]]],
                ],
            ],
            "role-assignments": [
                ["principal": "first", "role": "Key Vault Crypto Service Encryption User"],
                ["principal": "second", "role": "Key Vault Crypto Service Encryption User"],
            ],
        ],
    ]
}

extension Rehearsal {
    /// Sends a request as it is.
    mutating func send(_ request: SimulatedRequest) -> SimulatedResponse {
        let answer = world.handle(request, at: now)
        var exchange: [String: JSON] = [
            "method": .string(request.method), "status": .int(Int64(answer.status)),
            "url": .string(request.origin + target(request)),
        ]
        if let json = answer.json { exchange["response"] = json }
        if !request.body.isEmpty {
            // A form goes to the checker as its text.
            exchange["body"] = (try? JSON.parse(request.body)) ?? .string(String(decoding: request.body, as: UTF8.self))
        }
        if !request.path.hasPrefix("/simulator") { exchanges.append(.object(exchange)) }
        return answer
    }

    private func target(_ request: SimulatedRequest) -> String {
        request.path + "?" + request.query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    /// To Resource Manager, with the token.
    mutating func call(_ method: String, _ path: String, _ body: JSON? = nil, version: String = "2023-08-01")
        -> SimulatedResponse
    {
        send(
            SimulatedRequest(
                method, host: "127.0.0.1:8080", target: "\(path)?api-version=\(version)",
                headers: ["Authorization": "Bearer \(token)"], body: body?.canonicalBytes() ?? []))
    }

    mutating func get(_ path: String, version: String = "2023-08-01") -> JSON {
        call("GET", path, version: version).json ?? .null
    }

    /// To a vault's data plane.
    mutating func key(_ vault: String, _ path: String, token: String? = nil, version: String = "7.5")
        -> SimulatedResponse
    {
        send(
            SimulatedRequest(
                "GET", host: "\(vault).vault.localhost:8080", target: "\(path)?api-version=\(version)",
                headers: ["Authorization": "Bearer \(token ?? keyToken)"]))
    }

    mutating func tokenRequest(_ fields: [String: String], tenant: String = "11111111-1111-1111-1111-111111111111")
        -> SimulatedResponse
    {
        let form = fields.map { "\($0.key)=\($0.value)" }.joined(separator: "&")
        return send(
            SimulatedRequest(
                "POST", host: "127.0.0.1:8080", target: "/\(tenant)/oauth2/v2.0/token", body: Array(form.utf8)))
    }

    mutating func signIn(_ scope: String) -> String? {
        tokenRequest([
            "grant_type": "client_credentials", "client_id": "33333333-3333-3333-3333-333333333333", "scope": scope,
            "client_secret": Self.secret,
        ]).json?["access_token"]?.string
    }

    mutating func pass(_ duration: Duration) { now = now.advanced(by: duration) }

    /// Sends a change and follows it to its end: `Succeeded`, the error's code, or the status of an answer without body.
    mutating func follow(_ method: String, _ path: String, _ body: JSON? = nil) -> String {
        let answer = call(method, path, body)
        guard answer.status == 202, let url = answer.headers["azure-asyncoperation"] else {
            return answer.json?["error"]?["code"]?.string ?? String(answer.status)
        }
        pass(.seconds(120))
        let status = poll(url).json
        return status?["error"]?["code"]?.string ?? status?["status"]?.string ?? "no status"
    }

    mutating func poll(_ url: String) -> SimulatedResponse {
        let target = String(url.dropFirst("http://127.0.0.1:8080".count))
        return send(
            SimulatedRequest(
                "GET", host: "127.0.0.1:8080", target: target, headers: ["Authorization": "Bearer \(token)"]))
    }

    mutating func register(_ uri: String, as name: String, on server: String) -> String {
        follow(
            "PUT", "\(Self.servers)/\(server)/keys/\(name)",
            ["properties": ["serverKeyType": "AzureKeyVault", "uri": .string(uri)]])
    }

    mutating func protect(_ server: String, with name: String) -> String {
        follow(
            "PUT", "\(Self.servers)/\(server)/encryptionProtector/current",
            [
                "properties": [
                    "serverKeyType": "AzureKeyVault", "serverKeyName": .string(name), "autoRotationEnabled": false,
                ]
            ])
    }

    /// The kinds of all effects so far, in order.
    var effects: [String] { world.effects.map(\.kind) }
}

extension JSON {
    /// Sets a member deep inside, making objects on the way.
    mutating func set(_ path: String..., to value: JSON) { set(path[...], value) }

    private mutating func set(_ path: ArraySlice<String>, _ value: JSON) {
        guard let name = path.first else { return self = value }
        var members = object ?? [:]
        var member = members[name] ?? [:]
        member.set(path.dropFirst(), value)
        members[name] = member
        self = .object(members)
    }
}
