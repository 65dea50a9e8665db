// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterGit
import MusterModel
import Testing

struct CatalogTests {
    @Test func `the state names head, branch, work tree, remotes and the user`() throws {
        let fixture = try Fixture()
        let catalog = fixture.catalog()
        #expect(try catalog.state().head == nil)
        let commit = try fixture.commit(["muster.yaml": "a: 1\n"])
        try fixture.git(["remote", "add", "forge", "/nowhere"])
        try fixture.writeFile(
            "\(fixture.home)/.gitconfig", Array("[user]\n name = Global\n email = g@example.org\n".utf8))
        let state = try catalog.state()
        #expect(state.head == commit && state.branch == "main" && state.remotes == ["forge"])
        #expect(state.workTree?.hasSuffix("/catalog/") == true)
        #expect(state.user == GitIdentity(name: "Global", email: "g@example.org"))
        try fixture.git(["config", "user.name", "Local"])
        try fixture.git(["checkout", "-q", "--detach"])
        #expect(try catalog.state().user == GitIdentity(name: "Local", email: "g@example.org"))
        #expect(try catalog.state().branch == nil)
    }

    @Test func `uncommitted work shows, ignored files and other folders do not, and the index stays as it was`() throws
    {
        let fixture = try Fixture()
        try fixture.commit([
            "muster.yaml": "a\n", "runbooks/a.yaml": "a\n", "runbooks/b.yaml": "b\n", ".gitignore": "*.log\n",
        ])
        let catalog = fixture.catalog()
        #expect(try catalog.uncommittedPaths() == [])
        try fixture.write("runbooks/a.yaml", "changed\n")
        try fixture.write("plugins/New/steps/x.yaml", "new\n")
        try fixture.write("plugins/New/build.log", "ignored\n")
        try fixture.write("notes.txt", "elsewhere\n")
        unlink("\(fixture.repository)/runbooks/b.yaml")
        let index = try fixture.git(["hash-object", ".git/index"]).line
        #expect(try catalog.uncommittedPaths() == ["plugins/New/steps/x.yaml", "runbooks/a.yaml", "runbooks/b.yaml"])
        #expect(try fixture.git(["hash-object", ".git/index"]).line == index)
    }

    @Test func `branches, tags and short ids resolve to commits`() throws {
        let fixture = try Fixture()
        let first = try fixture.commit(["muster.yaml": "1\n"])
        try fixture.git(["tag", "-a", "v1", "-m", "first"])
        let second = try fixture.commit(["muster.yaml": "2\n"])
        let catalog = fixture.catalog()
        for (revision, commit) in [("main", second), ("HEAD~1", first), ("v1", first), (first.short, first)] {
            #expect(try catalog.resolve(revision) == commit)
        }
        for revision in ["", "nothing", "-x", "HEAD:muster.yaml", ":/first", "HEAD^{/first}", "HEAD^{tree}", "a b"] {
            #expect(try errorCode { try catalog.resolve(revision) } == "git.unknown-revision", "\(revision)")
        }
    }

