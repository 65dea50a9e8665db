// SPDX-License-Identifier: Apache-2.0

internal import CYaml
import MusterModel

/// Bounds on every document.
package enum YAMLLimits {
    package static let bytes = 256 << 10
    /// Names of members count too.
    package static let nodes = 20_000
    package static let depth = 32
}

/// Reads one YAML document strictly into values that remember their places.
///
/// Anchors, aliases, tags, directives, merge keys, doubled names, names that are not text, several documents and
/// scalars that YAML readers disagree about are errors. The parser's events are taken one by one and counted, so nothing that
/// an author wrote can grow: no alias is ever followed, and the limits hold before a value is built.
package func parseYAML(_ bytes: [UInt8], file: String) -> Parsed<LocatedValue> {
    let refused = characterDiagnostics(in: bytes, file: file)
    guard refused.isEmpty else { return Parsed(partial: nil, diagnostics: refused) }
    var builder = ValueBuilder(bytes: bytes, file: file)
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else { preconditionFailure("no memory for a YAML parser") }
    defer { yaml_parser_delete(&parser) }
    bytes.withUnsafeBufferPointer { buffer in
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
        readEvents(&parser, into: &builder)
    }
    return builder.finish()
}

private func readEvents(_ parser: inout yaml_parser_t, into builder: inout ValueBuilder) {
    var isEnd = false
    while !isEnd && !builder.isStopped {
        var event = yaml_event_t()
        guard yaml_parser_parse(&parser, &event) == 1 else {
            builder.stopAtSyntax(syntaxProblem(parser), at: parser.problem_mark)
            return
        }
        defer { yaml_event_delete(&event) }
        isEnd = event.type == YAML_STREAM_END_EVENT
        builder.take(event)
    }
}

private func syntaxProblem(_ parser: yaml_parser_t) -> String {
    let problem = parser.problem.map { String(cString: $0) } ?? "the text cannot be read"
    let context = parser.context.map { " " + String(cString: $0) } ?? ""
    return "This is not YAML:\(context) \(problem)".replacing("did not find", with: "there is no")
}

/// Builds values out of events, with a stack of the lists and mappings that are open.
private struct ValueBuilder {
    private struct Open {
        var location: SourceLocation
        var isMapping: Bool
        var elements: [LocatedValue] = []
        var members: [LocatedValue.Member] = []
        /// Of `members`, once they are too many to look through.
        var names: Set<String> = []
        /// A mapping's name whose value is awaited.
        var name: (text: String, location: SourceLocation)?
        /// The awaited value belongs to a name that was refused.
        var dropsValue = false
        var wantsName: Bool { isMapping && name == nil && !dropsValue }

        mutating func hasName(_ text: String) -> Bool {
            if members.count < 16 { return members.contains { $0.name == text } }
            if names.isEmpty { names = Set(members.map(\.name)) }
            return !names.insert(text).inserted
        }
    }

    private let file: String
    private let source: SourceText
    private var stack: [Open] = []
    private var root: LocatedValue?
    private var diagnostics: [Diagnostic] = []
    private var nodes = 0
    private var documents = 0
    private(set) var isStopped = false

    init(bytes: [UInt8], file: String) {
        self.file = file
        source = SourceText(bytes)
    }

    func finish() -> Parsed<LocatedValue> {
        var diagnostics = diagnostics
        if root == nil, diagnostics.isEmpty {
            diagnostics.append(
                Diagnostic(
                    code: "yaml.empty", "The document is empty", at: SourceLocation(file: file, line: 1, column: 1)))
        }
        return Parsed(partial: isStopped ? nil : root, diagnostics: diagnostics)
    }

    /// An error after which nothing sensible can be read.
    mutating func stop(_ code: String, _ summary: String, help: String?, at mark: yaml_mark_t) {
        report(code, summary, help: help, at: place(mark))
        isStopped = true
    }

    mutating func stopAtSyntax(_ summary: String, at mark: yaml_mark_t) {
        let help =
            source.lineHasExpression(Int(mark.line))
            ? "Inside { } and [ ] an expression stands in quotes: \"${{ … }}\"."
            : "Check indentation, brackets and quotes here."
        stop("yaml.syntax", summary, help: help, at: mark)
    }

    mutating func take(_ event: yaml_event_t) {
        let location = place(event.start_mark)
        switch event.type {
        case YAML_DOCUMENT_START_EVENT: startDocument(event)
        case YAML_ALIAS_EVENT:
            guard count(event) else { return }
            report("yaml.alias", "Aliases are not allowed", help: "Write the value out.", at: location)
            add(LocatedValue(.invalid, at: location))
        case YAML_SCALAR_EVENT:
            guard count(event) else { return }
            refuse(anchor: event.data.scalar.anchor, tag: event.data.scalar.tag, at: location)
            takeScalar(event, at: location)
        case YAML_SEQUENCE_START_EVENT:
            refuse(anchor: event.data.sequence_start.anchor, tag: event.data.sequence_start.tag, at: location)
            open(event, isMapping: false, at: location)
        case YAML_MAPPING_START_EVENT:
            refuse(anchor: event.data.mapping_start.anchor, tag: event.data.mapping_start.tag, at: location)
            open(event, isMapping: true, at: location)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: close()
        default: break
        }
    }

