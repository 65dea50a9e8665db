// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterModel

/// A plugin that misbehaves in the way that its own file name says, so that a test links it under that name.
///
/// Arguments, both optional: the blob id of the definition that it claims to be built with, and the first verb that it
/// does not serve as it should, such as `apply`.
@main struct Main {
    static func main() {
        if CommandLine.arguments.dropFirst().first == "stay" { while true { pause() } }
        if CommandLine.arguments.dropFirst().first == "leave" {
            spawnSelf("stay", inSessionOfItsOwn: true)
            exit(0)
        }
        let name = String(CommandLine.arguments[0].split(separator: "/").last ?? "")
        guard let mode = Mode(rawValue: name) else {
            say("unknown mode \(name)", on: STDERR_FILENO)
            exit(64)
        }
        serve(mode, definition: argument(1) ?? String(repeating: "a", count: 40), goodUntil: argument(2))
    }
}

private func argument(_ number: Int) -> String? {
    CommandLine.arguments.count > number ? CommandLine.arguments[number] : nil
}

enum Mode: String, CaseIterable {
    // At the start and in the handshake
    case diesAtOnce, silent, wrongVersion, wrongName, wrongDefinition, garbage, refuses, speaksFirst
    // Answers
    case answersTwice, answersThenReports, answersThenBegins, answersThenDies, answersInBatch, answersLate,
        resultAndError
    case emptyLine, textID, wrongID, wrongResult, badUTF8, doubledKeys, deepNesting, notANumber, longLine
    case tornLine, unknownRequest, unknownNotification, nullByte, resultWhileBeginning
    // Begin
    case diesBeforeBegin, diesAfterBegin, diesAtRefusal, goesOnAfterRefusal, beginsTwice, beginsAndHangs, beginsInCheck,
        beginsForUnknownCall, beginsTwiceWithOneID
    // Time and amount
    case hangs, stopsReading, spillsErrors, spillsErrorsInLines, ignoresSIGTERM, ignoresShutdown, closesOutput,
        floodsMessages, floodsOutput, floodsErrorsInLines,
        floodsErrors, traps
    // What it leaves behind, and what it can see
    case leavesChild, leavesDaemon, tellsSecrets, tellsEnvironment, tellsRights, wellBehaved
}

