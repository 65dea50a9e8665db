// SPDX-License-Identifier: Apache-2.0

import MusterPlugin

@main struct Main {
    static func main() async { await PluginMain.run("noop", [Nothing.self, OneWay.self, Tell.self]) }
}
