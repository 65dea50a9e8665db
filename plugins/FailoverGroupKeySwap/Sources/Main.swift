// SPDX-License-Identifier: Apache-2.0

internal import MusterPlugin

@main
struct Main {
    static func main() async {
        await PluginMain.run(
            "failover-group-key-swap",
            [RegisterKey.self, SetProtector.self, VerifyRegisteredKeys.self, VerifyProtectors.self])
    }
}
