// SPDX-License-Identifier: Apache-2.0

import MusterGit
import MusterModel
import Testing

struct EntryNameTests {
    @Test(arguments: [
        "", ".", "..", "a/b", "a\\b", "a:b", "/abs", ".git", ".GIT", ".Git", ".git.", ".git ", ".git . .", "git~1",
        "GIT~12",
        ".g\u{200C}it", "\u{FEFF}.git", "a\u{202E}b", "tab\tname", "line\nbreak", "bell\u{7}", "del\u{7F}", "\u{2028}",
        String(repeating: "x", count: 256),
    ])
    func `a dangerous name is refused`(name: String) {
        #expect(EntryName.problem(name) != nil)
    }

    @Test(arguments: [
        "muster.yaml", "set-protector.yaml", ".gitignore", ".gitattributes", "git~x", "..a", "größe.md", "a b",
    ])
    func `an ordinary name is fine`(name: String) {
        #expect(EntryName.problem(name) == nil)
    }

    @Test(arguments: [("README.md", "readme.MD"), ("gr\u{F6}\u{DF}e", "GRO\u{308}SSE"), ("\u{E9}", "e\u{301}")])
    func `names that some readers confuse share a key`(one: String, other: String) {
        #expect(EntryName.twinKey(one) == EntryName.twinKey(other))
    }

    @Test(arguments: [
        ("", "git.path-not-in-catalog"), ("README.md", "git.path-not-in-catalog"),
        ("records/x", "git.path-not-in-catalog"),
        ("muster.yaml/x", "git.path-not-in-catalog"), ("/runbooks/x", "git.unsafe-path"),
        ("runbooks/../.git/config", "git.unsafe-path"), ("runbooks//x", "git.unsafe-path"),
        ("runbooks/", "git.unsafe-path"),
        (String(repeating: "plugins/", count: 40) + "x", "git.unsafe-path"),
    ])
    func `a path outside of the catalog is refused`(path: String, code: String) throws {
        #expect(try errorCode { try TreePath(catalog: path) } == code)
    }
}
