// SPDX-License-Identifier: Apache-2.0

internal import MusterPlugin

@main
struct Main {
    static func main() async {
        await PluginMain.run(
            "standby-connector",
            [
                ProveKeyReach.self,
                ReplicateVault.self,
                StandbyDatabase.self,
            ])
    }
}
