// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Persons with SSH keys of their own and a policy over a catalog: Ada operates, Anu and Ben lead the database team, Cy is
/// security. Each key is made by `ssh-keygen`.
package struct FourEyes {
    package static let persons = ["ada", "anu", "ben", "cy"]

    package let catalog: Catalog
    package let keys: String

    /// Two of the team for the environment `lab`; the team and one of security consent to another policy.
    package static let policy = """
        persons:
          ada: { emails: [ada@example.org] }
          anu: { emails: [anu@example.org] }
          ben: { emails: [ben@example.org] }
          cy: { emails: [cy@example.org] }
        groups:
          leads: [anu, ben, ada]
          security: [cy]
          on-call: [ada]
        approvals:
          lab:
            require: [ { group: leads, count: 2 } ]
            life: 8h
            break-glass: [on-call]
        policy-change: { group: leads, count: 2 }

        """

    /// - Parameter policy: what `muster.yaml` says besides what it says already.
    package init(_ catalog: Catalog, policy: String = policy) throws {
        self.catalog = catalog
        keys = "\(catalog.root)/keys"
        try FileManager.default.createDirectory(atPath: keys, withIntermediateDirectories: true)
        for person in Self.persons { try makeKey(person) }
        try catalog.write("policy/allowed-signers", try Self.persons.map { try signerLine($0) }.joined())
        try catalog.write("muster.yaml", try catalog.read("muster.yaml") + policy)
        try catalog.commit("Who may agree to what")
    }

    /// Makes a key without a passphrase.
    package func makeKey(_ name: String) throws {
        let made = try catalog.program(
            "/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key(name)])
        guard made.status == 0 else { throw FixtureFailure(description: "\(made)") }
    }

    package func key(_ person: String) -> String { "\(keys)/\(person)" }

    /// The person's line of the allowed signers.
    package func signerLine(_ person: String, key: String? = nil, options: String = "") throws -> String {
        let text = try String(contentsOfFile: "\(keys)/\(key ?? person).pub", encoding: .utf8)
        let fields = text.split(separator: " ")
        return "\(person) \(options.isEmpty ? "" : options + " ")\(fields[0]) \(fields[1])\n"
    }

    package var planFile: String { "\(catalog.root)/plan.json" }

    /// Plans with these arguments behind `plan`; a plan that cannot be run ends with 3.
    @discardableResult
    package func plan(_ arguments: [String], status: Int32 = 0) throws -> CommandResult {
        let result = try catalog.muster(["plan"] + arguments + ["--out", planFile])
        guard result.status == status else { throw FixtureFailure(description: "\(result)") }
        return result
    }

    package func approve(_ person: String, _ more: String...) throws -> CommandResult {
        try catalog.muster(["approve", planFile, "--key", key(person), "--yes"] + more)
    }

    package func approveGate(_ person: String, _ run: String, _ step: String, _ more: String...) throws -> CommandResult
    {
        try catalog.muster(["approve", run, step, "--key", key(person), "--yes"] + more)
    }

    /// Whether stock `ssh-keygen` takes the signature for the person's.
    package func verifies(
        _ statement: String, signature: String, of person: String, signers: String? = nil,
        namespace: String = "muster-approval@v1"
    ) throws -> Bool {
        let folder = "\(catalog.root)/check-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try statement.write(toFile: "\(folder)/statement", atomically: false, encoding: .utf8)
        try signature.write(toFile: "\(folder)/signature", atomically: false, encoding: .utf8)
        let list = try signers ?? catalog.read("policy/allowed-signers")
        try list.write(toFile: "\(folder)/signers", atomically: false, encoding: .utf8)
        let line =
            "ssh-keygen -Y verify -f \(folder)/signers -I \(person) -n \(namespace) -s \(folder)/signature < \(folder)/statement"
        return try catalog.program("/bin/sh", ["-c", line]).status == 0
    }
}