    @Test func `files are read from the commit, whatever the work tree says`() throws {
        let fixture = try Fixture()
        let commit = try fixture.commit([
            "muster.yaml": "committed\n", "runbooks/x.yaml": "x\n", "runbooks/deep/y": "y\n",
        ])
        try fixture.write("muster.yaml", "edited\n")
        let catalog = fixture.catalog()
        let files = try catalog.files(["muster.yaml", "runbooks/x.yaml", "runbooks/none.yaml", "runbooks"], at: commit)
        #expect(files.keys.sorted() == ["muster.yaml", "runbooks/x.yaml"])
        #expect(files["muster.yaml"]?.content.text == "committed\n")
        #expect(files["runbooks/x.yaml"]?.id == ObjectID(blob: Array("x\n".utf8)))
        #expect(try catalog.folder("runbooks", at: commit)?.map(\.name) == ["deep", "x.yaml"])
        #expect(try catalog.folder("plugins", at: commit) == nil)
        #expect(
            try catalog.treeID("runbooks/deep", at: commit)?.hex
                == fixture.git(["rev-parse", "HEAD:runbooks/deep"]).line)
        #expect(try catalog.blobs([files["muster.yaml"]!.id]).map(\.text) == ["committed\n"])
        #expect(try errorCode { try catalog.blobs([ObjectID(blob: [1])]) } == "git.missing-object")
        #expect(try errorCode { try catalog.file("README.md", at: commit) } == "git.path-not-in-catalog")
    }

    @Test func `a file over a mebibyte is refused by its header`() throws {
        let fixture = try Fixture()
        let limit = GitLimits.definitionBytes
        let commit = try fixture.commit([
            "runbooks/fits": String(repeating: "x", count: limit),
            "runbooks/large": String(repeating: "x", count: limit + 1),
        ])
        let catalog = fixture.catalog()
        #expect(try catalog.file("runbooks/fits", at: commit)?.content.bytes.count == limit)
        #expect(try errorCode { try catalog.file("runbooks/large", at: commit) } == "git.too-large")
    }

    @Test(arguments: [
        ("100644", ".."), ("100644", "."), ("100644", "a/b"), ("40000", ".git"), ("100644", ".GIT"),
        ("100644", ".g\u{200C}it"),
        ("100644", "git~1"), ("100644", "new\nline"), ("120000", "link"), ("160000", "module"), ("100777", "odd"),
        ("100664", "old"),
    ])
    func `an entry that a checkout would not survive is refused`(mode: String, name: String) throws {
        let fixture = try Fixture()
        let blob = try fixture.blob("x\n")
        let folder = try fixture.rawTree([(mode, name, blob), ("100644", "x.yaml", blob)])
        let commit = try fixture.rawCommit(tree: fixture.rawTree([("40000", "runbooks", folder)]))
        let catalog = fixture.catalog()
        #expect(try errorCode { try catalog.file("runbooks/x.yaml", at: commit) } == "git.unsafe-entry")
        #expect(try errorCode { try catalog.folder("runbooks", at: commit) } == "git.unsafe-entry")
    }

    @Test(arguments: [("a", "A"), ("a", "a"), ("\u{E9}", "e\u{301}")])
    func `two entries that pass for each other are refused`(one: String, other: String) throws {
        let fixture = try Fixture()
        let blob = try fixture.blob("x\n")
        let folder = try fixture.rawTree([("100644", one, blob), ("100644", other, blob)])
        let commit = try fixture.rawCommit(tree: fixture.rawTree([("40000", "runbooks", folder)]))
        #expect(try errorCode { try fixture.catalog().folder("runbooks", at: commit) } == "git.unsafe-entry")
    }

    @Test func `a twin of a catalog's own folder is refused, other odd entries of the root are none of our business`()
        throws
    {
        let fixture = try Fixture()
        let blob = try fixture.blob("x\n")
        let folder = try fixture.rawTree([("100644", "x.yaml", blob)])
        let twins = try fixture.rawTree([("40000", "Runbooks", folder), ("40000", "runbooks", folder)])
        let odd = try fixture.rawTree([("120000", "link", blob), ("40000", "runbooks", folder)])
        let catalog = fixture.catalog()
        let bad = try fixture.rawCommit(tree: twins)
        #expect(try errorCode { try catalog.file("runbooks/x.yaml", at: bad) } == "git.unsafe-entry")
        #expect(try catalog.file("runbooks/x.yaml", at: fixture.rawCommit(tree: odd))?.content.text == "x\n")
    }

    @Test func `a blob or folder that is missing is damage, never an absent file`() throws {
        let fixture = try Fixture()
        let commit = try fixture.commit(["runbooks/x.yaml": "x\n", "runbooks/deep/y.yaml": "y\n"])
        let catalog = fixture.catalog()
        unlink(fixture.looseFile(ObjectID(blob: Array("x\n".utf8))))
        #expect(try errorCode { try catalog.file("runbooks/x.yaml", at: commit) } == "git.corrupt-repository")
        unlink(fixture.looseFile(try fixture.head("HEAD:runbooks/deep")))
        #expect(try errorCode { try catalog.file("runbooks/deep/y.yaml", at: commit) } == "git.corrupt-repository")
        unlink(fixture.looseFile(commit))
        #expect(try errorCode { try fixture.catalog().resolve("main") } == "git.corrupt-repository")
        #expect(try errorCode { try fixture.catalog().file("muster.yaml", at: commit) } == "git.corrupt-repository")
    }
}
