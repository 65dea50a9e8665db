// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterPlugin
import OracleCloudClient
import OracleSteps
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup

/// What a database on a key of Azure stands on is not taken away, whether the service would refuse it or not.
struct InUseTests {
    private let keyStore: JSON = [
        "cluster": .string(ConnectionLab.cluster), "databases": [], "settleWithin": "1s",
    ]

    @Test func `neither the key store nor the vault is taken from a database that uses a key of Azure`() async throws {
        let lab = try await ConnectionLab()
        let registration = ConnectionLab.registration(try await lab.connected())
        let store = try lab.harness(EnableKeyStore.self)
        _ = try await store.apply(keyStore)
        let vault = try lab.harness(RegisterVault.self)
        let key = try await vault.apply(registration).registeredKey.text
        lab.holdDatabase(key: key)
        let effects = lab.clouds.effects
        #expect(try await store.checkUndo(keyStore).failing == ["undo-no-database-uses-it"])
        let kept = await thrown { try await store.undo(keyStore) }
        #expect(kept?.code == "key-store.in-use" && kept?.message.contains("SALES") == true)
        #expect(try await vault.checkUndo(registration).failing == ["undo-no-database-uses-it"])
        #expect(await thrown { try await vault.undo(registration) }?.code == "vault.in-use")
        #expect(lab.clouds.effects == effects)
        lab.holdDatabase(key: nil)
        let hidden: JSON = [
            "cluster": .string(ConnectionLab.cluster), "databases": ["ocid1.database.oc1.eu-frankfurt-1.hidden"],
            "settleWithin": "1s",
        ]
        // The service answers alike for what is not there and for what the user may not see.
        #expect(try await store.checkUndo(hidden).one("undo-no-database-uses-it")?.verdict == .unverifiable)
        try await vault.undo(registration)
        try await store.undo(keyStore)
        #expect(lab.clouds.oracle?.effects.last?.kind == "key-store.disabled")
    }
}
