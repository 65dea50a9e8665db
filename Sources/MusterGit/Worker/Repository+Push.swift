// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import Glibc
internal import MusterModel

/// What libgit2's callbacks write down during one push.
private final class PushProgress {
    /// The remote's word on each ref: nil for accepted.
    var verdicts: [String: String?] = [:]
    var askedForCredentials = false
    /// Why the server's certificate or host key was refused.
    var distrust: String?
}

extension Repository {
    func push(_ order: PushOrder) throws -> PushReport {
        for ref in order.refs { try refuseOddRef(ref) }
        let remote = try findRemote(order.remote)
        defer { git_remote_free(remote) }
        // libgit2 looks for .ssh/known_hosts in $HOME; for everything else the worker has none.
        if let home = opening.home { setenv("HOME", home, 1) }
        let progress = PushProgress()
        let failure = send(order.refs, to: remote, progress)
        unsetenv("HOME")
        // Some of libgit2's messages quote the URL, and a URL may hold a password.
        let url = git_remote_url(remote).map { String(cString: $0) } ?? ""
        let reason = failure.map { $0.saying($0.message.replacing(url, with: "the remote's URL")) }
        return PushReport(
            refs: order.refs.map { PushReport.Ref(ref: $0, outcome: Self.outcome(of: $0, reason, progress)) })
    }

    private func findRemote(_ name: String) throws -> OpaquePointer {
        var remote: OpaquePointer?
        if let failure = gitFailure("find the remote \(name)", { git_remote_lookup(&remote, handle, name) }) {
            guard [GIT_ENOTFOUND, GIT_EINVALIDSPEC].contains(failure.code) else { throw failure }
            throw MusterError(
                code: "git.unknown-remote", "The repository has no remote named \"\(name)\".",
                help: "Add it with `git remote add \(name) <url>`, or change the remote in muster.yaml.")
        }
        return remote!
    }

    private func refuseOddRef(_ ref: String) throws(MusterError) {
        var isValid: Int32 = 0
        guard ref.hasPrefix("refs/heads/"), git_reference_name_is_valid(&isValid, ref) == 0, isValid == 1 else {
            throw MusterError(
                code: "git.push-refused", "\"\(ref)\" is not pushed.",
                help: "Muster pushes branches by their full name, and neither forces nor deletes.")
        }
    }

    /// `git_remote_upload` and not `git_remote_push`: the latter also moves remote-tracking refs of this repository.
    private func send(_ refs: [String], to remote: OpaquePointer, _ progress: PushProgress) -> GitFailure? {
        var options = git_push_options()
        git_push_options_init(&options, UInt32(GIT_PUSH_OPTIONS_VERSION))
        options.pb_parallelism = 1
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        options.callbacks.payload = Unmanaged.passUnretained(progress).toOpaque()
        options.callbacks.push_update_reference = noteVerdict
        options.callbacks.credentials = offerCredentials
        options.callbacks.certificate_check = checkCertificate
        defer { git_remote_disconnect(remote) }
        return withExtendedLifetime(progress) {
            withStringArray(refs.map { "\($0):\($0)" }) { specifications in
                var specifications = specifications
                return gitFailure("push") { git_remote_upload(remote, &specifications, &options) }
            }
        }
    }

    private static func outcome(of ref: String, _ failure: GitFailure?, _ progress: PushProgress) -> PushReport.Outcome
    {
        if let verdict = progress.verdicts[ref] { return verdict.map { .rejected($0) } ?? .accepted }
        // A remote that already has the ref reports nothing about it.
        guard let failure else { return .accepted }
        if failure.code == GIT_ENONFASTFORWARD {
            return .rejected("the remote has commits that this repository lacks, and Muster never forces")
        }
        if let distrust = progress.distrust { return .unreachable(distrust) }
        if failure.code == GIT_EAUTH || progress.askedForCredentials {
            return .unreachable(
                "the remote wants credentials, and Muster has those of the ssh agent only: \(failure.message)")
        }
        return .unreachable(failure.message)
    }
}

private func progress(_ payload: UnsafeMutableRawPointer?) -> PushProgress {
    Unmanaged<PushProgress>.fromOpaque(payload!).takeUnretainedValue()  // set by `send` for the length of the push
}

private func noteVerdict(
    _ ref: UnsafePointer<CChar>?, _ status: UnsafePointer<CChar>?, _ payload: UnsafeMutableRawPointer?
) -> Int32 {
    guard let ref else { return 0 }
    progress(payload).verdicts.updateValue(status.map { String(cString: $0) }, forKey: String(cString: ref))
    return 0
}

/// Offers the ssh agent's keys once; libgit2 would ask again without end.
private func offerCredentials(
    _ credential: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?, _ url: UnsafePointer<CChar>?,
    _ user: UnsafePointer<CChar>?, _ allowed: UInt32, _ payload: UnsafeMutableRawPointer?
) -> Int32 {
    let progress = progress(payload)
    if allowed & GIT_CREDENTIAL_USERNAME.rawValue != 0 { return git_credential_username_new(credential, "git") }
    guard !progress.askedForCredentials else { return GIT_EAUTH.rawValue }
    progress.askedForCredentials = true
    guard allowed & GIT_CREDENTIAL_SSH_KEY.rawValue != 0, getenv("SSH_AUTH_SOCK") != nil else {
        return GIT_EAUTH.rawValue
    }
    return git_credential_ssh_key_from_agent(credential, user.map { String(cString: $0) } ?? "git")
}

/// Takes only what libgit2 found good: a certificate by the system's authorities, a host key by `known_hosts`.
private func checkCertificate(
    _ certificate: UnsafeMutablePointer<git_cert>?, _ valid: Int32, _ host: UnsafePointer<CChar>?,
    _ payload: UnsafeMutableRawPointer?
) -> Int32 {
    if valid == 1 { return 0 }
    let name = host.map { String(cString: $0) } ?? "the server"
    let isKey = certificate?.pointee.cert_type == GIT_CERT_HOSTKEY_LIBSSH2
    progress(payload).distrust =
        isKey
        ? "~/.ssh/known_hosts does not hold this host key of \(name); ask its owner for the right one, then add it"
        : "the certificate of \(name) is not trusted by this machine"
    return GIT_ECERTIFICATE.rawValue
}
