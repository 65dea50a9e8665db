// SPDX-License-Identifier: Apache-2.0

internal import MusterSQL

/// What a failure to ask a database says of a failover.
extension SQLError {
    /// Nobody has answered. A server that is busy or refuses has.
    var isSilence: Bool {
        switch kind {
        case .unreachable, .connectionLost, .timedOut: true
        case .unavailable, .configuration, .refused, .cancelled, .denied, .statement: false
        }
    }

    /// What happens while a group fails over, or when a server is down; it may pass.
    var isOutage: Bool {
        switch kind {
        case .unreachable, .unavailable, .connectionLost, .timedOut: true
        case .configuration, .refused, .cancelled, .denied, .statement: false
        }
    }

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
