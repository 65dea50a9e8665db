// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterPlugin

/// Has seen secrets, and says them in every way that a plugin has.
struct Tell: ReversibleStep {
    static let name = "tell"
    static let definition = PackageResources.tell_yaml

    struct Inputs: Decodable {
        var forms: String
        var around: String
        var fails: Bool
        var first: String
        var second: String
        var third: String
        var fourth: String
        var fifth: String
        var sixth: String
        var seventh: String
        var eighth: String
        var ninth: String
        var tenth: String

        /// The secrets as they were handed over, and all that others made of them.
        func texts() throws -> [String] {
            let forms = try content(of: forms).split(separator: 0x1E).map { String(decoding: $0, as: UTF8.self) }
            return forms + [first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth]
        }
    }
    struct Outputs: Codable { var said: String }
    struct Undo: Codable { var said: [String] }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        [.met("told", "It was handed \(inputs.first) and others.")]
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        .needed([Change(inputs.second, from: inputs.third, to: inputs.fourth)])
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        let texts = try inputs.texts()
        try lookAround(inputs)
        try await gate.begin(undo: Undo(said: texts))
        for text in texts {
            context.progress("It is \(text)!")
            context.log("It is \(text)!")
        }
        try context.evidence("loot", ["list": texts])
        try context.evidence("names", Dictionary(texts.map { ($0, "its name") }) { first, _ in first })
        // Pipes and buffers break long lines anywhere.
        let long = texts.map { String(repeating: "·", count: 997) + $0 }.joined(separator: " ")
        context.log(long)
        say(long)
        for text in texts { say(text) }
        if inputs.fails {
            throw StepError.permanent(
                "noop.tells", "It fails with \(texts.joined(separator: " "))",
                remedy: "Try \(texts.joined(separator: " "))")
        }
        return Outputs(said: texts.joined(separator: " "))
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        [.met("said", "It said \(inputs.fifth).")]
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await gate.begin(undo: undo)
    }

    private func say(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        var from = 0
        while from < bytes.count {
            let count = bytes[from...].withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            from += count
        }
    }

    /// The command lines of all processes that are to be seen, and its own environment.
    private func lookAround(_ inputs: Inputs) throws {
        var seen: [UInt8] = []
        guard let folder = opendir("/proc") else { throw failure("/proc") }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard Int32(name) != nil else { continue }
            // It may have ended meanwhile.
            seen += ((try? content(of: "/proc/\(name)/cmdline")) ?? []) + [0x0A]
        }
        try put(seen, into: "\(inputs.around)/command-lines-\(inputs.first.count)")
        try put(try content(of: "/proc/self/environ"), into: "\(inputs.around)/environment")
    }
}

private func failure(_ path: String) -> StepError {
    .permanent("noop.file", "\(path): \(String(cString: strerror(errno)))")
}

private func content(of path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { throw failure(path) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&part, 1, part.count, file), count > 0 { bytes += part[..<count] }
    return bytes
}

private func put(_ bytes: [UInt8], into path: String) throws {
    guard let file = fopen(path, "w") else { throw failure(path) }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw failure(path) }
}
