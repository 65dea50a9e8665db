// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// What the names of an expression stand for.
package protocol Scope: Sendable {
    /// Nil when there is no such value: evaluation then fails and names the reference.
    func value(of reference: Reference) -> JSON?
}

/// Values by root, and the outputs of steps that have ended.
package struct ValueScope: Scope {
    /// By root: `inputs`, `environment`, `run`, `undo`, `item`.
    package var roots: [String: JSON]
    /// By step id, then by name: read as `steps.<id>.outputs.<name>`.
    package var outputs: [String: [String: JSON]]

    package init(roots: [String: JSON] = [:], outputs: [String: [String: JSON]] = [:]) {
        self.roots = roots
        self.outputs = outputs
    }

    package func value(of reference: Reference) -> JSON? {
        var path = reference.path[...]
        var value: JSON?
        if reference.root == "steps" {
            // Before a run nothing of it is in place: what is asked for then is left out, or is so already.
            if path.count == 2, path[path.startIndex + 1] == "inPlace" { return .bool(false) }
            guard path.count >= 3, path[path.startIndex + 1] == "outputs" else { return nil }
            value = outputs[path[path.startIndex]]?[path[path.startIndex + 2]]
            path = path.dropFirst(3)
        } else {
            value = roots[reference.root]
        }
        for name in path { value = value?[name] }
        return value
    }
}
