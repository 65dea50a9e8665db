// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel
internal import MusterRecord
internal import MusterSystem

/// Signs what a reviewer says, and checks that a signature is over the very bytes.
protocol ReviewSigner {
    /// - Throws: `review.not-signed`.
    func sign(_ bytes: [UInt8], key: String) throws(MusterError) -> [UInt8]

    /// Why the signature does not fit the bytes; nil when it does. Whose key it was made with is for the reader to ask.
    func mismatch(_ signature: [UInt8], over bytes: [UInt8]) throws(MusterError) -> String?
}

/// By OpenSSH's own program, so that anybody can check it with the same.
struct KeygenReviewSigner: ReviewSigner {
    private static let places = ["/usr/bin/ssh-keygen", "/usr/local/bin/ssh-keygen", "/bin/ssh-keygen"]
    /// An agent may ask somebody to touch a key.
    private static let patience = Duration.seconds(120)
    private static let outputMax = 64 << 10

    func sign(_ bytes: [UInt8], key: String) throws(MusterError) -> [UInt8] {
        let result = try run(["-Y", "sign", "-f", expanded(key), "-n", ReviewFiles.namespace], input: bytes)
        guard result.end == .exited(0), result.output.starts(with: Array("-----BEGIN SSH SIGNATURE-----".utf8)) else {
            throw MusterError(
                code: "review.not-signed",
                "ssh-keygen did not sign with \(visibleText(key)): \(result.says).",
                help: "A key with a passphrase is signed with by the agent: ssh-add it, and name its .pub file.")
        }
        return result.output
    }

    func mismatch(_ signature: [UInt8], over bytes: [UInt8]) throws(MusterError) -> String? {
        let folder = Host.variable("TMPDIR") ?? "/tmp"
        var template = Array("\(folder)/muster-review-XXXXXX\0".utf8.map { CChar(bitPattern: $0) })
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw MusterError(
                code: "review.not-checked",
                "A signature could not be laid down in \(visibleText(folder)) to be checked.",
                help: "Point TMPDIR at a folder that you may write to.", status: .preconditionUnmet)
        }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        let written = signature.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        guard written == signature.count else { return "it could not be laid down to be checked" }
        let result = try run(
            ["-Y", "check-novalidate", "-n", ReviewFiles.namespace, "-s", path], input: bytes)
        return result.end == .exited(0) ? nil : result.says
    }

    // MARK: The program

    private struct Result {
        var end: ChildProcess.Termination?
        var output: [UInt8]
        var errors: [UInt8]

        /// In one line.
        var says: String {
            guard end != nil else { return "it gave no answer in time" }
            let words = String(decoding: errors.prefix(1000), as: UTF8.self).split(whereSeparator: \.isWhitespace)
            return words.isEmpty ? "it gave no reason" : visibleText(words.joined(separator: " "))
        }
    }

    private func run(_ arguments: [String], input: [UInt8]) throws(MusterError) -> Result {
        guard let path = Self.places.first(where: { access($0, X_OK) == 0 }) else {
            throw MusterError(
                code: "review.not-checked", "There is no ssh-keygen here, which makes and checks signatures.",
                help: "Install OpenSSH's client (on Debian: apt-get install openssh-client).",
                status: .preconditionUnmet)
        }
        let names = ["HOME", "SSH_AUTH_SOCK", "SSH_ASKPASS", "DISPLAY", "WAYLAND_DISPLAY"]
        let known = names.compactMap { name in Host.variable(name).map { (name, $0) } }
        let child = try ChildProcess(
            path: path, arguments: arguments, environment: Dictionary(uniqueKeysWithValues: known + [("LC_ALL", "C")]))
        _ = child.send(input)
        var result = Result(end: nil, output: [], errors: [])
        let end = readClocks().boot + Self.patience.milliseconds * 1_000_000
        while child.output >= 0 || child.errors >= 0 {
            if child.unsentCount == 0 { child.closeInput() } else { _ = child.flush() }
            let left = end - readClocks().boot
            guard left > 0, result.output.count + result.errors.count < Self.outputMax else {
                child.signalGroup(SIGKILL)
                _ = child.reap(blocking: true)
                return result
            }
            read(child, into: &result, left)
        }
        result.end = child.reap(blocking: true)
        return result
    }

    private func read(_ child: ChildProcess, into result: inout Result, _ nanoseconds: Int64) {
        var targets = [child.output, child.errors].filter { $0 >= 0 }.map { PollTarget(reading: $0) }
        if child.unsentCount > 0, child.input >= 0 { targets.append(PollTarget(writing: child.input)) }
        for target in waitUntilReady(targets, timeout: .nanoseconds(nanoseconds)) {
            if target.descriptor == child.output, case .bytes(let bytes) = child.readOutput() { result.output += bytes }
            if target.descriptor == child.errors, case .bytes(let bytes) = child.readErrors() { result.errors += bytes }
        }
    }

    private func expanded(_ path: String) -> String {
        guard path.hasPrefix("~/"), let home = Host.variable("HOME") else { return path }
        return home + path.dropFirst()
    }
}
