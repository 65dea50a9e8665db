// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterDocuments
internal import MusterModel
internal import MusterSystem

/// Reads secrets where an environment says they are, when a step needs them.
struct SecretReader {
    /// Longest time that a command may take to print its secret.
    private static let commandTime = Duration.seconds(30)
    private static let bytesMax = 64 << 10

    /// - Throws: `secret.absent`, `secret.unreadable`: what is missing and where, never a value.
    func read(_ reference: SecretReference) throws(MusterError) -> String {
        let value: String
        switch reference {
        case .env(let name):
            guard let text = Host.variable(name), !text.isEmpty else {
                throw MusterError(
                    code: "secret.absent", "The variable \(name), which holds a secret, is not set.",
                    help: "Set it in the environment that muster is started from; it is not passed on to plugins.")
            }
            value = text
        case .file(let path):
            guard let bytes = readSmallFile(expanded(path), limit: Self.bytesMax) else {
                throw MusterError(
                    code: "secret.unreadable", "The file \(path), which holds a secret, cannot be read.",
                    help: "Look at its path and permissions.")
            }
            value = String(decoding: bytes, as: UTF8.self)
        case .command(let words): value = try output(of: words)
        }
        // Editors and `echo` end a file with a newline that is not part of the secret.
        let trimmed = value.hasSuffix("\n") ? String(value.dropLast()) : value
        guard trimmed.utf8.count >= 6 else {
            throw MusterError(
                code: "secret.too-short", "The secret from \(reference) has fewer than 6 bytes.",
                help: "So short a secret could not be kept out of records: use a longer one.")
        }
        return trimmed
    }

    private func expanded(_ path: String) -> String {
        guard path.hasPrefix("~/"), let home = Host.variable("HOME") else { return path }
        return home + path.dropFirst()
    }

    private func output(of words: [String]) throws(MusterError) -> String {
        func failure(_ what: String) -> MusterError {
            MusterError(
                code: "secret.unreadable", "The command \(words[0]), which prints a secret, \(what).",
                help: "Run it by hand in the same environment.")
        }
        guard let path = executable(words[0]) else { throw failure("was not found") }
        var environment: [String: String] = [:]
        for name in ["PATH", "HOME", "LANG", "TZ"] { environment[name] = Host.variable(name) }
        let child = try ChildProcess(path: path, arguments: Array(words.dropFirst()), environment: environment)
        child.closeInput()
        let end = readClocks().boot + Self.commandTime.milliseconds * 1_000_000
        var out: [UInt8] = []
        var open: Set = [child.output, child.errors]
        while !open.isEmpty {
            let left = end - readClocks().boot
            guard left > 0 else { throw failure("did not end within \(Self.commandTime.readable)") }
            for target in waitUntilReady(open.map { PollTarget(reading: $0) }, timeout: .nanoseconds(left)) {
                let isOutput = target.descriptor == child.output
                switch isOutput ? child.readOutput() : child.readErrors() {
                case .bytes(let bytes): if isOutput { out += bytes }
                case .nothingYet: break
                case .endOfFile: open.remove(target.descriptor)
                }
            }
            guard out.count <= Self.bytesMax else { throw failure("printed more than \(Self.bytesMax) bytes") }
        }
        guard child.reap(blocking: true) == .exited(0) else { throw failure("failed") }
        return String(decoding: out, as: UTF8.self)
    }

    private func executable(_ name: String) -> String? {
        if name.contains("/") { return expanded(name) }
        let folders = (Host.variable("PATH") ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
