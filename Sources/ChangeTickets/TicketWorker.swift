// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import Glibc
package import MusterMachine
package import MusterModel
package import MusterSystem

/// The hidden first argument that makes `muster` the process that asks a ticket system.
package let ticketWorkerArgument = "ticket-worker"

/// Puts questions to ticket systems. The waiting is its caller's, so that a signal can end it.
package protocol TicketAsking {
    /// - Parameter wait: waits for one of the targets, at most so long; nil when a signal came instead.
    /// - Throws: `change-ticket.interrupted`.
    func answer(
        to question: TicketQuestion, wait: ([PollTarget], Duration) -> Set<PollTarget>?
    ) throws(MusterError) -> TicketAnswer
}

/// Asks in a process of its own, as git's work is done in one: the engine stays one thread without a connection, a request
/// that hangs ends with its process, and the sign-in is in a memory that is gone a moment later.
package struct TicketWorker: TicketAsking {
    /// Program and arguments. `/proc/self/exe` is the `muster` executable itself, also after it was replaced on disk.
    private let command: [String]
    private let patience: Duration

    package init(command: [String] = ["/proc/self/exe", ticketWorkerArgument], patience: Duration = .seconds(45)) {
        self.command = command
        self.patience = patience
    }

    package func answer(
        to question: TicketQuestion, wait: ([PollTarget], Duration) -> Set<PollTarget>?
    ) throws(MusterError) -> TicketAnswer {
        let child: ChildProcess
        do {
            let message = try JSON(encoding: question).canonicalBytes()
            child = try ChildProcess(
                path: command[0], arguments: Array(command.dropFirst()), environment: ["SWIFT_BACKTRACE": "enable=no"],
                isConfined: true)
            _ = child.send(message)
        } catch let error as MusterError {
            return .unknown("the process that asks could not be started: \(error.summary.dropLast())")
        } catch {
            return .unknown("the question cannot be written")
        }
        guard let output = try output(of: child, wait) else {
            return .unknown("it did not answer within \(patience.readable)")
        }
        // Whatever is not an answer means the same: the worker ended before it had one.
        guard let answer = try? JSON.parse(output).decode(TicketAnswer.self) else {
            return .unknown("the process that asks ended without an answer")
        }
        return answer
    }

    /// All that the child writes; nil when the time is over first.
    private func output(
        of child: ChildProcess, _ wait: ([PollTarget], Duration) -> Set<PollTarget>?
    ) throws(MusterError) -> [UInt8]? {
        let end = readClocks().boot + patience.milliseconds * 1_000_000
        var output: [UInt8] = []
        while child.output >= 0 {
            if child.unsentCount == 0 { child.closeInput() }
            var targets = [child.output, child.errors].filter { $0 >= 0 }.map { PollTarget(reading: $0) }
            if child.unsentCount > 0 { targets.append(PollTarget(writing: child.input)) }
            let left = end - readClocks().boot
            guard left > 0 else { return nil }
            guard wait(targets, .nanoseconds(left)) != nil else {
                throw MusterError(
                    code: "change-ticket.interrupted", "Interrupted while the change ticket was looked at.",
                    help: "Nothing was changed.", status: .interrupted)
            }
            // A child that no longer reads has an answer, or is at its end.
            _ = child.flush()
            while case .bytes(let bytes) = child.readOutput() { output += bytes }
            // Nothing that it complains of is more than its answer, or that there is none.
            while case .bytes = child.readErrors() {}
        }
        return output
    }
}

/// The process that asks: reads one question on standard input, answers on standard output, and ends.
package func runTicketWorker() -> Never {
    let input = readAll()
    Task.detached {
        let answer = await answer(to: input)
        do { writeAll(try JSON(encoding: answer).canonicalBytes()) } catch { exit(ExitStatus.stuck.rawValue) }
        exit(ExitStatus.done.rawValue)
    }
    while true { pause() }
}

private func answer(to input: [UInt8]) async -> TicketAnswer {
    do {
        let question = try JSON.parse(input).decode(TicketQuestion.self)
        let transport = try NetworkTransport(
            caFile: question.system.caFile, answerLimit: TicketClient.answerBytesMax)
        let answer = await TicketClient(transport: transport).answer(to: question)
        await transport.shutdown()
        return answer
    } catch let error as TransportError {
        return .unknown(error.message.hasSuffix(".") ? String(error.message.dropLast()) : error.message)
    } catch {
        return .unknown("the question cannot be read")
    }
}

private func readAll() -> [UInt8] {
    var all: [UInt8] = []
    while true {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, initialized in
            repeat { count = read(STDIN_FILENO, buffer.baseAddress, 65_536) } while count < 0 && errno == EINTR
            initialized = max(0, count)
        }
        guard count > 0 else { return all }
        all += bytes
    }
}

private func writeAll(_ bytes: [UInt8]) {
    var at = 0
    while at < bytes.count {
        let written = bytes[at...].withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { return }  // the engine is gone: nobody is left to tell
        at += written
    }
}
