// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import Glibc
internal import MusterSystem

/// A variable of this process; nil when unset or empty.
func processEnvironment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
}

/// The whole content of a small file.
///
/// - Throws: ``AzureError`` with the given code, the path and the system's reason.
func readFile(_ path: String, limit: Int, code: String) throws(AzureError) -> [UInt8] {
    do throws(FileReadError) {
        return try readFile(path, limit: limit)
    } catch {
        throw AzureError(code: code, error.message)
    }
}
