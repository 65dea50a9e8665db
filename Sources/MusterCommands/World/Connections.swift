// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterModel

/// A section of the environment as a plugin is given it: secrets resolved and hidden, paths made absolute.
///
/// - Parameters:
///   - root: the folder that a relative `ca-file` starts from.
///   - hide: told each secret before it is handed on.
func connection(
    _ environment: Environment, _ name: String, root: String,
    secrets: (SecretReference) throws(MusterError) -> String, hide: (_ value: String, _ name: String) -> Void
) throws(MusterError) -> JSON {
    var section = try environment.connection(name) { reference throws(MusterError) in
        let value = try secrets(reference)
        hide(value, reference.description)
        return value
    }
    if let file = section["tls"]?["ca-file"]?.string, !file.hasPrefix("/"), case .object(var members) = section {
        members["tls"] = ["ca-file": .string("\(root)/\(file)")]
        section = .object(members)
    }
    return section
}
