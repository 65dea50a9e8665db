// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// `policy/allowed-signers`: whose keys count, in OpenSSH's own format (ALLOWED SIGNERS in ssh-keygen(1)).
///
/// `ssh-keygen` decides about signatures. What is read here is only who the persons are, strictly: a line that could stand
/// for several persons, or for keys that nobody sees, is an error.
package struct AllowedSigners: Hashable, Sendable {
    package struct Key: Hashable, Sendable {
        package var person: String
        package var type: String
        /// As the line has it.
        package var base64: String
        /// Nil: in every one.
        package var namespaces: [String]?
        package var line: Int
    }

    /// Where a catalog has it; the format is that of `gpg.ssh.allowedSignersFile`, too.
    package static let path = "policy/allowed-signers"

    package var keys: [Key]

    package init(keys: [Key]) { self.keys = keys }

    package static func parse(_ bytes: [UInt8], file: String = path) -> Parsed<AllowedSigners> {
        var reader = SignersReader(file: file)
        guard let text = String(validating: bytes, as: UTF8.self), bytes.count <= 256 << 10 else {
            reader.report("unreadable", "The file is no text of at most 256 KiB", line: 1, column: 1)
            return Parsed(partial: nil, diagnostics: reader.diagnostics)
        }
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        for (index, line) in lines.enumerated() { reader.read(String(line), number: index + 1) }
        reader.reportShared()
        return Parsed(partial: AllowedSigners(keys: reader.keys), diagnostics: reader.diagnostics)
    }

    /// Persons that have a key and stand in no policy, and the other way round.
    package func lint(_ policy: ApprovalPolicy, file: String = path) -> [Diagnostic] {
        var seen: Set<String> = []
        return keys.compactMap { key in
            guard policy.persons[key.person] == nil, seen.insert(key.person).inserted else { return nil }
            return Diagnostic(
                code: "policy.unknown-person", "'\(key.person)' has a key and is no person of muster.yaml",
                help: "Add it to 'persons', or remove the line.",
                at: SourceLocation(file: file, line: key.line, column: 1))
        }
    }
}

private struct SignersReader {
    let file: String
    var keys: [AllowedSigners.Key] = []
    /// Of each key what tells it from others, however it is written.
    private var materials: [PublicKeyBlob.Material] = []
    var diagnostics: [Diagnostic] = []

    init(file: String) { self.file = file }

    private static let keyTypes = [
        "ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521", "sk-ecdsa-sha2-nistp256@openssh.com", "ssh-rsa",
    ]

    mutating func report(_ code: String, _ summary: String, help: String? = nil, line: Int, column: Int) {
        diagnostics.append(
            Diagnostic(
                code: code, summary, help: help,
                at: SourceLocation(file: file, line: line, column: column)))
    }

    mutating func read(_ line: String, number: Int) {
        let fields = Self.fields(line)
        guard let first = fields.first, !first.text.hasPrefix("#") else { return }
        guard TextRule.person.accepts(first.text) else {
            return report(
                "signers.not-one-person", "'\(first.text)' is not the name of one person",
                help: "One line for each key, with the person's name as it stands in muster.yaml: no list, no pattern.",
                line: number, column: first.column)
        }
        var rest = fields.dropFirst()
        var namespaces: [String]?
        if let options = rest.first, !Self.keyTypes.contains(options.text), rest.count > 1 || options.text.contains("=")
        {
            guard let read = readOptions(options, number) else { return }
            namespaces = read.namespaces
            rest = rest.dropFirst()
        }
        readKey(rest, person: first.text, namespaces, number, column: first.column)
    }

