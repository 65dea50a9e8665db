// SPDX-License-Identifier: Apache-2.0

internal import MusterSQL

extension SQLError {
    /// The database cannot be opened because its server does not reach the key that protects it. That does not pass by
    /// itself, and after thirty minutes it does not heal by itself either: to wait would only lose time.
    var isKeyLost: Bool { [40981, 33183, 33184].contains(native) }

    /// Nothing that a failover brings about: the same answer would come for ever.
    var isLasting: Bool {
        switch kind {
        case .configuration, .denied: true
        default: isKeyLost
        }
    }
}
