// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One text file of the repository.
struct SourceFile: Hashable, Sendable {
    /// From the repository's root, such as `Sources/MusterModel/JSON.swift`.
    let path: String
    let text: String
    /// Of Swift the code alone, without the insides of comments and literals; of everything else the text.
    let code: String

    init(path: String, text: String) {
        self.path = path
        self.text = text
        code = path.hasSuffix(".swift") ? SwiftText.code(of: text) : text
    }

    var name: String { String(path.split(separator: "/").last!) }
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    /// Lines as an editor counts them: a newline at the end begins no further line.
    var lineCount: Int { lines.count - (text.hasSuffix("\n") ? 1 : 0) }
}

/// A rule that a file breaks: where, and what to do.
struct Violation: Hashable, Sendable, CustomStringConvertible {
    var path: String
    var line: Int?
    var text: String

    var description: String { "\(path)\(line.map { ":\($0)" } ?? ""): \(text)" }
}

/// This repository's own files, as they lie in the work tree.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func file(_ path: String) throws -> SourceFile {
        SourceFile(path: path, text: try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8))
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    /// All text files, without what is built, fetched or git's own. What is not UTF-8 is no text.
    static let files: [SourceFile] = {
        let skipped: Set = [".git", ".swiftpm", "Package.resolved", "__pycache__"]
        var found: [SourceFile] = []
        func walk(_ folder: String) {
            let url = root.appendingPathComponent(folder)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
            for name in names.sorted() where !skipped.contains(name) && !name.hasPrefix(".build") {
                let path = folder.isEmpty ? name : folder + "/" + name
                var isFolder: ObjCBool = false
                let isThere = FileManager.default.fileExists(
                    atPath: root.appendingPathComponent(path).path, isDirectory: &isFolder)
                if isThere, isFolder.boolValue { walk(path) } else if let file = try? file(path) { found.append(file) }
            }
        }
        walk("")
        return found
    }()

    static let swiftFiles = files.filter { $0.path.hasSuffix(".swift") }
}
