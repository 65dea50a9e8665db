// SPDX-License-Identifier: Apache-2.0

internal import MusterApproval
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// A statement that came to a gate where the run waits, and does not count.
struct StatementNotice: Hashable, Codable {
    /// Tells it from others.
    var signature: Digest
    var gate: String
    /// Whose it says it is.
    var approver: String
    var why: String

    /// Nil for what is about no gate of a run.
    init?(_ offered: OfferedStatement, _ error: MusterError) {
        guard let statement = offered.parsed, let gate = statement.gate?.step else { return nil }
        signature = Digest(of: offered.signature.utf8)
        self.gate = gate
        approver = statement.approver
        why = GateCheck.reason(error)
    }

    var text: String { visibleText("a statement of \(approver) came and does not count: \(why)") }
}

/// The statements that came to a run and do not count, beside its journal: `muster status` reads them. They are no part of
/// the record: nobody knows who wrote what is not signed by a person of the policy.
struct StatementNotices {
    static let fileName = "statements.json"
    /// Who floods the branches fills no disk.
    private static let most = 50

    let runFolder: String

    private var file: String { "\(runFolder)/\(Self.fileName)" }

    /// One for each statement, with the last reason.
    var all: [StatementNotice] {
        // What cannot be read is found again with the next look.
        readSmallFile(file, onlyRegular: true).flatMap { try? JSON.parse($0).decode([StatementNotice].self) } ?? []
    }

    /// - Returns: whether it is news: another statement, or another reason.
    func add(_ notice: StatementNotice) -> Bool {
        let before = all
        guard !before.contains(notice) else { return false }
        write(Array((before.filter { $0.signature != notice.signature } + [notice]).suffix(Self.most)))
        return true
    }

    /// It counts now.
    func remove(_ signature: Digest) {
        let before = all
        if before.contains(where: { $0.signature == signature }) { write(before.filter { $0.signature != signature }) }
    }

    private func write(_ notices: [StatementNotice]) {
        // A disk that is full is told by the journal; what is said here comes again.
        guard let bytes = try? JSON(encoding: notices).canonicalBytes() else { return }
        try? writeFile(file, bytes)  // the same
    }
}

/// Shows statements that do not count while the run waits.
protocol NoticeFollower: AnyObject {
    func notice(_ notice: StatementNotice)
}
