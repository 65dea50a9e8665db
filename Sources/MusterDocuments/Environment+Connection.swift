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
    /// connection string as it stands here. For the plugin's message alone; it is never logged or stored.
    ///
    /// - Throws: `environment.missing-section`, and what `resolve` throws.
    package func connection(
        _ name: String, resolve: (SecretReference) throws(MusterError) -> String
    ) throws(MusterError) -> JSON {
        guard let section = section(name), case .object(var members) = section.json else {
            let help =
                suggestion(for: name, in: connectionNames) ?? "It has \(connectionNames.joined(separator: ", "))."
            throw MusterError(
                code: "environment.missing-section", "The environment '\(self.name.value)' has no section '\(name)'",
                help: connectionNames.isEmpty ? "Add it." : help)
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
        "database-admin-password", "identity-header", "key", "pass-phrase", "password", "secret", "tde-wallet-password",
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
        case (false, true)
        where section["region"] == nil && section["credential"]?["type"]?.string != "resource-principal":
            add("'oci' has no region", "Only a profile can hold one besides; give 'region'.")
        default: break
        }
    }

    /// What the plugin fills in: the step's inputs, and of the database that it wants to reach these.
    private static let targetMembers = ["server", "host", "database", "intent"]

    static func checkDatabase(_ database: LocatedValue, into diagnostics: inout [Diagnostic]) {
        guard let connection = database["connection"] else { return }
        TemplateValue(connection, into: &diagnostics).forEachTemplate { template, source in
            for reference in template.references where !isKnown(reference) {
                diagnostics.append(
                    Diagnostic(
                        code: "environment.reference",
                        "A connection string reads inputs and \(targetNames), not '\(reference)'",
                        help: suggestion(for: reference.description, in: targetMembers.map { "target." + $0 }),
                        at: source.location))
            }
        }
        // Behind the first '=' and ';' a name begins only at the start or after ';'.
        let names = (connection.string ?? "").split(separator: ";").map { part in
            part.prefix { $0 != "=" }.filter { !$0.isWhitespace }.lowercased()
        }
        // A driver may take a line break for a part of a name or a value, or leave it out: nobody could tell which.
        if connection.string?.contains(where: \.isNewline) == true {
            diagnostics.append(
                Diagnostic(
                    code: "environment.connection-lines", "A connection string stands on one line",
                    help: "Write it in quotes on one line, or fold it with >-.", at: connection.location))
        }
        // PWD, Password, MySQL's PASSWORD2 and SQL Server's KeyStoreSecret.
        if names.contains(where: { $0.hasPrefix("pwd") || $0.contains("password") || $0.hasSuffix("secret") }) {
            diagnostics.append(
                Diagnostic(
                    code: "environment.secret-in-connection", "A connection string holds no password",
                    help:
                        "Give 'user' and 'password' beside it; the password is a reference such as { env: SQL_PASSWORD }.",
                    at: connection.location))
        }
    }

    private static var targetNames: String { targetMembers.map { "target." + $0 }.joined(separator: ", ") }

    private static func isKnown(_ reference: Reference) -> Bool {
        switch reference.root {
        case "inputs": true
        case "target": reference.path.count == 1 && targetMembers.contains(reference.path[0])
        default: false
        }
    }

    /// Who signs in is said once.
    static func checkSignIn(_ database: LocatedValue, hasAzure: Bool, into diagnostics: inout [Diagnostic]) {
        if let token = database["token"] {
            for name in ["user", "password"] {
                guard let other = database[name] else { continue }
                diagnostics.append(
                    Diagnostic(
                        code: "environment.two-sign-ins", "With 'token' there is no '\(name)'",
                        help: "Remove one of them.", at: other.location))
            }
            if !hasAzure {
                diagnostics.append(
                    Diagnostic(
                        code: "environment.token-without-azure",
                        "A token of Azure needs the environment's 'azure' section",
                        help: "Add it, or give 'user' and 'password'.", at: token.location))
            }
        } else if let password = database["password"], database["user"] == nil {
            diagnostics.append(
                Diagnostic(
                    code: "environment.password-without-user", "A 'password' needs a 'user'", at: password.location))
        }
    }
}
