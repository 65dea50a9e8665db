// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterGit
import MusterModel
import MusterTestSupport
import Testing

/// Trees that no `git add` would make, in commits of a catalog, in the log and on a run's branch: whoever reads one is refused by
/// name, and nothing comes to lie outside of the repository's own objects.
struct EvilTreeTests {
    private typealias Entry = (mode: String, name: String, id: ObjectID)

    /// What is evil in the folder of runbooks, or in a record, and the code that says so.
    private struct Evil: Sendable {
        var name: String
        var code = "git.unsafe-entry"
        var entries: @Sendable (Fixture, ObjectID) throws -> [Entry]

        init(
            _ name: String, _ code: String = "git.unsafe-entry",
            _ entries: @escaping @Sendable (Fixture, ObjectID) throws -> [Entry]
        ) {
            self.name = name
            self.code = code
            self.entries = entries
        }

        /// One entry of this name and mode.
        init(_ name: String, mode: String = "100644") { self.init("\(mode) \(name)") { [(mode, name, $1)] } }
    }

    private static let nowhere = ObjectID(String(repeating: "d", count: 40))!

    private static let names =
        [
            "..", ".", "../x", "a/b", "/etc", "a\\b", "C:x", ".git", ".GIT", ".Git", ".git.", ".git ", ".git . ",
            "git~1", "GIT~2",
            ".g\u{200C}it", ".gi\u{200D}t", "\u{FEFF}.git", ".git:$DATA", ".git::$INDEX_ALLOCATION", "x\u{202E}lmay.x",
            "line\nbreak",
            "tab\tname", "bell\u{7}", "esc\u{1B}[31m", "del\u{7F}", "\u{2028}", String(repeating: "n", count: 256),
        ].map { Evil($0) }

    private static let modes = [
        Evil("x.yaml", mode: "120000"), Evil("x.yaml", mode: "160000"), Evil("x.yaml", mode: "100777"),
        Evil("x.yaml", mode: "100664"), Evil("x.yaml", mode: "40755"), Evil("x.yaml", mode: "10644"),
        Evil("x.yaml", mode: "0"),
        Evil("x.yaml", mode: "170000"),
    ]

    private static let shapes = [
        Evil("a name twice") { [("100644", "x.yaml", $1), ("100644", "x.yaml", try $0.blob("other\n"))] },
        Evil("a name twice, as file and folder") {
            [("100644", "x", $1), ("40000", "x", try $0.rawTree([("100644", "y", $1)]))]
        },
        Evil("names that differ in case") { [("100644", "X.yaml", $1), ("100644", "x.yaml", $1)] },
        Evil("names that differ in Unicode form") { [("100644", "e\u{301}", $1), ("100644", "\u{E9}", $1)] },
        Evil("names out of order") { [("100644", "z", $1), ("100644", "a", $1)] },
        Evil("a folder out of order") {
            [("40000", "a", try $0.rawTree([("100644", "y", $1)])), ("100644", "a.yaml", $1)]
        },
    ]

    private static let objects = [
        Evil("a folder that is a blob", "git.corrupt-repository") { [("40000", "x", $1)] },
        Evil("a file that is a folder", "git.corrupt-repository") {
            [("100644", "x.yaml", try $0.rawTree([("100644", "y", $1)]))]
        },
        Evil("a file that is not there", "git.corrupt-repository") { _, _ in [("100644", "x.yaml", nowhere)] },
        Evil("a folder that is not there", "git.corrupt-repository") { _, _ in [("40000", "x", nowhere)] },
        Evil("a file that is nothing", "git.corrupt-repository") { _, _ in
            [("100644", "x.yaml", ObjectID(String(repeating: "0", count: 40))!)]
        },
    ]

    private static let all = names + modes + shapes + objects

    /// What lies in the folder around the repository, and in its work tree.
    private func surroundings(_ fixture: Fixture) throws -> String {
        try fixture.run("/usr/bin/find", [fixture.root, "-path", "\(fixture.gitFolder)/*", "-prune", "-o", "-print"])
            .text
    }

    private func report(_ kind: String, _ count: Int, _ wrong: [String]) throws {
        print("\(kind): \(count) trees, \(wrong.count) read, or refused for something else")
        try CampaignLog.add(kind: kind, points: count, lost: 0, doubled: 0, notResumable: 0, wrongEnd: wrong.count)
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    }

    // MARK: Catalogs

    /// Everything that is ever read of a catalog at a commit: the first refusal.
    private func readCatalog(_ catalog: Catalog, _ commit: ObjectID) throws -> String? {
        try errorCode {
            _ = try catalog.files(["muster.yaml", "runbooks/x.yaml"], at: commit)
            for entry in try catalog.folder("runbooks", at: commit) ?? [] where entry.kind == .folder {
                _ = try catalog.folder("runbooks/\(entry.name)", at: commit)
            }
        }
    }

    @Test func `forty trees and more are refused as a catalog`() throws {
        let fixture = try Fixture()
        let catalog = fixture.catalog()
        let blob = try fixture.blob("x\n")
        _ = try catalog.state()
        let before = try surroundings(fixture)
        var wrong: [String] = []
        for evil in Self.all {
            let folder = try fixture.rawTree(try evil.entries(fixture, blob))
            let commit = try fixture.rawCommit(tree: fixture.rawTree([("40000", "runbooks", folder)]))
            let code = try readCatalog(catalog, commit)
            if code != evil.code { wrong.append("\(evil.name): \(code ?? "read")") }
        }
        #expect(try surroundings(fixture) == before)
        #expect(Self.all.count >= 40)
        try report("evil trees read as a catalog", Self.all.count, wrong)
    }

