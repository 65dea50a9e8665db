// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// What a call returned.
package enum PluginAnswer: Hashable, Sendable {
    case checked([ConditionResult])
    case observed(Observation)
    case applied(outputs: [String: JSON])
    case verified([ConditionResult], outputs: [String: JSON]? = nil)
    case undone
}

/// The calls on a step.
package enum PluginVerb: String, Hashable, Sendable, CaseIterable {
    case check, observe, apply, verify, undo

    /// Only these may ask to begin an effect.
    package var hasEffect: Bool { self == .apply || self == .undo }
}
