// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import MusterPlugin
import Testing

@testable import OracleDRSetup
@testable import StandbyConnector
@testable import TestFailover

/// The steps on databases answer what their definitions promise, in its order.
struct DatabaseDefinitionTests {
    private func promised<S: Step>(_ step: S.Type) throws -> StepDefinition {
        try StepDefinition.parse(S.definition, file: "\(S.name).yaml").get()
    }

    private func agree<S: Step>(_ step: S.Type, _ inputs: JSON, keyed: Bool = true) async throws {
        let harness = try await DatabaseLab(keyed: keyed).harness(step)
        let definition = try promised(step)
        let before = definition.preconditions.filter { $0.at != .undo }.map(\.id.value)
        if !before.isEmpty { #expect(try await harness.check(inputs).map(\.id) == before) }
        #expect(try await harness.verify(inputs).map(\.id) == definition.postconditions.map(\.id.value))
    }

    private func agreeAtUndo<S: ReversibleStep>(_ step: S.Type, _ inputs: JSON) async throws {
        let harness = try await DatabaseLab().harness(step)
        _ = try await harness.apply(inputs)
        let atUndo = try promised(step).preconditions.filter { $0.at == .undo }.map(\.id.value)
        #expect(try await harness.checkUndo(inputs).map(\.id) == atUndo)
    }

    private let sales = JSON.string(DatabaseLab.sales)
    private let creation: JSON = [
        "cluster": .string(DatabaseLab.east), "compartment": .string(DatabaseLab.compartment),
        "home": .string(DatabaseLab.homeEast), "name": "CRM", "uniqueName": "CRM_EAST",
        "registeredKey": .string(DatabaseLab.spare), "deleteWithin": "24h",
    ]
    private let standby: JSON = [
        "primary": .string(DatabaseLab.sales), "cluster": .string(DatabaseLab.west),
        "compartment": .string(DatabaseLab.compartment), "home": .string(DatabaseLab.homeWest),
        "uniqueName": "SALES_WEST", "registeredKey": .string(DatabaseLab.key), "protectionMode": "MAXIMUM_PERFORMANCE",
        "transport": "ASYNC", "activeDataGuard": false, "crossRegion": true, "deleteWithin": "24h",
    ]

    @Test func `databases that are made`() async throws {
        try await agree(CreateDatabase.self, creation)
        try await agreeAtUndo(CreateDatabase.self, creation)
        try await agree(StandbyDatabase.self, standby)
        try await agreeAtUndo(StandbyDatabase.self, standby)
    }

    @Test func `keys that are moved, rotated and looked at, and nodes that are reset`() async throws {
        let key = JSON.string(DatabaseLab.key)
        try await agree(
            MigrateDatabaseKey.self,
            [
                "database": sales, "registeredKey": key, "confirm": "SALES_EAST", "settleWithin": "1s",
                "statusWithin": "1h", "backupKept": true,
            ], keyed: false)
        try await agree(
            RotateKey.self,
            [
                "database": sales, "vaultUri": "https://tde-keys.vault.azure.net/", "key": "sales", "olderThan": "1h",
                "settleWithin": "1s", "statusWithin": "1h", "registeredKey": key, "vault": .string(DatabaseLab.vault),
            ])
        try await agree(VerifyDatabaseKey.self, ["database": sales, "registeredKey": key, "within": "1s"])
        try await agree(
            ResetNode.self,
            ["database": sales, "node": "east1", "confirm": "SALES_EAST", "within": "1m"])
    }

    @Test func `data that is written and read`() async throws {
        let row: JSON = ["database": sales, "table": "drill.rows"]
        try await agree(WriteOracleData.self, row)
        try await agreeAtUndo(WriteOracleData.self, row)
        try await agree(
            VerifyOracleData.self,
            [
                "database": sales, "table": "drill.rows", "role": "PRIMARY", "series": "none", "atLeast": 0,
                "lagWithin": "30s", "within": "1s",
            ])
    }
}
