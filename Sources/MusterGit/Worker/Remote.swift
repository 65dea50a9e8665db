// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import Glibc
internal import MusterModel

/// The remote cannot be reached, or did not end what was begun; what it has is not known.
struct Unreachable: Error {
    let why: String

    func asMusterError(_ remote: String) -> MusterError {
        MusterError(
            code: "git.remote-unreachable", "The remote \"\(remote)\" cannot be reached: \(why).",
            help:
                "Look at the network and at `git ls-remote \(remote)`. What was under way may have been done: ask again.",
            status: .preconditionUnmet)
    }
}

/// What libgit2's callbacks write down during one conversation.
private final class RemoteNotes {
    /// The remote's word on each ref that was sent: nil for accepted.
    var verdicts: [String: String?] = [:]
    var askedForCredentials = false
    /// Why the server's certificate or host key was refused.
    var distrust: String?
    /// How much is taken from it at most.
    var limit = GitLimits.fetchedBytes
    var exceeds: String?
}

/// A conversation with one remote over one connection: what it has, what comes from it, what it says to what is sent.
///
/// Refs that move here are the remote's alone: nothing in this class touches a ref of this repository.
final class Remote {
    let name: String
    /// Where it is, as libgit2 is told.
    let url: String
    private let handle: OpaquePointer
    private let home: String?
    private let notes = RemoteNotes()

    /// - Parameters:
    ///   - repository: whose configuration names the remote.
    ///   - store: where objects come from and go to; the same repository when it is left out.
    /// - Throws: `git.unknown-remote` for anything but the name of a remote.
    init(_ name: String, in repository: Repository, objectsIn store: Repository? = nil) throws {
        var remote: OpaquePointer?
        if let failure = gitFailure("find the remote \(name)", { git_remote_lookup(&remote, repository.handle, name) })
        {
            guard [GIT_ENOTFOUND, GIT_EINVALIDSPEC].contains(failure.code) else { throw failure }
            throw MusterError(
                code: "git.unknown-remote", "The repository has no remote named \"\(name)\".",
                help: "Add it with `git remote add \(name) <url>`, or change the remote in muster.yaml.")
        }
        self.name = name
        home = repository.opening.home
        // What is read must be what is written: where the two differ, all goes to where pushes go.
        let found = (git_remote_pushurl(remote) ?? git_remote_url(remote)).map { String(cString: $0) } ?? ""
        url = found
        guard let store else {
            handle = remote!  // set by the call above, which did not fail
            if git_remote_pushurl(remote) != nil { git_remote_set_instance_url(remote, found) }
            return
        }
        git_remote_free(remote)
        var other: OpaquePointer?
        try git("name the remote \(name)") { git_remote_create_anonymous(&other, store.handle, found) }
        handle = other!
    }

    deinit {
        git_remote_disconnect(handle)
        git_remote_free(handle)
    }

    /// Whether the remote itself compares a ref's old value before it moves it. libgit2 does not for a folder of this machine.
    var compares: Bool {
        if let end = url.firstRange(of: "://")?.lowerBound {
            return ["ssh", "git+ssh", "ssh+git", "git", "https", "http"].contains(url[..<end].lowercased())
        }
        return url.contains(":")  // host:path is ssh
    }

    /// Opens the connection, for reading or for sending.
    func connect(_ direction: git_direction) throws(Unreachable) {
        var options = git_remote_connect_options()
        git_remote_connect_options_init(&options, UInt32(GIT_REMOTE_CONNECT_OPTIONS_VERSION))
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        options.callbacks = callbacks()
        // libgit2 looks for .ssh/known_hosts in $HOME; for everything else the worker has none.
        if let home { setenv("HOME", home, 1) }
        defer { unsetenv("HOME") }
        let failure = withExtendedLifetime(notes) {
            gitFailure("connect") { git_remote_connect_ext(handle, direction, &options) }
        }
        if let failure { throw Unreachable(why: reason(failure)) }
        notes.askedForCredentials = false  // they were good
    }

    /// The remote's refs as it named them when the connection was made; what is sent over this connection is compared to these.
    func heads() throws(Unreachable) -> [String: ObjectID] {
        var list: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
        var count = 0
        if let failure = gitFailure("list refs", { git_remote_ls(&list, &count, handle) }) {
            throw Unreachable(why: reason(failure))
        }
        var heads: [String: ObjectID] = [:]
        for index in 0..<count {
            guard let head = list?[index]?.pointee, let name = head.name else { continue }
            heads[String(cString: name)] = ObjectID(head.oid)
        }
        return heads
    }