    private mutating func startDocument(_ event: yaml_event_t) {
        documents += 1
        if documents > 1 {
            stop(
                "yaml.documents", "A second document starts here", help: "Keep one document in a file.",
                at: event.start_mark)
        }
        let start = event.data.document_start
        if start.version_directive != nil || start.tag_directives.start != start.tag_directives.end {
            report(
                "yaml.directive", "Directives are not allowed", help: "Remove the line.", at: place(event.start_mark))
        }
    }

    private mutating func refuse(
        anchor: UnsafeMutablePointer<UInt8>?, tag: UnsafeMutablePointer<UInt8>?, at place: SourceLocation
    ) {
        if anchor != nil { report("yaml.anchor", "Anchors are not allowed", help: "Remove it.", at: place) }
        if tag != nil { report("yaml.tag", "Tags are not allowed", help: "Remove it.", at: place) }
    }

    private mutating func count(_ event: yaml_event_t) -> Bool {
        nodes += 1
        if nodes > YAMLLimits.nodes {
            stop(
                "yaml.too-large", "The document has more than \(YAMLLimits.nodes) nodes", help: "Split it.",
                at: event.start_mark)
        }
        return !isStopped
    }

    private mutating func open(_ event: yaml_event_t, isMapping: Bool, at location: SourceLocation) {
        guard count(event) else { return }
        guard stack.count < YAMLLimits.depth else {
            stop(
                "yaml.too-deep", "The document is nested more than \(YAMLLimits.depth) deep", help: nil,
                at: event.start_mark)
            return
        }
        if stack.last?.wantsName == true {
            report("yaml.name", "A name must be text, not a list or a mapping", help: nil, at: location)
        }
        stack.append(Open(location: location, isMapping: isMapping))
    }

    private mutating func close() {
        let done = stack.removeLast()
        add(LocatedValue(done.isMapping ? .mapping(done.members) : .list(done.elements), at: done.location))
    }

    private mutating func takeScalar(_ event: yaml_event_t, at location: SourceLocation) {
        let scalar = event.data.scalar
        let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
        if scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE, let character = refusedEscape(in: text) {
            report(
                "yaml.character", "The character \(character) is not allowed in a document", help: "Remove it.",
                at: location)
        }
        let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
        if stack.last?.wantsName == true { return takeName(text, isPlain: isPlain, at: location) }
        var value = LocatedValue(isPlain ? plainContent(text, at: location) : .string(text), at: location)
        if text.utf8.contains(UInt8(ascii: "$")) {
            value.expressionStarts = source.expressionStarts(from: event.start_mark, to: event.end_mark, file: file)
        }
        add(value)
    }

    private mutating func plainContent(_ text: String, at location: SourceLocation) -> LocatedValue.Content {
        switch PlainScalar(text) {
        case .null: return .null
        case .bool(let truth): return .bool(truth)
        case .int(let number): return .int(number)
        case .double(let number): return .double(number)
        case .text: return .string(text)
        case .missing:
            let name = stack.last?.name.map { "'\($0.text)'" } ?? "This"
            report(
                "yaml.missing-value", "\(name) has no value", help: "Write one, or null, [] or {} if that is meant.",
                at: location)
        case .ambiguous(let kind):
            let help =
                switch kind {
                case "a boolean": "If text is meant, put it in quotes. For a boolean write true or false."
                case "null": "If text is meant, put it in quotes. For no value write null."
                default: "If text is meant, put it in quotes. For a number write plain decimal digits."
                }
            report(
                "yaml.ambiguous", "Some YAML readers take '\(text)' for \(kind), others do not", help: help,
                at: location)
        }
        return .invalid
    }

    private mutating func takeName(_ text: String, isPlain: Bool, at location: SourceLocation) {
        let top = stack.count - 1
        if isPlain, text == "<<" {
            report("yaml.merge-key", "Merge keys are not allowed", help: "Write the members out.", at: location)
        } else if text.isEmpty {
            report("yaml.name", "A name is missing here", help: nil, at: location)
        } else if isPlain, PlainScalar(text) != .text {
            report(
                "yaml.name", "The name '\(text)' is not read as text by every YAML reader", help: "Put it in quotes.",
                at: location)
        } else if stack[top].hasName(text) {
            report(
                "yaml.doubled-name", "'\(text)' stands here for the second time", help: "Keep one of them.",
                at: location)
        } else {
            stack[top].name = (text, location)
            return
        }
        stack[top].dropsValue = true
    }

    private mutating func add(_ value: LocatedValue) {
        guard let top = stack.indices.last else {
            root = value
            return
        }
        guard stack[top].isMapping else {
            stack[top].elements.append(value)
            return
        }
        if let name = stack[top].name {
            stack[top].members.append(.init(name: name.text, nameLocation: name.location, value: value))
            stack[top].name = nil
        } else {
            // Either the value of a refused name, or a refused name that was itself a list or an alias.
            stack[top].dropsValue.toggle()
        }
    }

    private func place(_ mark: yaml_mark_t) -> SourceLocation {
        SourceLocation(file: file, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private mutating func report(_ code: String, _ summary: String, help: String?, at location: SourceLocation) {
        diagnostics.append(Diagnostic(code: code, summary, help: help, at: location))
    }
}
