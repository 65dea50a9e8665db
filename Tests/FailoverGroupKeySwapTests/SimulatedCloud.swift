// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import Foundation
import MusterDocuments
import MusterModel
import Synchronization

@testable import CloudSimulator

/// The simulator's world as the shipped scenario builds it, without a server: a function from request to answer.
final class SimulatedCloud: Sendable {
    static let secret = "drill-secret"
    static let start = ManualTime.start
    private let world: Mutex<AzureWorld>

    /// - Parameter faults: as on the simulator's command line, `NAME[:setting=value,…]`.
    init(_ scenario: RehearsalScenario, faults: [String] = [], change: (inout AzureState) -> Void = { _ in }) throws {
        var state = try CloudScenario(scenario).state(at: Self.start, clientSecret: Self.secret)
        change(&state)
        world = Mutex(
            AzureWorld(
                state: state, faults: try faults.map { try FaultRule(commandLine: $0) }, signingSecret: "s", speed: 1,
                started: Self.start))
    }

    func answer(_ request: SimulatedRequest, at now: Timestamp) -> SimulatedResponse {
        world.withLock { $0.handle(request, at: now) }
    }

    /// What was really changed, as `kind target-name`, in order.
    var effects: [String] {
        world.withLock { $0.effects.map { "\($0.kind) \(Self.short($0.target))" } }
    }

    private static func short(_ target: String) -> String {
        target.replacing(/^.*\/servers\//, with: "")
    }

    func forgetSharedKey(on server: String) {
        change { state in
            let name = CaselessName(server)
            state.servers[name]!.keys = state.servers[name]!.keys.filter { !$0.value.name.contains("tdeshared") }
        }
    }

    func change(_ change: (inout AzureState) -> Void) { world.withLock { change(&$0.state) } }

    /// The world as it is now.
    var snapshot: AzureWorld { world.withLock { $0 } }

    func changeWorld(_ change: (inout AzureWorld) -> Void) { world.withLock { change(&$0) } }
}

/// What a scenario can be made to lack.
enum Lack: String, CaseIterable, Sendable {
    case server, ready, identity, catchUp, enabledKey, unexpiredKey, rsaKey, shortKey, key, purgeProtection, role,
        oldRole
    case accessPolicy, idle

    /// The id of the precondition that must say so, and a word of its sentence.
    var expected: (id: String, says: String) {
        switch self {
        case .server: ("server-ready", "There is no server")
        case .ready: ("server-ready", "Disabled, not Ready")
        case .identity: ("server-identity", "no managed identity")
        case .catchUp: ("replication-healthy", "SUSPENDED on tdesecondarytest")
        case .enabledKey: ("key-usable", "disabled")
        case .unexpiredKey: ("key-usable", "expired")
        case .rsaKey: ("key-usable", "EC, not RSA")
        case .shortKey: ("key-usable", "4096 bits")
        case .key: ("key-usable", "There is no key")
        case .purgeProtection: ("vault-protected", "lacks soft delete or purge protection")
        case .role: ("key-reachable", "No role on testanu2")
        case .oldRole: ("key-reachable", "may not be effective")
        case .accessPolicy: ("key-reachable", "no wrapkey")
        case .idle: ("server-idle", "UpsertLogicalServerEncryptionKeys")
        }
    }

    func take(from state: inout AzureState) {
        let server = CaselessName("tdeprimarytest")
        let vault = CaselessName("testanu2")
        func changeKey(_ change: (inout KeyVersion) -> Void) {
            change(&state.vaults[vault]!.keys[CaselessName("tey")]!.versions[0])
        }
        switch self {
        case .server: state.servers[server] = nil
        case .ready: state.servers[server]?.state = "Disabled"
        case .identity: state.servers[server]?.principal = nil
        case .catchUp:
            for name in state.failoverGroups.keys { state.failoverGroups[name]?.replicationState = "SUSPENDED" }
        case .enabledKey: changeKey { $0.enabled = false }
        case .unexpiredKey: changeKey { $0.expires = SimulatedCloud.start.advanced(by: .seconds(-60)) }
        case .rsaKey: changeKey { $0.type = "EC" }
        case .shortKey: changeKey { $0.bits = 4096 }
        case .key: state.vaults[vault]?.keys = [:]
        case .purgeProtection: state.vaults[vault]?.purgeProtection = false
        case .role: state.roleAssignments = []
        case .oldRole:
            for index in state.roleAssignments.indices {
                state.roleAssignments[index].created = SimulatedCloud.start.advanced(by: .seconds(-300))
            }
        case .accessPolicy:
            state.vaults[vault]?.roleBased = false
            state.vaults[vault]?.accessPolicies = [state.servers[server]!.principal!: ["get", "unwrapkey"]]
        case .idle: break  // It is made busy by a request.
        }
    }
}
