// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import Glibc

/// The strings as libgit2 takes them, for the length of the call.
func withStringArray<Result>(_ strings: [String], _ use: (git_strarray) throws -> Result) rethrows -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return try pointers.withUnsafeMutableBufferPointer { buffer in
        try use(git_strarray(strings: buffer.baseAddress, count: buffer.count))
    }
}
