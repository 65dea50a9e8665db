// SPDX-License-Identifier: Apache-2.0

internal import MusterApproval
internal import MusterDocuments
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSigning
internal import MusterSystem

/// Makes statements and has them signed.
struct StatementMaker {
    let desk: ApprovalDesk
    let key: String
    let person: String
    let now: Timestamp

    /// A word on the plan, or at one of its run's gates.
    func statement(
        _ decision: ApprovalStatement.Decision, gate: ApprovalStatement.Gate? = nil, life: Duration, comment: String?
    ) throws(MusterError) -> ApprovalStatement {
        let plan = desk.plan
        let window = try desk.window(after: now)
        let what =
            gate.map { "the gate \($0.step) of run \($0.run)" }
            ?? "the \(plan.kind.rawValue) of \(plan.runbook.name) \(plan.runbook.version) in \(plan.environment.name)"
        let verb =
            switch decision {
            case .approve: "approves"
            case .reject: "rejects"
            case .operate: "operates"
            }
        return ApprovalStatement(
            id: Self.newID(), subject: gate == nil ? .plan : .gate, decision: decision, plan: desk.digest, gate: gate,
            runbook: plan.runbook.name, environment: plan.environment.name, kind: plan.kind, change: plan.change,
            window: decision == .operate ? nil : window, issued: now, expires: now.advanced(by: life),
            says: "\(person) \(verb) \(what), plan \(desk.digest)", comment: comment, approver: person)
    }

    /// Signs it, and makes sure that whoever checks it later will find the same.
    ///
    /// - Throws: `signing.failed`; `approval.too-long`; `approval.key-not-valid` where the signature does not hold by the catalog's signers.
    func sign(_ statement: ApprovalStatement) throws(MusterError) -> OfferedStatement {
        let bytes: [UInt8]
        // It ends in git: a text of the plan, such as the ticket's name, may hold a secret as well as a comment does.
        do { bytes = try statement.bytes() } catch {
            throw MusterError(code: "approval.not-encodable", "The statement cannot be written: \(error).")
        }
        guard ApprovalStatement(bytes) != nil else {
            throw MusterError(
                code: "approval.too-long", "The statement is longer than its readers take, which is 64 KiB.",
                help: "Nothing was signed. Say it in short, and where to read the rest.")
        }
        if let finding = LeakGate().finding(in: bytes, of: "the statement") {
            throw MusterError(
                code: "approval.leak", "Nothing was signed, for the statement would go into git: \(finding).",
                help: "Say it without the secret, and change that secret where it is one.", status: .verificationFailed)
        }
        let offered = OfferedStatement(
            statement: String(decoding: bytes, as: UTF8.self),
            signature: try desk.tool.sign(bytes, key: key, namespace: ApprovalStatement.namespace),
            origin: "this command")
        if let flaw = try desk.flaw(offered, statement, now) {
            throw MusterError(
                code: "approval.key-not-valid", "The key does not count for \(person): \(flaw).",
                help: "Look at its line in \(AllowedSigners.path): namespaces, valid-after and valid-before.",
                status: .preconditionUnmet)
        }
        return offered
    }

    private static func newID() -> String {
        (0..<4).map { _ in
            let digits = String(Host.random(), radix: 16)
            return String(repeating: "0", count: 8 - digits.utf8.count) + digits
        }.joined()
    }
}

extension ApprovalRecorded {
    init(_ offered: OfferedStatement, _ statement: ApprovalStatement) {
        self.init(
            step: statement.gate?.step, approver: statement.approver, decision: statement.decision, id: statement.id,
            statement: offered.statement, signature: offered.signature)
    }
}

/// The key that signs: `--key`, else the variable MUSTER_KEY.
///
/// - Throws: `approval.no-key`.
func signingKey(_ option: String?, for what: String) throws(MusterError) -> String {
    if let key = option ?? Host.variable("MUSTER_KEY"), !key.isEmpty { return key }
    throw MusterError(
        code: "approval.no-key", "No key is named to \(what).",
        help: "Give --key FILE, or set MUSTER_KEY: a private key, or the .pub file of one that the agent holds.")
}