private func serve(_ mode: Mode, definition: String, goodUntil firstBad: String?) {
    var isGood = firstBad != nil
    /// The call that is misbehaved in.
    var bad: (id: Int64, verb: String) = (0, "")
    if mode == .diesAtOnce { exit(3) }
    if mode == .speaksFirst { say(#"{"jsonrpc":"2.0","method":"log","params":{"message":"hello"}}"#) }
    if mode == .ignoresSIGTERM { signal(SIGTERM) { _ in _ = write(STDERR_FILENO, "ignored\n", 8) } }
    while let line = readLine() {
        guard let message = try? JSON.parse(line), let method = message["method"]?.string else {
            answered(mode, line, bad.id, bad.verb)
            continue
        }
        guard let id = message["id"]?.int else {
            if method == "shutdown", mode == .ignoresShutdown { while true { pause() } }
            if method == "shutdown", mode != .hangs { exit(0) }
            if method == "cancel", mode == .answersLate, let call = message["params"]?["call"]?.int {
                say(answer(call, bad.verb))
            }
            continue
        }
        if method == firstBad { isGood = false }
        if method == "initialize" {
            handshake(mode, id, definition)
        } else if isGood {
            say(answer(id, method))
        } else {
            bad = (id, method)
            misbehave(mode, id, method, line)
        }
    }
}

private func handshake(_ mode: Mode, _ id: Int64, _ built: String) {
    let definition = mode == .wrongDefinition ? String(repeating: "b", count: 40) : built
    let version = mode == .wrongVersion ? 2 : 1
    let name = mode == .wrongName ? "somebody-else" : "hostile"
    switch mode {
    case .silent: break
    case .garbage: say("Segmentation fault, but not really")
    case .refuses:
        say(
            #"{"jsonrpc":"2.0","id":\#(id),"error":{"code":-32000,"message":"not today","#
                + #""data":{"code":"hostile.refuses"}}}"#
        )
    default:
        say(
            #"{"jsonrpc":"2.0","id":\#(id),"result":{"protocolVersion":\#(version),"plugin":"\#(name)","#
                + #""steps":[{"step":"harm","definition":"\#(definition)"}]}}"#)
    }
}

/// A good answer: of a step that has no preconditions and has something to change.
private func answer(_ id: Int64, _ method: String) -> String {
    let result =
        switch method {
        case "check": #"{"preconditions":[]}"#
        case "observe": #"{"standing":"needed","changes":[{"path":"harm","to":"done"}],"outputs":{}}"#
        case "verify": #"{"postconditions":[]}"#
        case "undo": "{}"
        default: #"{"outputs":{}}"#
        }
    return #"{"jsonrpc":"2.0","id":\#(id),"result":\#(result)}"#
}

private func misbehave(_ mode: Mode, _ id: Int64, _ method: String, _ line: String) {
    let answer = answer(id, method)
    switch mode {
    case .answersTwice: say(answer + "\n" + answer)
    case .answersThenReports: say(answer + "\n" + progress(id, "more"))
    case .answersThenBegins: say(answer + "\n" + begin(77, call: id))
    case .answersThenDies:
        say(answer)
        exit(0)
    case .answersInBatch: say("[\(answer)]")
    case .resultAndError: say(String(answer.dropLast()) + #","error":{"code":-32000,"message":"both"}}"#)
    case .emptyLine: say("")
    case .textID: say(#"{"jsonrpc":"2.0","id":"\#(id)","result":{}}"#)
    case .wrongID: say(#"{"jsonrpc":"2.0","id":999,"result":{}}"#)
    case .wrongResult: say(#"{"jsonrpc":"2.0","id":\#(id),"result":{"outputs":7,"preconditions":7}}"#)
    case .badUTF8:
        raw(
            Array(#"{"jsonrpc":"2.0","method":"log","params":{"message":""#.utf8) + [0xFF, 0xFE] + Array("\"}}\n".utf8))
    case .doubledKeys: say(#"{"jsonrpc":"2.0","id":\#(id),"id":\#(id),"result":{}}"#)
    case .deepNesting: say(String(repeating: "[", count: 513) + String(repeating: "]", count: 513))
    case .notANumber:
        say(#"{"jsonrpc":"2.0","method":"progress","params":{"call":\#(id),"message":"","fraction":NaN}}"#)
    case .nullByte: raw([0, 10])
    case .longLine: say(progress(id, String(repeating: "x", count: 5 << 20)))
    case .tornLine:
        raw(Array(answer.utf8.dropLast(3)))
        exit(0)
    case .unknownRequest: say(#"{"jsonrpc":"2.0","id":5,"method":"readFile","params":{"path":"/etc/passwd"}}"#)
    case .unknownNotification: say(#"{"jsonrpc":"2.0","method":"gossip","params":{}}"#)
    case .diesBeforeBegin: exit(4)
    case .beginsForUnknownCall: say(begin(77, call: 4242))
    case .beginsTwiceWithOneID: say(begin(77, call: id) + "\n" + begin(77, call: id))
    case .resultWhileBeginning: say(begin(77, call: id) + "\n" + answer)
    case .diesAfterBegin, .diesAtRefusal, .goesOnAfterRefusal, .beginsTwice, .beginsAndHangs, .beginsInCheck:
        say(begin(77, call: id))
    case .hangs, .ignoresSIGTERM, .answersLate: say(progress(id, "hanging"))
    case .stopsReading:
        say(progress(id, "hanging"))
        while true { pause() }
    case .closesOutput: close(STDOUT_FILENO)
    case .traps:
        let nothing: [Int] = []
        say("\(nothing[Int(id)])")
    default: overwhelm(mode, id, answer, line)
    }
}

private func overwhelm(_ mode: Mode, _ id: Int64, _ answer: String, _ line: String) {
    let gigabyte = 1 << 30
    switch mode {
    case .floodsMessages: while true { say(progress(id, String(repeating: "x", count: 100))) }
    case .floodsOutput: flood(STDOUT_FILENO, [UInt8](repeating: 0x78, count: 1 << 20), bytes: gigabyte)
    case .floodsErrors, .spillsErrors:
        let bytes = mode == .floodsErrors ? gigabyte : gigabyte / 64
        flood(STDERR_FILENO, [UInt8](repeating: 0x78, count: 1 << 20), bytes: bytes)
    case .floodsErrorsInLines, .spillsErrorsInLines:
        let lines = Array((String(repeating: "x", count: 127) + "\n").utf8)
        let bytes = mode == .floodsErrorsInLines ? gigabyte : gigabyte / 64
        flood(STDERR_FILENO, Array([[UInt8]](repeating: lines, count: 8192).joined()), bytes: bytes)
    case .leavesChild: spawnSelf("stay", inSessionOfItsOwn: false)
    case .leavesDaemon:
        // Its parent ends at once, so nothing connects it with us but its environment.
        var status: Int32 = 0
        waitpid(spawnSelf("leave", inSessionOfItsOwn: true), &status, 0)
    case .tellsSecrets:
        let secret = (try? JSON.parse(line))?["params"]?["connections"]?["cloud"]?["secret"]?.string ?? ""
        say(
            #"{"jsonrpc":"2.0","method":"evidence","params":{"call":\#(id),"name":"loot","data":{"x":["\#(secret)"]}}}"#
        )
        say(progress(id, "the secret is \(secret)"))
        say("the secret is \(secret)", on: STDERR_FILENO)
    case .tellsEnvironment:
        var entry = environ
        while let text = entry.pointee {
            say(progress(id, String(cString: text)))
            entry += 1
        }
    case .tellsRights:
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        say(progress(id, "core \(limit.rlim_max)"))
        let status = open("/proc/self/status", O_RDONLY)
        var text = [UInt8](repeating: 0, count: 65_536)
        let length = read(status, &text, text.count)
        close(status)
        for line in String(decoding: text[..<max(0, length)], as: UTF8.self).split(separator: "\n")
        where line.hasPrefix("NoNewPrivs") {
            say(progress(id, line.split(whereSeparator: \.isWhitespace).joined(separator: " ")))
        }
        let descriptors = (Int32(0)..<256).filter { fcntl($0, F_GETFD) >= 0 }
        say(progress(id, "descriptors \(descriptors)"))
    default: break
    }
    say(answer)
}

/// The engine answered a request of ours.
private func answered(_ mode: Mode, _ line: String, _ call: Int64, _ verb: String) {
    switch mode {
    case .diesAfterBegin: kill(getpid(), SIGKILL)
    case .diesAtRefusal: exit(7)
    case .goesOnAfterRefusal: say(answer(call, verb))
    case .beginsTwice:
        // The first answer is that to 77: begin anew, with another id, as is allowed.
        say(line.contains("77") ? begin(78, call: call) : answer(call, verb))
    default: break
    }
}

private func progress(_ call: Int64, _ message: String) -> String {
    let message = JSON.string(message).canonicalText
    return #"{"jsonrpc":"2.0","method":"progress","params":{"call":\#(call),"message":\#(message)}}"#
}

private func begin(_ id: Int64, call: Int64) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"begin","params":{"call":\#(call),"undo":{}}}"#
}

private func say(_ text: String, on descriptor: Int32 = STDOUT_FILENO) {
    raw(Array((text + "\n").utf8), on: descriptor)
}

private func raw(_ bytes: [UInt8], on descriptor: Int32 = STDOUT_FILENO) {
    var from = 0
    while from < bytes.count {
        let written = bytes[from...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if written < 0 { exit(5) }
        from += written
    }
}

private func flood(_ descriptor: Int32, _ chunk: [UInt8], bytes: Int) {
    for _ in 0..<(bytes / chunk.count) { raw(chunk, on: descriptor) }
}

@discardableResult
private func spawnSelf(_ role: String, inSessionOfItsOwn: Bool) -> pid_t {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    // POSIX_SPAWN_SETSID, which <spawn.h> shows only to those who ask for GNU's extensions.
    if inSessionOfItsOwn { posix_spawnattr_setflags(&attributes, 0x80) }
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("hostile"), strdup(role), nil]
    var child: pid_t = 0
    guard posix_spawn(&child, "/proc/self/exe", nil, &attributes, &arguments, environ) == 0 else { exit(6) }
    return child
}
