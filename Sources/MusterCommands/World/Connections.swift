// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterModel

/// A section of the environment as a plugin is given it: secrets resolved and hidden, paths made absolute.
///
/// - Parameters:
///   - root: the folder that a relative `ca-file` starts from.
///   - inputs: the step's, for connection strings.
///   - hide: told each secret before it is handed on.
func connection(
    _ environment: Environment, _ name: String, root: String, inputs: [String: JSON],
    secrets: (SecretReference) throws(MusterError) -> String, hide: (_ value: String, _ name: String) -> Void
) throws(MusterError) -> JSON {
    do {
        var section = try environment.connection(name, inputs: inputs) { reference in
            let value = try secrets(reference)
            hide(value, reference.description)
            return value
        }
        if let file = section["tls"]?["ca-file"]?.string, !file.hasPrefix("/"), case .object(var members) = section {
            members["tls"] = ["ca-file": .string("\(root)/\(file)")]
            section = .object(members)
        }
        return section
    } catch let error as MusterError {
        throw error
    } catch {
        throw MusterError(
            code: "environment.expression", "The section \(name) of the environment cannot be filled: \(error).",
            help: "Correct the environment's document.")
    }
}
