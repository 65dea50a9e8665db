// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterGit
import MusterModel
import MusterTestSupport
import Testing

/// What a disk does to an object.
enum Damage: String, CaseIterable {
    case truncated, emptied, zeroed, flipped, missing, otherContent

    /// - Parameter other: a sound object file with something else in it.
    func apply(to bytes: [UInt8], other: [UInt8], at place: Int) -> [UInt8]? {
        var bytes = bytes
        switch self {
        case .truncated: return Array(bytes.prefix(2 + place % max(1, bytes.count - 3)))
        case .emptied: return []
        case .zeroed: return Array(repeating: 0, count: bytes.count)
        case .flipped:
            bytes[place % bytes.count] ^= 1 << (place % 8)
            return bytes
        case .missing: return nil
        case .otherContent: return other
        }
    }
}

struct DamageTests {
    private let run = runID(1)
    private let branch = "muster/records"

    /// A log with one record of some files and folders, every object a file of its own.
    private func recorded() throws -> Fixture {
        let fixture = try Fixture(bare: true)
        let catalog = fixture.catalog()
        var files = ["README.md": "# Drill\n", "journal.jsonl": String(repeating: "{\"seq\":1}\n", count: 400)]
        for step in 1...6 { files["evidence/step-\(step)/shown.json"] = "{\"shown\":\(step)}\n" }
        _ = try catalog.commitRun(runCommit(run, files))
        _ = try catalog.mergeRecord(recordMerge(run))
        return fixture
    }

    /// The objects that reading the record goes through: the log's tip, the folders down to the record, and all in it.
    private func objects(_ fixture: Fixture) throws -> [(id: ObjectID, type: String)] {
        let lines = try fixture.git(["rev-list", "--objects", "--max-count=1", branch]).text.split(separator: "\n")
        return try lines.compactMap { line in
            let id = try #require(ObjectID(String(line.prefix(40))))
            let type = try fixture.git(["cat-file", "-t", id.hex]).line
            // Folders beside the way, such as those of other records, are not read.
            let path = line.dropFirst(41)
            guard type != "tree" || run.recordPath.hasPrefix(path) || path.hasPrefix(run.recordPath) else { return nil }
            return (id, type)
        }
    }

    /// All that the record says, by path; the folders' ids are in it by what they hold.
    private func readAll(_ fixture: Fixture) throws -> [CatalogFile] {
        let client = fixture.catalog().client
        let place = RecordPlace(run: run, branch: branch)
        let files: [RecordFile]? = try client.call(.listRecordFiles(place), deadline: .milliseconds(1500))
        let paths = try #require(files).map(\.path)
        let read: [CatalogFile]? = try client.call(
            .readRecord(place, paths: paths), deadline: .milliseconds(1500))
        return try #require(read)
    }

    private enum Finding {
        case found, missed
        /// A bit that means nothing, such as one behind the end of the compressed data: all was read as it was written.
        case harmless
    }

    /// Damages the object, reads, and mends it: whether the damage was found, and how long that took.
    private func look(
        _ damaged: [UInt8]?, _ id: ObjectID, _ fixture: Fixture, sound: [CatalogFile]
    ) throws -> (Finding, Duration) {
        let path = fixture.looseFile(id)
        let kept = try fixture.run("/bin/cat", [path]).output
        #expect(unlink(path) == 0)
        if let damaged { try fixture.writeFile(path, damaged) }
        var read: [CatalogFile] = []
        let clock = ContinuousClock()
        let began = clock.now
        let code = try errorCode { read = try readAll(fixture) }
        let took = clock.now - began
        unlink(path)
        try fixture.writeFile(path, kept)
        // Said to be damaged, or the worker was ended for it: never that there is no such file or record.
        if ["git.corrupt-repository", "git.deadline", "git.worker-ended"].contains(code) { return (.found, took) }
        return (code == nil && read == sound ? .harmless : .missed, took)
    }

    @Test func `each damage to each kind of object of a record is found by reading it, and nothing hangs`() throws {
        let fixture = try recorded()
        let other = try fixture.run("/bin/cat", [fixture.looseFile(fixture.blob("something else\n"))]).output
        var all = try objects(fixture)
        if !CampaignScale.isFull {
            all = ["commit", "tree", "blob"].compactMap { type in all.last { $0.type == type } }
            #expect(all.count == 3)
        }
        let sound = try readAll(fixture)
        #expect(sound.count == 8)
        var (points, missed, slow) = (0, 0, 0)
        for (number, object) in all.enumerated() {
            let bytes = try fixture.run("/bin/cat", [fixture.looseFile(object.id)]).output
            for damage in Damage.allCases {
                for place in damagePlaces(damage, number) {
                    let damaged = damage.apply(to: bytes, other: other, at: place)
                    let (finding, took) = try look(damaged, object.id, fixture, sound: sound)
                    if took > .seconds(10) { slow += 1 }
                    if finding == .harmless, damage == .flipped { continue }
                    points += 1
                    #expect(finding == .found, "\(damage) at \(place) of \(object)")
                    if finding != .found { missed += 1 }
                }
            }
        }
        #expect(try readAll(fixture) == sound)
        try CampaignLog.add(
            kind: "damaged objects", points: points, lost: missed, doubled: 0, notResumable: slow, wrongEnd: 0)
        #expect(missed == 0 && slow == 0)
    }

    /// Where to cut or flip; the other kinds have no place.
    private func damagePlaces(_ damage: Damage, _ number: Int) -> [Int] {
        guard damage == .truncated || damage == .flipped else { return [0] }
        return CampaignScale.pick(full: (0..<12).map { 7 * $0 + number }, sample: [11 + number])
    }
}
