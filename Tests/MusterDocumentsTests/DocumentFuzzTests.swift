// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterDocuments

/// Documents that ship with Muster, damaged at random: each is read or refused with places, and nothing of what comes of it is larger
/// than the limits allow. A crash would end the whole run of tests.
@Suite(.timeLimit(.minutes(30))) struct DocumentFuzzTests {
    private static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The shipped documents by kind, those that are no longer than what a case may take.
    private static let corpus: [(kind: DocumentKind, bytes: [UInt8])] = {
        var found = DocumentKind.allCases.map { ($0, Array($0.sample.utf8)) }
        for folder in ["runbooks", "plugins"] {
            let names = FileManager.default.enumerator(atPath: project.appending(path: folder).path())
            for case let name as String in names! where name.hasSuffix(".yaml") {
                guard let kind = kind(of: "\(folder)/\(name)"),
                    let data = try? Data(contentsOf: project.appending(path: "\(folder)/\(name)")), data.count < 6000
                else { continue }
                found.append((kind, Array(data)))
            }
        }
        return found.sorted { ($0.0.rawValue, $0.1.count) < ($1.0.rawValue, $1.1.count) }.map {
            (kind: $0.0, bytes: $0.1)
        }
    }()

    private static func kind(of path: String) -> DocumentKind? {
        if path.hasSuffix(".lock.yaml") { return .lock }
        if path.contains("/tests/") { return .scenario }
        if path.contains("/steps/") { return .step }
        return path.hasPrefix("runbooks/") ? .runbook : nil
    }

    private static let pieces = [
        ": ", "\n", "  ", "- ", "[", "]", "{", "}", ",", "'", "\"", "|", ">", "#", "&x ", "*x", "!!str ", "? ", "\\",
        "${{ ", " }}",
        "é", "1", "~", "no", "<<: ", "---\n", "\t", "\0", "\u{202E}", "\u{FEFF}", "\r", "99999999999999999999", "..",
        "@", "%YAML 1.1\n",
        "inputs.", "steps.", "(", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "\"\\u202E\"", "0777", "22:22",
    ].map { Array($0.utf8) }

    private static func damage(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        let at = random.number(0...bytes.count)
        let end = min(bytes.count, at + random.number(1...40))
        switch random.number(0...6) {
        case 0: if at < bytes.count { bytes[at] ^= 1 << UInt8(random.number(0...7)) }
        case 1: bytes.insert(contentsOf: random.pick(pieces), at: at)
        case 2: bytes.removeSubrange(at..<end)
        case 3: bytes.insert(contentsOf: bytes[at..<end], at: random.number(0...bytes.count))
        case 4: bytes.removeSubrange(at...)
        case 5: bytes.insert(UInt8(random.number(0...255)), at: at)
        default:
            let piece = random.pick(pieces)
            bytes.insert(contentsOf: Array(repeating: piece, count: random.number(1...60)).joined(), at: at)
        }
    }

    /// How many nodes there are, and how deep they stand.
    private static func size(_ value: LocatedValue, depth: Int = 1) -> (nodes: Int, depth: Int) {
        let below =
            (value.list ?? []).map { size($0, depth: depth + 1) }
            + (value.members ?? []).map { size($0.value, depth: depth + 1) }
        return (below.reduce(1) { $0 + $1.nodes }, below.reduce(depth) { max($0, $1.depth) })
    }

    private struct Tally {
        var refused = 0
        var unplaced = 0
        var overLimits = 0
    }

    private func judge(_ kind: DocumentKind, _ bytes: [UInt8], _ tally: inout Tally) {
        let told = kind.diagnostics(of: bytes)
        let read = parseYAML(bytes, file: kind.file)
        if told.contains(where: { $0.severity == .error }) { tally.refused += 1 }
        let lines = bytes.count { $0 == 0x0A } + 1
        let isPlaced = told.allSatisfy { one in
            guard let place = one.location else { return false }
            return place.file == kind.file && (1...lines + 1).contains(place.line) && place.column > 0
        }
        if !isPlaced || (read.value == nil) != read.hasErrors { tally.unplaced += 1 }
        let (nodes, depth) = read.partial.map { Self.size($0) } ?? (0, 0)
        let longest = told.map { $0.summary.count + ($0.help?.count ?? 0) }.max() ?? 0
        if nodes > YAMLLimits.nodes || depth > YAMLLimits.depth + 1 || told.count > 4 * bytes.count + 100
            || longest > 2 * Diagnostic.sentenceMax
        {
            tally.overLimits += 1
        }
    }

    @Test func `damaged documents are read or refused with places, within the limits`() throws {
        let seed =
            ProcessInfo.processInfo.environment["MUSTER_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...999_999_999)
        let count = CampaignScale.pick(full: 100_000, sample: 1500)
        var random = SeededRandom(seed: seed)
        var tally = Tally()
        for _ in 0..<count {
            var (kind, bytes) = random.pick(Self.corpus)
            for _ in 0..<random.number(1...4) { Self.damage(&bytes, &random) }
            judge(kind, bytes, &tally)
        }
        print(
            "damaged documents: \(count) cases, \(tally.refused) refused, 0 crashes, without a place \(tally.unplaced), "
                + "over the limits \(tally.overLimits), MUSTER_SEED=\(seed)")
        try CampaignLog.add(
            kind: "damaged documents", points: count, lost: 0, doubled: 0, notResumable: tally.overLimits,
            wrongEnd: tally.unplaced, seed: seed)
        #expect(tally.unplaced == 0 && tally.overLimits == 0, "MUSTER_SEED=\(seed)")
        #expect(tally.refused > count / 4)
    }
}
