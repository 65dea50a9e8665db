// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A variable of this process; nil when unset or empty.
func processEnvironment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
}

/// The whole content of a small file.
///
/// - Throws: ``AzureError`` with the given code, the path and the system's reason.
func readSmallFile(_ path: String, limit: Int, code: String) throws(AzureError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
        throw AzureError(code: code, "\(path) could not be read: \(String(cString: strerror(errno))).")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16_384)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else {
            throw AzureError(code: code, "\(path) could not be read: \(String(cString: strerror(errno))).")
        }
        if count == 0 { return bytes }
        bytes += chunk[0..<count]
        guard bytes.count <= limit else { throw AzureError(code: code, "\(path) is longer than \(limit) bytes.") }
    }
}
