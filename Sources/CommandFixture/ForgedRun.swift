// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import MusterModel

extension JSON {
    /// The object with another member, or without one.
    package func setting(_ name: String, to value: JSON?) -> JSON {
        var members = object ?? [:]
        members[name] = value
        return .object(members)
    }
}

/// A run of this machine as somebody rewrites it who has all of Muster: another plan, another journal with a new chain, and a record
/// that Muster itself makes of them.
package struct ForgedRun {
    package let catalog: Catalog
    package let run: String

    package init(_ catalog: Catalog, run: String) {
        self.catalog = catalog
        self.run = run
    }

    private var folder: String { "\(catalog.state)/runs/\(run)" }

    /// Rewrites plan and journal, takes away what was recorded, and publishes the forged run.
    package func publish(
        plan change: (inout JSON) -> Void = { _ in }, entries rewrite: ([JSON]) -> [JSON] = { $0 }
    ) throws -> CommandResult {
        var plan = try JSON.parse(text("plan.json"))
        change(&plan)
        try write(plan.canonicalText, "plan.json")
        var entries = try text("journal.jsonl").split(separator: "\n").map { try JSON.parse(String($0)) }
        entries[0] = entries[0].setting("plan", to: .string("\(Digest(of: plan.canonicalBytes()))"))
        var previous = String(repeating: "0", count: 64)
        let lines = rewrite(entries).enumerated().map { number, entry in
            let line = entry.setting("seq", to: .int(Int64(number))).setting("prev", to: .string(previous))
                .canonicalText
            previous = Digest(of: line.utf8).hex
            return line
        }
        try write(lines.joined(separator: "\n") + "\n", "journal.jsonl")
        for ref in ["refs/heads/muster/records", "refs/heads/muster/runs/\(run)"] {
            try catalog.git("update-ref", "-d", ref)
        }
        // What the machine remembers of the log would give it away.
        try? FileManager.default.removeItem(atPath: "\(catalog.state)/logs")
        return try catalog.muster("publish")
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
    }

    private func write(_ text: String, _ name: String) throws {
        try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
    }
}
