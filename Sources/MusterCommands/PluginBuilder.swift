// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel
internal import MusterSystem

/// Builds one plugin from the sources of a commit, in a cache keyed by the commit: the kit's sources count, too.
struct PluginBuilder {
    let repository: String
    let commit: ObjectID
    let product: String

    /// - Returns: the folder that holds the executable.
    /// - Throws: `plugin.build-failed` with the last lines of what the tool said.
    func build(in home: String, _ terminal: Terminal) throws(MusterError) -> String {
        let folder = "\(home)/plugins/\(commit)"
        let sources = "\(folder)/sources"
        let binary = "\(sources)/.build/release"
        if access("\(binary)/\(product)", X_OK) == 0 { return binary }
        terminal.error("Building \(product) at \(commit.short) in \(sources) …")
        try run("/bin/mkdir", ["-p", sources])
        // git writes the tree out; libgit2 never checks anything out in Muster.
        let archive = "\(folder)/sources.tar"
        try run("/usr/bin/env", ["git", "--git-dir", repository, "archive", "--output", archive, commit.hex])
        try run("/usr/bin/env", ["tar", "-x", "-f", archive, "-C", sources])
        try run("/usr/bin/env", ["swift", "build", "-c", "release", "--package-path", sources, "--product", product])
        return binary
    }

    private func run(_ path: String, _ arguments: [String]) throws(MusterError) {
        var environment: [String: String] = [:]
        for name in ["PATH", "HOME", "LANG", "TMPDIR"] { environment[name] = Host.variable(name) }
        let child = try ChildProcess(path: path, arguments: arguments, environment: environment)
        child.closeInput()
        var said: [UInt8] = []
        var open: Set = [child.output, child.errors]
        while !open.isEmpty {
            for target in waitUntilReady(open.map { PollTarget(reading: $0) }, timeout: nil) {
                switch target.descriptor == child.output ? child.readOutput() : child.readErrors() {
                case .bytes(let bytes): said = Array((said + bytes).suffix(8192))
                case .nothingYet: break
                case .endOfFile: open.remove(target.descriptor)
                }
            }
        }
        guard let end = child.reap(blocking: true), end != .exited(0) else { return }
        let lines = String(decoding: said, as: UTF8.self).split(separator: "\n").suffix(12).joined(separator: "\n  ")
        throw MusterError(
            code: "plugin.build-failed", "Building \(product) failed: \(path) \(end).", help: lines, status: .runFailed)
    }
}
