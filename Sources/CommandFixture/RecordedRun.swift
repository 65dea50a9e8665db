// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// A run as git holds it.
package struct RecordedRun {
    package static let branch = "refs/heads/muster/records"

    package let catalog: Catalog
    package let run: String
    let ref: String
    /// Of its folder in that branch's tree, with a slash at its end; empty where it is the tree.
    package let path: String

    package func file(_ name: String) throws -> String { try catalog.git("show", "\(ref):\(path)\(name)") }
    package func json(_ name: String) throws -> JSON { try JSON.parse(try file(name)) }

    package var record: JSON { get throws { try json("record.json") } }
    package var outcome: String? { get throws { try record["outcome"]?.string } }
    package var journal: [JSON] {
        get throws { try file("journal.jsonl").split(separator: "\n").map { try JSON.parse(String($0)) } }
    }
    package var events: [String] { get throws { try journal.compactMap { $0["kind"]?.string } } }

    package func step(_ id: String) throws -> JSON? { try record["steps"]?.array?.first { $0["id"]?.string == id } }
    /// How a step ended, such as `verified`.
    package func result(of step: String) throws -> String? { try self.step(step)?["result"]?.string }

    /// The verdicts of a step's postconditions by their ids.
    package func postconditions(of step: String) throws -> [String: String] {
        var verdicts: [String: String] = [:]
        for condition in try self.step(step)?["postconditions"]?.array ?? [] {
            verdicts[condition["id"]?.string ?? ""] = condition["verdict"]?.string
        }
        return verdicts
    }
}
