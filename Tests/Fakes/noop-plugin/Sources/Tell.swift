// SPDX-License-Identifier: Apache-2.0

import Foundation
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
            let forms = try JSONDecoder().decode([String].self, from: Data(contentsOf: URL(filePath: forms)))
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
        FileHandle.standardError.write(Data("\(long)\n".utf8))
        for text in texts { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
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

    /// The command lines of all processes that are to be seen, and its own environment.
    private func lookAround(_ inputs: Inputs) throws {
        var seen = Data()
        for process in try FileManager.default.contentsOfDirectory(atPath: "/proc") where Int32(process) != nil {
            // It may have ended meanwhile.
            if let line = try? Data(contentsOf: URL(filePath: "/proc/\(process)/cmdline")) { seen += line + [10] }
        }
        try seen.write(to: URL(filePath: "\(inputs.around)/command-lines-\(inputs.first.count)"))
        try Data(contentsOf: URL(filePath: "/proc/self/environ")).write(
            to: URL(filePath: "\(inputs.around)/environment"))
    }
}