    private mutating func readKey(
        _ rest: ArraySlice<Field>, person: String, _ namespaces: [String]?, _ number: Int, column: Int
    ) {
        guard let type = rest.first, let blob = rest.dropFirst().first else {
            return report("signers.no-key", "The line has no key", line: number, column: column)
        }
        guard Self.keyTypes.contains(type.text) else {
            return report(
                "signers.key-type", "'\(type.text)' is no type of key that may sign",
                help: "There are \(Self.keyTypes.joined(separator: ", ")).", line: number, column: type.column)
        }
        guard let bytes = Base64Text.decode(blob.text), let key = PublicKeyBlob(bytes), key.type == type.text
        else {
            return report(
                "signers.damaged-key",
                "The key of '\(person)' is damaged, or written in another way than ssh-keygen does",
                help: "Copy the line of the .pub file again.",
                line: number, column: blob.column)
        }
        materials.append(key.material)
        keys.append(
            AllowedSigners.Key(
                person: person, type: type.text, base64: blob.text, namespaces: namespaces, line: number))
    }

    /// The options that Muster lets stand; `ssh-keygen` acts on them.
    private mutating func readOptions(_ field: Field, _ number: Int) -> (namespaces: [String]?, Void)? {
        var namespaces: [String]?
        // OpenSSH lets quotes be escaped, and then a key may stand inside of what looks like a value.
        guard !field.text.contains("\\"), field.text.wholeMatch(of: Self.optionsForm) != nil else {
            report(
                "signers.option", "The options are not of the form name=\"value\",name=\"value\"",
                help:
                    "There are namespaces, valid-after and valid-before, each with a value in quotes that has none itself.",
                line: number, column: field.column)
            return nil
        }
        for option in Self.options(field.text) {
            switch option.name.lowercased() {
            case "namespaces": namespaces = option.value.split(separator: ",").map(String.init)
            case "valid-after", "valid-before":
                guard Self.isMoment(option.value) else {
                    report(
                        "signers.not-utc", "'\(option.name)' needs a time in UTC such as 20270101Z or 202701011200Z",
                        help: "Without the Z each machine would read another time.", line: number, column: field.column)
                    return nil
                }
            default:
                report(
                    "signers.option", "The option '\(option.name)' is not allowed here",
                    help: "There are namespaces, valid-after and valid-before. Name each key itself, no authority.",
                    line: number, column: field.column)
                return nil
            }
        }
        return (namespaces, ())
    }

    /// One key tells one person: whoever holds it could else count twice.
    mutating func reportShared() {
        var owners: [PublicKeyBlob.Material: AllowedSigners.Key] = [:]
        for (key, material) in zip(keys, materials) {
            guard let other = owners[material] else {
                owners[material] = key
                continue
            }
            report(
                "signers.shared-key",
                "The key of '\(key.person)' stands in line \(other.line) already, for '\(other.person)'",
                help: "Give each person a key of their own.", line: key.line, column: 1)
        }
    }

    // MARK: Text

    /// Each with its value in quotes; what may stand without one is no option that is allowed here.
    private static var optionsForm: Regex<Substring> {
        /[A-Za-z\-]+(?:="[^"\\]*")?(?:,[A-Za-z\-]+(?:="[^"\\]*")?)*/
    }

    struct Field {
        var text: String
        var column: Int
    }

    /// The line's fields: blanks inside quotes do not part them.
    private static func fields(_ line: String) -> [Field] {
        var fields: [Field] = []
        var isQuoted = false
        var isOpen = false
        for (index, character) in line.unicodeScalars.enumerated() {
            if character == "\"" { isQuoted.toggle() }
            if !isQuoted, character == " " || character == "\t" {
                isOpen = false
                continue
            }
            if !isOpen { fields.append(Field(text: "", column: index + 1)) }
            isOpen = true
            fields[fields.count - 1].text.unicodeScalars.append(character)
        }
        return fields
    }

    private static func options(_ text: String) -> [(name: String, value: String)] {
        var options: [(name: String, value: String)] = []
        var isQuoted = false
        var current = ""
        func pair(_ text: String) -> (name: String, value: String) {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? parts[1].filter { $0 != "\"" } : "")
        }
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if character == ",", !isQuoted {
                options.append(pair(current))
                current = ""
            } else {
                current.append(character)
            }
        }
        return options + [pair(current)]
    }

    private static func isMoment(_ text: String) -> Bool {
        guard text.hasSuffix("Z") else { return false }
        let digits = text.dropLast().utf8
        return [8, 12, 14].contains(digits.count) && digits.allSatisfy { (48...57).contains($0) }
    }
}