    /// Brings the objects of these refs into the repository.
    ///
    /// - Parameter limit: bytes; a remote that sends more is cut off.
    /// - Throws: also `git.too-large`.
    func download(_ refs: [String], limit: Int) throws {
        notes.limit = limit
        var options = git_fetch_options()
        git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION))
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
        options.update_fetchhead = 0
        options.callbacks = callbacks()
        let failure = withExtendedLifetime(notes) {
            withStringArray(refs) { names in
                var names = names
                return gitFailure("fetch") { git_remote_download(handle, &names, &options) }
            }
        }
        if let exceeds = notes.exceeds {
            throw MusterError(
                code: "git.too-large", "The remote \"\(name)\" sends \(exceeds) for \(refs.joined(separator: ", ")).",
                help: "Fetch it with git and look at it; Muster does not take so much from a remote.", status: .stuck)
        }
        if let failure { throw Unreachable(why: reason(failure)) }
    }

    /// Sends refs, `source:target` each, never by force. The remote's word on each is in ``verdict(on:)`` afterwards.
    ///
    /// `git_remote_upload` and not `git_remote_push`: the latter also moves remote-tracking refs of this repository.
    func upload(_ specifications: [String]) -> GitFailure? {
        var options = git_push_options()
        git_push_options_init(&options, UInt32(GIT_PUSH_OPTIONS_VERSION))
        options.pb_parallelism = 1
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        options.callbacks = callbacks()
        return withExtendedLifetime(notes) {
            withStringArray(specifications) { specifications in
                var specifications = specifications
                return gitFailure("push") { git_remote_upload(handle, &specifications, &options) }
            }
        }
    }

    enum Verdict: Equatable { case accepted, rejected(String) }

    /// Nil when the remote said nothing about the ref.
    func verdict(on ref: String) -> Verdict? { notes.verdicts[ref].map { $0.map { .rejected($0) } ?? .accepted } }

    /// Why it failed, in words for people. Some of libgit2's messages quote the URL, and a URL may hold a password.
    func reason(_ failure: GitFailure) -> String {
        if let distrust = notes.distrust { return distrust }
        let message = url.isEmpty ? failure.message : failure.message.replacing(url, with: "the remote's URL")
        guard failure.code == GIT_EAUTH || notes.askedForCredentials else { return message }
        return "the remote wants credentials, and Muster has those of the ssh agent only: \(message)"
    }

    private func callbacks() -> git_remote_callbacks {
        var callbacks = git_remote_callbacks()
        git_remote_init_callbacks(&callbacks, UInt32(GIT_REMOTE_CALLBACKS_VERSION))
        callbacks.payload = Unmanaged.passUnretained(notes).toOpaque()
        callbacks.push_update_reference = noteVerdict
        callbacks.credentials = offerCredentials
        callbacks.certificate_check = checkCertificate
        callbacks.transfer_progress = watchSize
        return callbacks
    }
}

private func notes(_ payload: UnsafeMutableRawPointer?) -> RemoteNotes {
    Unmanaged<RemoteNotes>.fromOpaque(payload!).takeUnretainedValue()  // set by `callbacks` for the length of each call
}

private func noteVerdict(
    _ ref: UnsafePointer<CChar>?, _ status: UnsafePointer<CChar>?, _ payload: UnsafeMutableRawPointer?
) -> Int32 {
    guard let ref else { return 0 }
    notes(payload).verdicts.updateValue(status.map { String(cString: $0) }, forKey: String(cString: ref))
    return 0
}

/// Cuts off a remote that sends more than was agreed to.
private func watchSize(_ stats: UnsafePointer<git_indexer_progress>?, _ payload: UnsafeMutableRawPointer?) -> Int32 {
    guard let stats = stats?.pointee else { return 0 }
    let notes = notes(payload)
    if stats.received_bytes > notes.limit {
        notes.exceeds = "more than \(notes.limit) bytes"
    } else if stats.total_objects > UInt32(GitLimits.fetchedObjects) {
        notes.exceeds = "\(stats.total_objects) objects, more than \(GitLimits.fetchedObjects),"
    } else {
        return 0
    }
    return GIT_EUSER.rawValue
}

/// Offers the ssh agent's keys once; libgit2 would ask again without end.
private func offerCredentials(
    _ credential: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?, _ url: UnsafePointer<CChar>?,
    _ user: UnsafePointer<CChar>?, _ allowed: UInt32, _ payload: UnsafeMutableRawPointer?
) -> Int32 {
    let notes = notes(payload)
    if allowed & GIT_CREDENTIAL_USERNAME.rawValue != 0 { return git_credential_username_new(credential, "git") }
    guard !notes.askedForCredentials else { return GIT_EAUTH.rawValue }
    notes.askedForCredentials = true
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
    notes(payload).distrust =
        isKey
        ? "~/.ssh/known_hosts does not hold this host key of \(name); ask its owner for the right one, then add it"
        : "the certificate of \(name) is not trusted by this machine"
    return GIT_ECERTIFICATE.rawValue
}
