// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterGit
import MusterModel
import MusterSystem

/// A port of the loopback interface that takes connections and never says a word.
final class Listener {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && listen(socket, 8) == 0
                    && getsockname(socket, $0, &length) == 0
            }
        }
        guard bound else { throw ProgramFailed(command: "bind", errors: String(cString: strerror(errno))) }
        descriptor = socket
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
}

/// Stock git's own server on a port of the loopback interface.
final class GitDaemon {
    let port: UInt16
    private let process: ChildProcess

    /// - Parameter port: one that must be free; else any that is.
    init(serving folder: String, home: String, port wanted: UInt16? = nil) throws {
        for _ in 1...5 {
            // The port is free for an instant before the daemon takes it; when another process is faster, the next one is tried.
            let port = try wanted ?? Listener().port
            // A daemon that talks fills its pipe and then waits for a reader: the shell reads on, and passes on one line.
            let script = "\"$@\" 2>&1 | while read -r line; do case $line in *rumble*) echo ready;; esac; done"
            let process = try ChildProcess(
                path: "/bin/sh",
                arguments: [
                    "-c", script, "sh", "/usr/lib/git-core/git-daemon", "--verbose", "--listen=127.0.0.1",
                    "--reuseaddr", "--port=\(port)", "--export-all", "--enable=receive-pack", "--base-path=\(folder)",
                    folder,
                ], environment: ["HOME": home, "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1"])
            if Self.isReady(process) {
                self.port = port
                self.process = process
                return
            }
        }
        throw ProgramFailed(command: "git-daemon", errors: "no free port was found")
    }

    private static func isReady(_ process: ChildProcess) -> Bool {
        while process.output >= 0 {
            _ = waitUntilReady([PollTarget(reading: process.output)], timeout: nil)
            if case .bytes = process.readOutput() { return true }
        }
        return false
    }
}

/// A forge that several machines share: one bare repository behind a server, and a repository of each machine whose remote
/// `forge` it is.
final class Forge {
    let fixture: Fixture
    let machines: [Fixture]
    let folder: String
    private var daemon: GitDaemon?

    init(machines count: Int) throws {
        fixture = try Fixture(bare: true)
        folder = "\(fixture.root)/forge.git"
        try fixture.git(["init", "-q", "--bare", "-b", "main", folder], in: fixture.root)
        let daemon = try GitDaemon(serving: fixture.root, home: fixture.home)
        self.daemon = daemon
        machines = try (0..<count).map { _ in try Fixture(bare: true) }
        for machine in machines {
            try machine.git(["remote", "add", "forge", "git://127.0.0.1:\(daemon.port)/forge.git"])
        }
    }

    /// Takes the forge off the network; ``comeBack()`` puts it on the same port.
    func goAway() throws -> UInt16 {
        let port = daemon?.port ?? 0
        daemon = nil
        return port
    }

    func comeBack(on port: UInt16) throws {
        daemon = try GitDaemon(serving: fixture.root, home: fixture.home, port: port)
    }

    /// A hook of the forge, in the shell.
    func hook(_ name: String, _ script: String) throws {
        let path = "\(folder)/hooks/\(name)"
        try fixture.writeFile(path, Array("#!/bin/sh\n\(script)\n".utf8))
        guard chmod(path, 0o755) == 0 else { throw ProgramFailed(command: "chmod", errors: "\(errno)") }
    }

    func removeHook(_ name: String) { unlink("\(folder)/hooks/\(name)") }

    /// Everything that a push could change there.
    func refs() throws -> String {
        try fixture.git(["for-each-ref", "--format=%(refname) %(objectname)"], in: folder).text
    }

    /// All objects of a commit and its history, as a pack.
    func pack(of commit: ObjectID) throws -> [UInt8] {
        try fixture.git(
            ["pack-objects", "--stdout", "--revs", "-q"], in: folder, input: Array("\(commit)\n".utf8)
        ).output
    }
}
