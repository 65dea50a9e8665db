// SPDX-License-Identifier: Apache-2.0

internal import MusterPlugin

@main
struct Main {
    static func main() async {
        await PluginMain.run(
            "test-failover",
            [
                WaitForReplication.self, VerifyRoles.self, VerifyEncryption.self, Probe.self, PlannedFailover.self,
                ForcedFailover.self, FailBack.self, WriteMarkers.self, CompareMarkers.self,
                DataGuardSwitchover.self, DataGuardFailover.self, DataGuardReinstate.self, SnapshotStandby.self,
                VerifyDataGuard.self, VerifyOracleData.self, WriteOracleData.self,
            ])
    }
}
