// SPDX-License-Identifier: Apache-2.0

import MusterGit
import MusterModel
import Testing

struct HistoryTests {
    private let path = "plugins/P/steps/x.yaml"

    @Test func `each content stands once, with the commit that published it, newest first`() throws {
        let fixture = try Fixture()
        let first = try fixture.commit([path: "version 1\n", "other": "a"])
        try fixture.commit(["plugins/P/steps/y.yaml": "sibling\n"])
        let second = try fixture.commit([path: "version 2\n"])
        let last = try fixture.commit(["other": "b"])
        let histories = try fixture.catalog().histories(of: [path, "plugins/P/none.yaml"], from: last)
        #expect(histories[0].versions.map(\.commit) == [second, first])
        #expect(histories[0].versions.map(\.content.text) == ["version 2\n", "version 1\n"])
        #expect(histories[0].isComplete)
        #expect(histories[1].versions.isEmpty && histories[1].path == "plugins/P/none.yaml")
    }

    @Test func `content that came back keeps its first commit`() throws {
        let fixture = try Fixture()
        let first = try fixture.commit([path: "one\n"])
        let second = try fixture.commit([path: "two\n"])
        let third = try fixture.commit([path: "one\n"])
        let versions = try fixture.catalog().histories(of: [path], from: third)[0].versions
        #expect(versions.map(\.commit) == [first, second])
    }

    @Test func `a merge shows what was done on a branch, and the branch's own commit published it`() throws {
        let fixture = try Fixture()
        try fixture.commit([path: "one\n"])
        try fixture.git(["checkout", "-q", "-b", "topic"])
        try fixture.commit([path: "draft\n"])
        let second = try fixture.commit([path: "two\n"])
        try fixture.commit(["other": "topic"])
        let merge = try mergeIntoMain(fixture, "topic")
        let versions = try fixture.catalog().histories(of: [path], from: merge)[0].versions
        #expect(versions.map(\.content.text) == ["two\n", "one\n"])
        #expect(versions[0].commit == second)
    }

    @Test func `a branch names the same commits before it is merged and after, through merges of merges`() throws {
        let fixture = try Fixture()
        let other = "plugins/P/steps/y.yaml"
        try fixture.commit([path: "one\n", other: "one\n"])
        try fixture.git(["checkout", "-q", "-b", "inner"])
        let inner = try fixture.commit([path: "two\n"])
        try fixture.git(["checkout", "-q", "-b", "outer", "main"])
        let outer = try fixture.commit([other: "two\n"])
        try fixture.git(["merge", "-q", "--no-ff", "-m", "merge", "inner"])
        let before = try fixture.catalog().histories(of: [path, other], from: try fixture.head())
        try fixture.git(["checkout", "-q", "main"])
        let mainline = try fixture.commit(["other": "main"])
        let merge = try mergeIntoMain(fixture, "outer")
        let after = try fixture.catalog().histories(of: [path, other], from: merge)
        #expect(after == before && mainline != merge)
        #expect(after.map { $0.versions[0].commit } == [inner, outer])
        // A third line that takes all of it over names them, too.
        try fixture.git(["checkout", "-q", "-b", "late", "inner~1"])
        try fixture.commit(["third": "line"])
        try fixture.git(["merge", "-q", "--no-ff", "-m", "merge", "main"])
        #expect(try fixture.catalog().histories(of: [path, other], from: try fixture.head()) == before)
    }

    @Test func `a content that no parent of a merge has was published by the merge`() throws {
        let fixture = try Fixture()
        try fixture.commit([path: "one\n"])
        try fixture.git(["checkout", "-q", "-b", "topic"])
        try fixture.commit([path: "two\n"])
        try fixture.git(["checkout", "-q", "main"])
        try fixture.commit(["other": "main"])
        try fixture.git(["merge", "-q", "--no-ff", "--no-commit", "topic"])
        let merge = try fixture.commit([path: "three\n"], "merge")
        let versions = try fixture.catalog().histories(of: [path], from: merge)[0].versions
        #expect(versions.map(\.content.text) == ["three\n", "one\n"])
        #expect(versions[0].commit == merge)
    }

    private func mergeIntoMain(_ fixture: Fixture, _ branch: String) throws -> ObjectID {
        try fixture.git(["checkout", "-q", "main"])
        try fixture.git(["merge", "-q", "--no-ff", "-m", "merge", branch])
        return try fixture.head()
    }

    @Test func `a deletion, a folder or a link in the past is passed over`() throws {
        let fixture = try Fixture()
        let blob = try fixture.blob("x\n")
        let first = try fixture.commit([path: "one\n"])
        try fixture.git(["rm", "-q", path])
        try fixture.git(["update-index", "--add", "--cacheinfo", "120000,\(blob.hex),\(path)"])
        try fixture.git(["commit", "-q", "-m", "link"])
        try fixture.git(["rm", "-q", "--cached", path])
        try fixture.git(["commit", "-q", "-m", "gone"])
        let last = try fixture.commit([path: "two\n"])
        let versions = try fixture.catalog().histories(of: [path], from: last)[0].versions
        #expect(versions.map(\.commit) == [last, first])
    }
}