    @Test func `a root that passes for a catalog's is refused`() throws {
        let fixture = try Fixture()
        let catalog = fixture.catalog()
        let blob = try fixture.blob("catalog: x\n")
        let folder = try fixture.rawTree([("100644", "x.yaml", blob)])
        let roots: [[Entry]] = [
            [("120000", "muster.yaml", blob)], [("160000", "runbooks", Self.nowhere)], [("40000", "Runbooks", folder)],
            [("100644", "MUSTER.yaml", blob), ("100644", "muster.yaml", blob)],
            [("100644", "muster.yaml", blob), ("100644", "muster.yaml", blob)],
            [("120000", "runbooks", blob)],
            [("40000", "runbooks", folder), ("40000", "\u{17F}unbooks", folder), ("120000", "policy", blob)],
            [("100666", "muster.yaml", blob)],
        ]
        var wrong: [String] = []
        for root in roots {
            let commit = try fixture.rawCommit(tree: fixture.rawTree(root))
            let code = try errorCode {
                _ = try catalog.files(["muster.yaml", "runbooks/x.yaml", "policy/x"], at: commit)
            }
            if code != "git.unsafe-entry" { wrong.append("\(root): \(code ?? "read")") }
        }
        try report("evil roots of a catalog", roots.count, wrong)
    }

    // MARK: Records

    /// Everything that is read of a run's record, and what a fetch looks at.
    private func readRecord(_ catalog: Catalog, _ place: RecordPlace) throws -> String? {
        try errorCode {
            let files = try catalog.recordFiles(place) ?? []
            _ = try catalog.readRecord(place, paths: files.map(\.path))
        }
    }

    @Test(arguments: ["muster/records", nil]) func `forty trees and more are refused as a record`(branch: String?)
        throws
    {
        let fixture = try Fixture(bare: true)
        let catalog = fixture.catalog()
        let blob = try fixture.blob("x\n")
        let run = runID(1)
        let before = try surroundings(fixture)
        var wrong: [String] = []
        let all = Self.all + [Evil("README.md", mode: "100755")]
        for evil in all {
            var tree = try fixture.rawTree(try evil.entries(fixture, blob))
            if branch != nil {
                for name in run.recordPath.split(separator: "/").reversed() {
                    tree = try fixture.rawTree([("40000", String(name), tree)])
                }
            }
            let commit = try fixture.rawCommit(tree: tree)
            try fixture.git(["update-ref", branch.map { "refs/heads/\($0)" } ?? run.ref, commit.hex])
            let code = try readRecord(catalog, RecordPlace(run: run, branch: branch))
            if code != evil.code { wrong.append("\(evil.name): \(code ?? "read")") }
        }
        #expect(try surroundings(fixture) == before)
        try report("evil trees read as a record, \(branch == nil ? "run's branch" : "log")", all.count, wrong)
    }

    // MARK: Bombs

    /// A tree in which one folder stands so many times, and that again in the next.
    private func bomb(_ fixture: Fixture, _ inner: ObjectID, levels: Int, names: [String]) throws -> ObjectID {
        var tree = inner
        for _ in 0..<levels { tree = try fixture.rawTree(names.map { ("40000", $0, tree) }) }
        return tree
    }

    private func bombs(_ fixture: Fixture) throws -> [(name: String, tree: ObjectID)] {
        let blob = try fixture.blob("x\n")
        let file = try fixture.rawTree([("100644", "x", blob)])
        let long = String(repeating: "f", count: 200)
        let wide = (0..<40_000).map { (mode: "100644", name: "\(long)\(100_000 + $0)", id: blob) }
        let many = (0..<21_000).map { (mode: "100644", name: "\(100_000 + $0)", id: blob) }
        let large = try fixture.blob(String(repeating: "x", count: 17 << 20))
        return [
            ("folders of files", try bomb(fixture, file, levels: 12, names: (0...9).map { "\($0)" })),
            ("folders of nothing", try bomb(fixture, fixture.rawTree([]), levels: 28, names: ["a", "b"])),
            ("a folder too deep", try bomb(fixture, file, levels: 40, names: ["a"])),
            ("nine mebibytes of names", try fixture.rawTree(wide)),
            ("more files than are listed", try fixture.rawTree(many)),
            ("a file of 17 MiB", try fixture.rawTree([("100644", "x", large)])),
        ]
    }

    /// A log with a folder for each day that a name can say, and no run in any.
    private func calendar(_ fixture: Fixture) throws -> ObjectID {
        let days = try bomb(fixture, fixture.rawTree([]), levels: 1, names: (10...99).map { "\($0)" })
        let months = try bomb(fixture, days, levels: 1, names: (10...99).map { "\($0)" })
        let years = try bomb(fixture, months, levels: 1, names: (1000...9999).map { "\($0)" })
        return try fixture.rawTree([("40000", "records", years)])
    }

    @Test func `what would unfold without end is refused by its size`() throws {
        let fixture = try Fixture(bare: true)
        let catalog = fixture.catalog()
        let run = runID(1)
        let bombs = try bombs(fixture)
        var wrong: [String] = []
        for (name, tree) in bombs {
            try fixture.git(["update-ref", run.ref, try fixture.rawCommit(tree: tree).hex])
            let code = try readRecord(catalog, RecordPlace(run: run, branch: nil))
            if code != "git.too-large" { wrong.append("\(name): \(code ?? "read")") }
        }
        let log = try fixture.rawCommit(tree: calendar(fixture))
        try fixture.git(["update-ref", "refs/heads/muster/records", log.hex])
        let code = try errorCode { try catalog.records(RecordQuery(branch: "muster/records", limit: 1)) }
        if code != "git.too-large" { wrong.append("a log of all dates: \(code ?? "read")") }
        try report("trees that unfold without end", bombs.count + 1, wrong)
    }
}
