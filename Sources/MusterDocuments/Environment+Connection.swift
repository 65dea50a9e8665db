// SPDX-License-Identifier: Apache-2.0

import MusterExpressions
package import MusterModel

extension Environment {
    /// Where a section stands; nil when the environment does not have it.
    package func location(ofConnection name: String) -> SourceLocation? { section(name)?.location }

    /// The sections there are: `azure`, `oci`, `sql.<kind>`.
    package var connectionNames: [String] {
        ["azure", "oci"].filter { root[$0] != nil } + Self.databases(root).map { "sql." + $0.0 }
    }

    /// A section as a plugin is given it, together with the environment's `tls`: secrets resolved, the template of a
    /// connection string filled from the step's inputs. For the plugin's message alone; it is never logged or stored.
    ///
    /// - Throws: `environment.missing-section`, an ``ExpressionIssue``, and what `resolve` throws.
    package func connection(
        _ name: String, inputs: [String: JSON] = [:], resolve: (SecretReference) throws -> String
    ) throws -> JSON {
        guard let section = section(name), case .object(var members) = section.json else {
            let help =
                suggestion(for: name, in: connectionNames) ?? "It has \(connectionNames.joined(separator: ", "))."
            throw MusterError(
                code: "environment.missing-section", "The environment '\(self.name.value)' has no section '\(name)'",
                help: connectionNames.isEmpty ? "Add it." : help)
        }
        // Before secrets come in: what a secret or an input holds is never read as a template.
        if name.hasPrefix("sql."), let text = members["connection"]?.string {
            members["connection"] = try Template(text).evaluate(in: ValueScope(roots: ["inputs": .object(inputs)]))
        }
        for secret in Self.secretMembers {
            if let reference = members[secret].flatMap(SecretReference.init) {
                members[secret] = .string(try resolve(reference))
            }
        }
        if case .object(var credential)? = members["credential"] {
            for secret in Self.secretMembers {
                if let reference = credential[secret].flatMap(SecretReference.init) {
                    credential[secret] = .string(try resolve(reference))
                }
            }
            members["credential"] = .object(credential)
        }
        members["tls"] = root["tls"]?.json
        return .object(members)
    }

    /// The secrets that a section refers to, to be read or checked beforehand.
    package func secrets(ofConnection name: String) -> [SecretReference] {
        guard let section = section(name) else { return [] }
        return [section, section["credential"]].compactMap { $0 }.flatMap { part in
            Self.secretMembers.compactMap { part[$0].flatMap { SecretReference($0.json) } }
        }
    }

    /// The members whose shape is a secret's, wherever they stand.
    private static let secretMembers = [
        "database-admin-password", "identity-header", "key", "password", "secret",
    ]

    private func section(_ name: String) -> LocatedValue? {
        if name.hasPrefix("sql.") { return root["sql"]?[String(name.dropFirst(4))] }
        return ["azure", "oci"].contains(name) ? root[name] : nil
    }

    static func checkOracleCloud(_ section: LocatedValue, into diagnostics: inout [Diagnostic]) {
        func add(_ summary: String, _ help: String) {
            diagnostics.append(
                Diagnostic(code: "environment.oracle-cloud", summary, help: help, at: section.location))
        }
        switch (section["profile"] != nil, section["credential"] != nil) {
        case (true, true): add("'oci' has both 'profile' and 'credential'", "Keep the one that is meant.")
        case (false, false): add("'oci' says not as whom", "Give 'profile' or 'credential'.")
        case (false, true) where section["region"] == nil:
            add("'oci' has no region", "Only a profile can hold one besides; give 'region'.")
        default: break
        }
    }

    static func checkConnection(_ connection: LocatedValue, into diagnostics: inout [Diagnostic]) {
        TemplateValue(connection, into: &diagnostics).forEachTemplate { template, source in
            for reference in template.references where reference.root != "inputs" {
                diagnostics.append(
                    Diagnostic(
                        code: "environment.reference",
                        "A connection string reads the step's inputs, not '\(reference)'",
                        at: source.location))
            }
        }
    }
}
