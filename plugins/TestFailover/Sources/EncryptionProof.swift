// SPDX-License-Identifier: Apache-2.0

internal import AzureSteps
internal import CloudSteps
internal import MusterSQL

/// What protects the databases of a server by the settings that Azure tells.
struct ExpectedEncryptor: Hashable, Sendable {
    struct Key: Hashable, Sendable {
        /// The server whose protector it is.
        var server: String
        /// Nil for the service's own key.
        var keyName: String?
        /// Of the server key; the protector itself does not tell it.
        var thumbprint: String?
    }

    /// The protectors whose thumbprint is right here: on the primary its own, on the secondary either server's.
    var right: [Key]
    /// Names of all keys that the two servers know, by thumbprint: one of them may still be in use after a change.
    var registered: [String: String]

    func key(of thumbprint: String?) -> Key? { right.first { $0.thumbprint != nil && $0.thumbprint == thumbprint } }

    /// Both may be right on a secondary whose partner uses the other kind.
    var types: Set<String> { Set(right.map { $0.keyName == nil ? "CERTIFICATE" : "ASYMMETRIC KEY" }) }
}

/// What the databases of one server answered, held against what protects them.
struct EncryptionProof: Sendable {
    enum Answer: Sendable {
        case rows([EncryptionRow])
        case failed(SQLError)
        /// The answer has other columns.
        case foreign([String])
    }

    let server: String
    let expected: ExpectedEncryptor
    /// By database, in order.
    let answers: [(database: String, answer: Answer)]

    /// Why it is worth looking again; nil when what is seen will not change by itself.
    var passing: String? {
        for (database, answer) in answers {
            switch answer {
            case .failed(let error) where error.isOutage && !error.isKeyLost:
                return "\(database) on \(server) does not answer: \(error)"
            case .rows(let rows):
                for row in rows {
                    if row.known?.isPassing == true { return "\(database) on \(server) is \(row.words)" }
                    if let thumbprint = row.thumbprint, expected.key(of: thumbprint) == nil,
                        let name = expected.registered[thumbprint]
                    {
                        return "\(database) on \(server) still shows the thumbprint of \(name)"
                    }
                }
            default: break
            }
        }
        return nil
    }

    var isEncrypted: Finding {
        each { database, row in
            row.known == .encrypted
                ? .met("\(database) is \(row.words).") : .unmet("\(database) is \(row.words), not encrypted.")
        }
    }

    var encryptorFits: Finding {
        each { database, row in
            guard let type = row.encryptorType else { return .unverifiable("\(database) shows no encryptor type.") }
            return expected.types.contains(type)
                ? .met("The encryptor of \(database) is of type \(type).")
                : .unmet(
                    "The encryptor of \(database) is of type \(type); by its settings \(server) uses "
                        + "\(expected.types.sorted().joined(separator: " or ")).")
        }
    }

    var thumbprintFits: Finding {
        each { database, row in
            guard let shown = row.thumbprint, !shown.isEmpty else {
                return .unverifiable("\(database) shows no thumbprint.")
            }
            if row.encryptorType == "CERTIFICATE", expected.types.contains("CERTIFICATE") {
                return .met(
                    "\(database) is protected by the service's certificate, whose thumbprint Azure does not tell.")
            }
            if let key = expected.key(of: shown) {
                return .met(
                    "\(database) shows \(shown), the thumbprint of \(key.keyName ?? ""), which protects \(key.server).")
            }
            if let untold = expected.right.first(where: { $0.keyName != nil && $0.thumbprint == nil }) {
                return .unverifiable(
                    "Azure does not tell the thumbprint of \(untold.keyName ?? ""), \(database) shows \(shown).")
            }
            let other = expected.registered[shown].map { "that of \($0)" } ?? "of no key that the servers know"
            let wanted = expected.right.map { "\($0.thumbprint ?? "") (\($0.keyName ?? "the service's key"))" }
            return .unmet(
                "\(database) shows the thumbprint \(shown), \(other), not \(wanted.joined(separator: " or ")).")
        }
    }

    /// The thumbprints that the databases show, each once.
    var thumbprints: [String] {
        answers.flatMap { answer -> [String] in
            guard case .rows(let rows) = answer.answer else { return [] }
            return rows.compactMap(\.thumbprint)
        }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private func each(_ look: (String, EncryptionRow) -> Finding) -> Finding {
        .all(
            answers.flatMap { database, answer -> [Finding] in
                switch answer {
                case .failed(let error):
                    return [.unverifiable("\(database) on \(server) could not be asked: \(error)")]
                case .foreign(let columns):
                    return [
                        .unverifiable("\(database) answered with columns \(columns.joined(separator: ", ")).")
                    ]
                case .rows(let rows):
                    guard !rows.isEmpty else { return [.unmet("\(database) on \(server) has no encryption key.")] }
                    return rows.map { look(database, $0) }
                }
            }, none: "")
    }
}
