// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterApproval
internal import MusterModel

/// What run and resume take where a policy asks for approvals.
struct ApprovalOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Your SSH key, where a policy wants to know who operates the run (default: $MUSTER_KEY).", valueName: "file"
        ))
    var key: String?

    @Option(
        name: .customLong("approval"),
        help: ArgumentHelp(
            "An approval, with its signature in FILE.sig; may be repeated. Those beside the plan's file, and those on branches of the catalog, are found without it.",
            valueName: "file"))
    var files: [String] = []

    @Flag(
        name: .customLong("break-glass"),
        help:
            "Run without the approvals that the policy asks for, and without the change ticket's consent. Needs --reason; it stays open until a reviewer closes it."
    )
    var breaksGlass = false

    func check(_ reason: String?) throws {
        if breaksGlass, reason == nil { throw ValidationError("--break-glass needs --reason.") }
    }

    /// - Parameter plan: the plan's file; nil: it was made just now.
    func request(
        for desk: ApprovalDesk, plan: String?, reason: String?, remote: String?, _ terminal: Terminal
    ) throws(MusterError) -> RunAdmission.Request {
        let store = StatementStore(git: desk.git)
        let notice = desk.isAsking ? try store.fetch(about: desk.digest, from: remote) : nil
        if let notice { terminal.error("note: \(notice)") }
        var offered = try files.map { (file) throws(MusterError) in try StatementStore.read(file) }
        if let plan { offered += StatementStore.offered(besides: plan) }
        offered += try store.offered(about: desk.digest)
        return RunAdmission.Request(
            key: key, offered: offered, breakGlass: breaksGlass ? reason : nil, notAsked: notice)
    }
}
