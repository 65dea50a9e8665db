// SPDX-License-Identifier: Apache-2.0

package import MusterModel
internal import MusterSystem

/// Writes a script that can be started at once.
///
/// Another process writes it: a descriptor open for writing in this one could be held, for a moment, by a child that another
/// test starts on another thread, and Linux then refuses to run the file (`ETXTBSY`).
package func writeExecutable(_ text: String, to path: String) throws(MusterError) {
    let child = try ChildProcess(
        path: "/bin/sh", arguments: ["-c", "cat > \"$1\" && chmod 755 \"$1\"", "sh", path], environment: [:])
    guard child.send(Array(text.utf8)), child.unsentCount == 0 else {
        throw MusterError(code: "test.not-written", "\(path) is longer than a pipe takes at once")
    }
    child.closeInput()
    guard child.reap(blocking: true) == .exited(0) else { throw MusterError(code: "test.not-written", "\(path)") }
}
