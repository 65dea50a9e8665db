// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterGit
import MusterModel
import Testing

struct RefusalTests {
    private func refusal(of folder: String, _ fixture: Fixture) -> MusterError? {
        do {
            _ = try Catalog(folder: folder, options: fixture.options()).state()
            return nil
        } catch {
            return error
        }
    }

    @Test func `a folder without a repository`() throws {
        let fixture = try Fixture()
        let error = refusal(of: fixture.home, fixture)
        #expect(error?.code == "git.not-a-repository" && error?.help?.contains("git init") == true)
    }

    @Test func `a shallow clone`() throws {
        let fixture = try Fixture()
        try fixture.commit(["muster.yaml": "1\n"])
        try fixture.commit(["muster.yaml": "2\n"])
        try fixture.git(["clone", "-q", "--depth", "1", "file://\(fixture.repository)", "\(fixture.root)/shallow"])
        let error = refusal(of: "\(fixture.root)/shallow", fixture)
        #expect(error?.code == "git.shallow-repository" && error?.help?.contains("--unshallow") == true)
    }

    @Test func `a SHA-256 repository, also from a folder in it and from a linked work tree`() throws {
        let fixture = try Fixture(options: ["--object-format=sha256"])
        try fixture.write("runbooks/x.yaml", "x\n")
        try fixture.git(["add", "-A"])
        try fixture.git(["commit", "-q", "-m", "one"])
        try fixture.git(["worktree", "add", "-q", "\(fixture.root)/linked"])
        for folder in [fixture.repository, "\(fixture.repository)/runbooks", "\(fixture.root)/linked"] {
            #expect(refusal(of: folder, fixture)?.code == "git.sha256-repository")
        }
    }

    @Test func `a repository whose refs are a reftable`() throws {
        let fixture = try Fixture()
        try fixture.git(["config", "core.repositoryformatversion", "1"])
        try fixture.git(["config", "extensions.refStorage", "reftable"])
        let error = refusal(of: fixture.repository, fixture)
        #expect(error?.code == "git.reftable-repository" && error?.help?.contains("migrate") == true)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a folder away"))
    func `a repository of somebody else`() throws {
        let fixture = try Fixture()
        for path in [fixture.repository, fixture.gitFolder] { #expect(chown(path, 12345, 12345) == 0) }
        let error = refusal(of: fixture.repository, fixture)
        #expect(error?.code == "git.foreign-owner" && error?.summary.contains("12345") == true)
    }

    @Test func `a damaged configuration names libgit2's own reason`() throws {
        let fixture = try Fixture()
        try fixture.writeFile("\(fixture.gitFolder)/config", Array("[core\n".utf8))
        #expect(refusal(of: fixture.repository, fixture)?.code == "git.cannot-open")
    }
}
