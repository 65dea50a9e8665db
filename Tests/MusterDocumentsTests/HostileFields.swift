// SPDX-License-Identifier: Apache-2.0

import MusterModel

@testable import MusterDocuments

/// Writes a sample again with one node of it changed, and says where that node then stands.
struct DocumentWriter {
    /// A way from the root: names of members and positions in lists.
    typealias Path = [String]

    enum Change {
        /// Other text in the node's place.
        case value(String)
        /// Before the mapping's first member.
        case insert(String)
        /// At the mapping's end, a member once more.
        case double
        /// Without this member.
        case remove(String)
        /// This member under another name.
        case rename(String, to: String)
    }

    private let path: Path
    private let change: Change
    private var text = ""
    private var line = 1
    private var column = 1
    /// Where the changed node, or the name that was put in, stands; of a member that was removed: its mapping.
    private var place = (line: 0, column: 0)

    private init(path: Path, change: Change) {
        self.path = path
        self.change = change
    }

    static func write(
        _ root: LocatedValue, changing path: Path, _ change: Change
    ) -> (text: String, place: (line: Int, column: Int)) {
        var writer = DocumentWriter(path: path, change: change)
        writer.write(root, at: [], indent: 0)
        return (writer.text, writer.place)
    }

    private mutating func put(_ piece: String) {
        text += piece
        for scalar in piece.unicodeScalars { (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1) }
    }

    private mutating func write(_ value: LocatedValue, at here: Path, indent: Int) {
        if here == path, case .value(let other) = change {
            place = (line, column)
            return put(other)
        }
        let inner = "\n" + String(repeating: " ", count: indent + 2)
        switch value.content {
        case .mapping(let members): write(members, at: here, inner, indent)
        case .list(let elements):
            put("[")
            for (index, element) in elements.enumerated() {
                put((index == 0 ? "" : ",") + inner)
                write(element, at: here + ["\(index)"], indent: indent + 2)
            }
            put("]")
        default: put(value.json.canonicalText)
        }
    }

    private mutating func write(_ members: [LocatedValue.Member], at here: Path, _ inner: String, _ indent: Int) {
        if here == path { place = (line, column) }
        put("{")
        if here == path, case .insert(let name) = change {
            put(inner)
            place = (line, column)
            put(name + ": 1,")
        }
        var isFirst = true
        for member in members {
            var name = member.name
            if here == path, case .remove(name) = change { continue }
            put((isFirst ? "" : ",") + inner)
            isFirst = false
            if here == path, case .rename(name, let other) = change {
                name = other
                place = (line, column)
            }
            put("\"\(name)\": ")
            write(member.value, at: here + [member.name], indent: indent + 2)
        }
        if here == path, case .double = change, let first = members.first {
            put("," + inner)
            place = (line, column)
            put("\"\(first.name)\": ")
            write(first.value, at: here + ["again"], indent: indent + 2)
        }
        put("}")
    }
}

/// A node of a sample with what its document's description says of it.
struct SampleNode {
    var path: DocumentWriter.Path
    var value: LocatedValue
    var shape: Shape

    /// All nodes of a kind's sample.
    static func all(of kind: DocumentKind) -> [SampleNode] {
        guard let shape = kind.shape, let root = parseYAML(Array(kind.sample.utf8), file: kind.file).value else {
            return []
        }
        var found: [SampleNode] = []
        collect(root, .object(shape), [], into: &found)
        return found
    }

    private static func collect(
        _ value: LocatedValue, _ shape: Shape, _ path: DocumentWriter.Path, into found: inout [SampleNode]
    ) {
        found.append(SampleNode(path: path, value: value, shape: shape))
        for (index, element) in (value.list ?? []).enumerated() {
            collect(element, shape.ofElement, path + ["\(index)"], into: &found)
        }
        for member in value.members ?? [] {
            collect(member.value, shape.member(member.name, of: value), path + [member.name], into: &found)
        }
    }
}

extension DocumentKind {
    /// What the document may hold; nil for a file of inputs, which a runbook describes.
    var shape: ObjectShape? {
        switch self {
        case .catalog: Configuration.shape
        case .runbook: Runbook.shape
        case .step: StepDefinition.shape
        case .environment: Environment.shape
        case .lock: Lock.shape
        case .scenario: RehearsalScenario.shape
        case .findings: Findings.shape
        case .inputs: nil
        }
    }
}

extension Shape {
    /// The mapping's description, when its names are given and no others may stand there.
    func object(of value: LocatedValue) -> ObjectShape? {
        switch self {
        case .object(let object): object
        case .variants(let tag, let variants): variants.first { $0.name == value[tag]?.string }?.shape
        default: nil
        }
    }

    fileprivate var ofElement: Shape {
        switch self {
        case .list(let element, _): element
        case .either(let shapes):
            shapes.compactMap { if case .list(let element, _) = $0 { element } else { nil } }.first ?? .any
        default: .any
        }
    }

    fileprivate func member(_ name: String, of value: LocatedValue) -> Shape {
        if case .map(_, let shape) = self { return shape }
        return object(of: value)?.byName[name]?.shape ?? .any
    }
}
