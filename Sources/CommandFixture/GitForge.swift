// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Stock git's own server on a port of the loopback interface, over a folder of bare repositories.
package final class GitForge {
    private let folder: String
    private let process: RunningCommand
    private let port: Int

    package init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "muster-forge-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // Below the ports that the system gives out by itself; another program may have one all the same.
        for _ in 1...5 {
            let port = Int.random(in: 20_000...32_000)
            if let process = try Self.serve(folder, port) {
                (self.port, self.process) = (port, process)
                return
            }
        }
        throw FixtureFailure(description: "no free port for git-daemon was found")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }  // a left-over folder fails no test

    private static func serve(_ folder: String, _ port: Int) throws -> RunningCommand? {
        // A daemon that talks fills its pipe and then waits for a reader: the shell reads on, and passes on one line.
        let script = "\"$@\" 2>&1 | while read -r line; do case $line in *rumble*) echo ready;; esac; done"
        let process = try RunningCommand(
            "/bin/sh",
            [
                "-c", script, "sh", "/usr/lib/git-core/git-daemon", "--verbose", "--listen=127.0.0.1", "--reuseaddr",
                "--port=\(port)", "--export-all", "--enable=receive-pack", "--base-path=\(folder)", folder,
            ], environment: ["HOME": folder, "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1"])
        do { try process.wait(for: "ready") } catch { return nil }
        return process
    }

    /// A bare repository of this name, empty.
    ///
    /// - Returns: where it is, for git and muster.
    package func repository(_ name: String) throws -> String {
        let made = try RunningCommand(
            "/usr/bin/git", ["init", "-q", "--bare", "-b", "main", path(name)], environment: ["HOME": folder]
        ).finish()
        guard made.status == 0 else { throw FixtureFailure(description: "\(made)") }
        return "git://127.0.0.1:\(port)/\(name).git"
    }

    private func path(_ name: String) -> String { "\(folder)/\(name).git" }

    /// What a file of a ref holds; nil where there is none.
    package func file(_ name: String, of ref: String, in repository: String) throws -> String? {
        let shown = try RunningCommand(
            "/usr/bin/git", ["-C", path(repository), "show", "\(ref):\(name)"], environment: ["HOME": folder]
        ).finish()
        return shown.status == 0 ? shown.output : nil
    }
}
