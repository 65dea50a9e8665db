// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A file that could not be read, with its path and the system's reason.
package struct FileReadError: Error, Hashable, Sendable {
    package var message: String
}

/// The whole content of a small file, such as a key or a token.
///
/// - Parameters:
///   - limit: the most bytes that it may have.
///   - onlyRegular: a pipe, a device or a socket is refused, and never waited for.
package func readFile(_ path: String, limit: Int, onlyRegular: Bool = false) throws(FileReadError) -> [UInt8] {
    func failure() -> FileReadError {
        FileReadError(message: "\(path) could not be read: \(String(cString: strerror(errno))).")
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | (onlyRegular ? O_NONBLOCK : 0))
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
    guard !onlyRegular || isRegularFile(descriptor) else { throw FileReadError(message: "\(path) is no regular file.") }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16_384)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw failure() }
        if count == 0 { return bytes }
        bytes += chunk[0..<count]
        guard bytes.count <= limit else {
            throw FileReadError(message: "\(path) is longer than \(limit) bytes.")
        }
    }
}

/// The whole content of a small file; nil when it cannot be read, or is longer than `limit` bytes.
package func readSmallFile(_ path: String, limit: Int = 1 << 20, onlyRegular: Bool = false) -> [UInt8]? {
    // Whoever wants the reason calls the other function.
    try? readFile(path, limit: limit, onlyRegular: onlyRegular)
}

/// Whether an open descriptor is of a file with a content of its own, which can be read to its end without waiting.
package func isRegularFile(_ descriptor: Int32) -> Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}
