// SPDX-License-Identifier: Apache-2.0

internal import MusterGit
internal import MusterMachine
internal import MusterModel

extension RecordProof {
    /// What another machine wrote of the run and the record does not hold, because the run went on elsewhere without it.
    ///
    /// It is no damage of the record, but a person who reads the record must know of it.
    func otherWays(_ journal: [UInt8]) throws(MusterError) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        for aside in try records.git.asideTips() where aside.run == run {
            let name = "journal.jsonl"
            guard let other = try records.git.readRecord(RecordPlace(aside), paths: [name])?[name]?.content.bytes else {
                findings.append(
                    finding("record.other-way-unreadable", "\(aside.ref) is kept beside the run and has no journal."))
                continue
            }
            if let problem = Self.problem(other) {
                findings.append(
                    finding(
                        "record.other-way-unreadable", "The journal of \(aside.ref), kept beside the run: \(problem)"))
            }
            let lines = zip(journal, other).prefix { $0.0 == $0.1 }.count { $0.0 == 0x0A }
            let more = other.count { $0 == 0x0A } - lines
            guard more > 0 else { continue }
            findings.append(
                Diagnostic(
                    .warning, code: "record.two-ways",
                    "The run went two ways: \(more) lines of another machine's journal, from line \(lines + 1) on, are in no record.",
                    help: "Read them: git show \(aside.ref):\(name) | tail -n +\(lines + 1)"))
        }
        return findings
    }

    private static func problem(_ journal: [UInt8]) -> String? {
        do {
            _ = try JournalReading(journal)
            return nil
        } catch { return "\(error)" }
    }
}
