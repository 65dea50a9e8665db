// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// A moment of a run: `run.started`, `steps.<id>.started` or `steps.<id>.finished`.
package struct MeasureMark: Hashable, Sendable {
    package enum Edge: String, Sendable { case started, finished }

    /// Nil: the run itself.
    package var step: String?
    package var edge: Edge

    package init?(_ text: String) {
        if text == "run.started" {
            edge = .started
            return
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts[0] == "steps", isKebabCase(parts[1]), let edge = Edge(rawValue: parts[2]) else {
            return nil
        }
        step = parts[1]
        self.edge = edge
    }
}

/// An output as a measure names it: `steps.<id>.outputs.<name>`.
package struct MeasuredOutput: Hashable, Sendable {
    package var step: String
    package var output: String

    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, parts[0] == "steps", isKebabCase(parts[1]), parts[2] == "outputs",
            isMemberName(parts[3])
        else { return nil }
        step = parts[1]
        output = parts[3]
    }
}
