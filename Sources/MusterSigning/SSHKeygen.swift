// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import MusterModel
internal import MusterSystem

/// Signatures as OpenSSH's `ssh-keygen -Y` makes and checks them, by that very program.
package struct SSHKeygen: SignatureTool {
    private let environment: [String: String]
    private let deadline: Duration

    /// What it is given of the caller's environment: the way to an agent, and to whoever asks for a passphrase.
    private static let passedOn = [
        "HOME", "SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "DISPLAY", "WAYLAND_DISPLAY", "SSH_SK_PROVIDER",
    ]
    private static let places = ["/usr/bin/ssh-keygen", "/usr/local/bin/ssh-keygen", "/bin/ssh-keygen"]

    /// - Parameter variables: the environment that the agent is looked for in.
    package init(variables: [String: String] = Host.variables, deadline: Duration = .seconds(120)) {
        environment = variables.filter { Self.passedOn.contains($0.key) }.merging(["LC_ALL": "C"]) { $1 }
        self.deadline = deadline
    }

    package func sign(_ bytes: [UInt8], key: String, namespace: String) throws(MusterError) -> String {
        try Self.refuseWhatIsNoFile(key)
        // Where the private half is not there, the agent is asked for the key.
        let result = try run(["-Y", "sign", "-f", key, "-n", namespace], input: bytes, deadline)
        guard result.status == 0, let text = String(validating: result.output, as: UTF8.self),
            text.hasPrefix("-----BEGIN SSH SIGNATURE-----")
        else {
            throw MusterError(
                code: "signing.failed", "ssh-keygen did not sign with \(visibleText(key)): \(result.reason).",
                help:
                    "A key with a passphrase is signed with by the agent: ssh-add it, and name its .pub file. See ssh-keygen(1), -Y sign."
            )
        }
        return text
    }

    package func publicKey(of key: String) throws(MusterError) -> (type: String, base64: String) {
        try Self.refuseWhatIsNoFile(key)
        for path in [key, key + ".pub"] {
            guard let bytes = readSmallFile(path, limit: 32 << 10, onlyRegular: true),
                let pair = Self.publicKey(String(decoding: bytes, as: UTF8.self))
            else { continue }
            return pair
        }
        // The empty passphrase is none: nothing secret stands in the arguments.
        let result = try run(["-y", "-P", "", "-f", key], input: [], .seconds(20))
        guard result.status == 0, let pair = Self.publicKey(String(decoding: result.output, as: UTF8.self)) else {
            throw MusterError(
                code: "signing.no-key", "\(visibleText(key)) is no key that could be read: \(result.reason).",
                help: "Name a key of ssh-keygen, or the .pub file of one that the agent holds.")
        }
        return pair
    }

    /// `ssh-keygen` would wait for ever at a pipe that nobody writes to.
    private static func refuseWhatIsNoFile(_ key: String) throws(MusterError) {
        var status = stat()
        guard stat(key, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return }
        throw MusterError(
            code: "signing.no-key", "\(visibleText(key)) is no key: it is no regular file.",
            help: "Name a key of ssh-keygen, or the .pub file of one that the agent holds.")
    }

    private static func publicKey(_ text: String) -> (type: String, base64: String)? {
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count >= 2,
            fields[0].hasPrefix("ssh-") || fields[0].hasPrefix("ecdsa-") || fields[0].hasPrefix("sk-")
        else { return nil }
        return (String(fields[0]), String(fields[1]))
    }

    package func verdict(
        on signature: String, over bytes: [UInt8], person: String, signers: [UInt8], namespace: String, at: Timestamp
    ) throws(MusterError) -> SignatureVerdict {
        guard !person.isEmpty, !person.hasPrefix("-") else { return .bad("nobody is named") }
        let folder = try PrivateFolder()
        let signersFile = try folder.write("allowed-signers", signers)
        let signatureFile = try folder.write("signature", Array(signature.utf8))
        let moment = at.compact.filter { $0 != "-" } + "Z"
        let result = try run(
            [
                "-Y", "verify", "-f", signersFile, "-I", person, "-n", namespace, "-s", signatureFile,
                "-O", "verify-time=\(moment)",
            ], input: bytes, .seconds(20))
        if result.status == 0 { return .good }
        guard result.hasExited else {
            throw Self.noVerdict(result)
        }
        return .bad(result.reason)
    }

    package func mismatch(_ signature: String, over bytes: [UInt8], namespace: String) throws(MusterError) -> String? {
        let folder = try PrivateFolder()
        let file = try folder.write("signature", Array(signature.utf8))
        let result = try run(["-Y", "check-novalidate", "-n", namespace, "-s", file], input: bytes, .seconds(20))
        guard result.hasExited else {
            throw Self.noVerdict(result)
        }
        return result.status == 0 ? nil : result.reason
    }

    /// It was ended by a signal or its deadline, at this one signature: others may be checked still.
    private static func noVerdict(_ result: Result) -> MusterError {
        MusterError(
            code: "signing.no-verdict", "ssh-keygen could not check a signature: \(result.reason).",
            help: "Try again; see whether ssh-keygen works here.", status: .preconditionUnmet)
    }

    // MARK: The program

    private struct Result {
        /// Nil when it was ended by a signal or by its deadline.
        var status: Int32?
        var output: [UInt8]
        var errors: [UInt8]
        var hasExited: Bool { status != nil }

        /// What it said, in one line.
        var reason: String {
            let said =
                String(decoding: errors.prefix(2000), as: UTF8.self) + " "
                + String(decoding: output.prefix(500), as: UTF8.self)
            let words = said.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            if status == nil { return "it gave no answer in time" }
            return words.isEmpty ? "it ended with status \(status ?? -1)" : visibleText(String(words.prefix(300)))
        }
    }

    private func run(_ arguments: [String], input: [UInt8], _ deadline: Duration) throws(MusterError) -> Result {
        guard let path = Self.places.first(where: { access($0, X_OK) == 0 }) else {
            throw MusterError(
                code: "signing.unavailable", "There is no ssh-keygen here, which makes and checks signatures.",
                help: "Install OpenSSH's client (on Debian: apt-get install openssh-client).",
                status: .preconditionUnmet)
        }
        let child = try ChildProcess(path: path, arguments: arguments, environment: environment)
        _ = child.send(input)
        var (output, errors): ([UInt8], [UInt8]) = ([], [])
        let end = readClocks().boot + deadline.milliseconds * 1_000_000
        while true {
            if child.unsentCount > 0 { _ = child.flush() }
            // At once: the child answers only once it has seen the end, and nobody says anything before.
            if child.unsentCount == 0 { child.closeInput() }
            let isSaid = Self.read(child.readOutput, into: &output)
            let isTold = Self.read(child.readErrors, into: &errors)
            if isSaid && isTold || output.count + errors.count > 1 << 20 { break }
            let left = end - readClocks().boot
            guard left > 0 else {
                child.signalGroup(SIGKILL)
                _ = child.reap(blocking: true)
                return Result(status: nil, output: [], errors: [])
            }
            var targets = [child.output, child.errors].filter { $0 >= 0 }.map { PollTarget(reading: $0) }
            if child.unsentCount > 0, child.input >= 0 { targets.append(PollTarget(writing: child.input)) }
            _ = waitUntilReady(targets, timeout: .nanoseconds(left))
        }
        if output.count + errors.count > 1 << 20 { child.signalGroup(SIGKILL) }
        if case .exited(let status)? = child.reap(blocking: true) {
            return Result(status: status, output: output, errors: errors)
        }
        return Result(status: nil, output: output, errors: errors)
    }

    /// Takes what is there; true once nothing more comes.
    private static func read(_ next: (Int) -> ChildProcess.ReadResult, into bytes: inout [UInt8]) -> Bool {
        while bytes.count <= 1 << 20 {
            switch next(ChildProcess.readBytesMax) {
            case .bytes(let more): bytes += more
            case .nothingYet: return false
            case .endOfFile: return true
            }
        }
        return true
    }
}
