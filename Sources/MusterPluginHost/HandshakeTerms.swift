// SPDX-License-Identifier: Apache-2.0

internal import MusterModel
internal import MusterPluginProtocol

/// What a plugin's answer to `initialize` must say before it is told anything else, credentials above all.
struct HandshakeTerms {
    let plugin: String
    let definitions: [String: ObjectID]

    /// Why the plugin cannot be used, or nil.
    func refusal(of result: InitializeResult) -> MusterError? {
        guard result.protocolVersion == PluginProtocol.version else {
            return error(
                "plugin.wrong-version",
                "Plugin \(plugin) speaks version \(result.protocolVersion) of the plugin protocol; "
                    + "this engine speaks version \(PluginProtocol.version).",
                "Build the plugin with the kit of this engine's release.")
        }
        guard result.plugin == plugin else {
            return error(
                "plugin.wrong-name", "The executable for plugin \(plugin) says that it is plugin \"\(result.plugin)\".",
                "Build the plugin anew: muster plugin build \(plugin).")
        }
        let built = Dictionary(result.steps.map { ($0.step, $0.definition) }, uniquingKeysWith: { first, _ in first })
        guard built.count == result.steps.count else {
            return error(
                "plugin.protocol-error", "Plugin \(plugin) names a step twice in its answer to initialize.", nil)
        }
        for (step, wanted) in definitions.sorted(by: { $0.key < $1.key }) where built[step] != wanted {
            let found =
                built[step].map { "was built with definition \($0.short) of step \(step)" } ?? "has no step \(step)"
            return error(
                "plugin.definition-mismatch", "Plugin \(plugin) \(found); the lock pins \(wanted.short).",
                "Build the pinned sources: muster plugin build \(plugin)@COMMIT, with the commit in the lock."
            )
        }
        return nil
    }

    private func error(_ code: String, _ summary: String, _ help: String?) -> MusterError {
        MusterError(code: code, summary, help: help, status: .runFailed)
    }
}
