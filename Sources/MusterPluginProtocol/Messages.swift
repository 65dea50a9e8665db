// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// Version 1 of what engine and plugin say to each other; `docs/formats/plugin-protocol-v1.md` is its norm.
package enum PluginProtocol {
    /// A different major version is refused in the handshake, before any credential is handed over.
    package static let version = 1
    /// Longest line in either direction, newline included.
    package static let lineBytesMax = 4 << 20
}

/// The names of the calls. `cancel` and `shutdown` are notifications; `begin` is the plugin's one request.
package enum PluginMethod: String, Sendable, Codable {
    case initialize, check, observe, apply, verify, undo, cancel, shutdown
    case begin, progress, log, evidence
}

/// `initialize`: the engine names itself and whom it expects.
package struct InitializeParameters: Hashable, Sendable, Codable {
    /// ``PluginProtocol/version`` of the engine.
    package var protocolVersion: Int
    /// The plugin's name in kebab case.
    package var plugin: String
    package var engine: String

    package init(protocolVersion: Int, plugin: String, engine: String) {
        self.protocolVersion = protocolVersion
        self.plugin = plugin
        self.engine = engine
    }
}

package struct InitializeResult: Hashable, Sendable, Codable {
    package struct Step: Hashable, Sendable, Codable {
        /// Name inside the plugin, such as `set-protector`.
        package var step: String
        /// Blob id of the definition that the executable was built with.
        package var definition: ObjectID

        package init(step: String, definition: ObjectID) {
            self.step = step
            self.definition = definition
        }
    }

    package var protocolVersion: Int
    package var plugin: String
    package var steps: [Step]

    package init(protocolVersion: Int, plugin: String, steps: [Step]) {
        self.protocolVersion = protocolVersion
        self.plugin = plugin
        self.steps = steps
    }
}

/// What every verb is told about the step that it serves: parameters of `check`, `observe`, `apply`, `verify`, `undo`.
package struct StepCall: Hashable, Sendable, Codable {
    /// Name of the definition inside the plugin, such as `set-protector`.
    package var step: String
    /// The run, or nil in a plan.
    package var run: String?
    /// The step's id in the runbook.
    package var id: String
    package var attempt: Int
    /// The same over all attempts of a step in a run; sent to the cloud as the request's id where it has one.
    package var idempotencyKey: String
    /// Milliseconds the call may take; the engine ends the plugin some seconds later.
    package var timeoutMilliseconds: Int64
    package var inputs: [String: JSON]
    /// The environment's sections that the definition names under `connections`, secrets resolved. Never logged.
    package var connections: [String: JSON]
    /// With `observe` and `undo` after an effect was begun, and with a `check` of the undo: its undo data.
    package var undo: JSON?

    package init(
        step: String, run: String?, id: String, attempt: Int, idempotencyKey: String, timeoutMilliseconds: Int64,
        inputs: [String: JSON], connections: [String: JSON], undo: JSON?
    ) {
        self.step = step
        self.run = run
        self.id = id
        self.attempt = attempt
        self.idempotencyKey = idempotencyKey
        self.timeoutMilliseconds = timeoutMilliseconds
        self.inputs = inputs
        self.connections = connections
        self.undo = undo
    }
}

package struct CheckResult: Hashable, Sendable, Codable {
    /// One result for each precondition of the definition.
    package var preconditions: [ConditionResult]
    package init(preconditions: [ConditionResult]) { self.preconditions = preconditions }
}

package struct VerifyResult: Hashable, Sendable, Codable {
    /// One result for each postcondition of the definition.
    package var postconditions: [ConditionResult]
    /// Of a step without effect, which has no other answer to give them in; those of any other step are dropped.
    package var outputs: [String: JSON]?

    package init(postconditions: [ConditionResult], outputs: [String: JSON]? = nil) {
        self.postconditions = postconditions
        self.outputs = outputs
    }
}

/// `observe` answers an ``Observation``.
package struct ApplyResult: Hashable, Sendable, Codable {
    package var outputs: [String: JSON]
    package init(outputs: [String: JSON]) { self.outputs = outputs }
}

/// `begin`, a request of the plugin in mid-`apply` or mid-`undo`: may the effect begin? Asked again, it adds undo data.
package struct BeginParameters: Hashable, Sendable, Codable {
    /// The `id` of the engine's request that this belongs to.
    package var call: Int64
    /// What `undo` will need; stored before the answer.
    package var undo: JSON

    package init(call: Int64, undo: JSON) {
        self.call = call
        self.undo = undo
    }
}

/// The answer to `begin`; a refusal comes as an error response instead.
package struct BeginResult: Hashable, Sendable, Codable {
    package var proceed: Bool
    package init(proceed: Bool) { self.proceed = proceed }
}

package struct ProgressParameters: Hashable, Sendable, Codable {
    package var call: Int64
    package var message: String
    /// 0 to 1, where the plugin knows it.
    package var fraction: Double?

    package init(call: Int64, message: String, fraction: Double?) {
        self.call = call
        self.message = message
        self.fraction = fraction
    }
}

package struct LogParameters: Hashable, Sendable, Codable {
    package var call: Int64?
    package var message: String

    package init(call: Int64?, message: String) {
        self.call = call
        self.message = message
    }
}

/// Something that shows what was found or done, such as an answer of the cloud with its request id.
package struct EvidenceParameters: Hashable, Sendable, Codable {
    package var call: Int64
    /// Kebab case; the file's name in the record. Said twice for one step, the later one gets a number.
    package var name: String
    package var data: JSON

    package init(call: Int64, name: String, data: JSON) {
        self.call = call
        self.name = name
        self.data = data
    }
}

package struct CancelParameters: Hashable, Sendable, Codable {
    package var call: Int64
    package init(call: Int64) { self.call = call }
}
