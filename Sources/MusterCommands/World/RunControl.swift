// SPDX-License-Identifier: Apache-2.0

internal import MusterApproval
internal import MusterEngine
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// What another command asks of a run that is under way on this machine.
enum ControlRequest: Hashable, Sendable, Codable {
    case pause(PauseRequested)
    case cancel(StopRequested)
    case decide(StepDecided)
    case rollBack(RollbackRequested)
    case approve(OfferedStatement)
}

/// What became of it.
struct ControlAnswer: Hashable, Sendable, Codable {
    /// Nil when it was taken.
    var refusal: String?

    /// - Throws: `run.not-taken` when the run did not take what it was asked.
    func checked(_ what: String) throws(MusterError) {
        guard let refusal else { return }
        throw MusterError(
            code: "run.not-taken", "The run cannot be \(what) now: \(refusal).",
            help: "See where it stands: muster status")
    }
}

/// The run's ear for other commands of the same user: a socket in the run's folder.
final class RunControl {
    static let fileName = "control"

    private let listener: LocalListener

    init(runFolder: String) throws(MusterError) {
        listener = try LocalListener(path: "\(runFolder)/\(Self.fileName)")
    }

    var pollTargets: [PollTarget] { listener.pollTargets }

    func close() { listener.close() }

    /// - Parameter gates: who checks approvals; nil where the run asks for none.
    func takeInputs(_ gates: GateKeeper?) -> [EngineInput] {
        listener.receive().compactMap { visitor, line in
            guard let request: ControlRequest = try? JSON.parse(line).decode() else {  // whoever it is learns that here
                reply(visitor, refusal: "this engine does not understand the request")
                return nil
            }
            switch request {
            case .pause(let body): return .pause(body, visitor)
            case .cancel(let body): return .stop(body, visitor)
            case .decide(let body): return .decided(body, visitor)
            case .rollBack(let body): return .rollBack(body, visitor)
            case .approve(let offered): return approved(offered, visitor, gates)
            }
        }
    }

    private func approved(
        _ offered: OfferedStatement, _ visitor: EngineInput.Ticket, _ gates: GateKeeper?
    ) -> EngineInput? {
        guard let gates else {
            reply(visitor, refusal: "the run asks for no approvals")
            return nil
        }
        switch gates.check(offered) {
        case .success(let approval): return .approved(approval, visitor)
        case .failure(let error):
            reply(visitor, refusal: GateCheck.reason(error))
            return nil
        }
    }

    func reply(_ ticket: EngineInput.Ticket, refusal: String?) {
        guard let answer = try? JSON(encoding: ControlAnswer(refusal: refusal)) else { return }  // two texts encode
        listener.answer(ticket, answer.canonicalBytes())
    }

    /// An engine has the run and cannot be reached: its socket was taken away or replaced, or it is about to open it.
    static func notListening(_ stored: StoredRun) -> MusterError {
        let process = EngineLock.process(of: stored.folder)
        let who = process.map { "Process \($0)" } ?? "Another process"
        let kill = process.map { ", or kill -TERM \($0)," } ?? ""
        return MusterError(
            code: "run.not-listening",
            "\(who) has the run \(stored.run), and nobody listens at \(stored.folder)/\(fileName).",
            help:
                "It may be about to begin or to end: try again. Else the socket was taken away; Ctrl-C at the run's terminal\(kill) brings it to rest as well.",
            status: .stuck)
    }

    /// How long an engine may take to answer, and one that is stopped, which answers nobody until it goes on.
    private static let patience: (any: Duration, stopped: Duration) = (.seconds(30), .seconds(10))
    /// After so long a person is told what is waited for.
    private static let quiet = Duration.seconds(2)

    /// Asks the run's engine; nil when none is there. Says on standard error what it waits for, where that takes long.
    static func ask(
        _ request: ControlRequest, _ run: RunID, _ folders: StateFolder, _ terminal: Terminal
    ) throws(MusterError) -> ControlAnswer? {
        let line: [UInt8]
        // Texts that a person typed always encode.
        do { line = try JSON(encoding: request).canonicalBytes() } catch { preconditionFailure("\(error)") }
        let outcome = try askLocally(
            path: "\(folders.run(run))/\(fileName)", line, timeout: patience.any, quiet: quiet
        ) { process in
            let isStopped = process.map(Host.isStopped) ?? false
            terminal.error("note: " + waiting(run, process, isStopped: isStopped))
            return isStopped ? patience.stopped : patience.any
        }
        switch outcome {
        case .nobody: return nil
        case .answer(let bytes):
            do { return try JSON.parse(bytes).decode(ControlAnswer.self) } catch {
                throw MusterError(
                    code: "run.garbled-answer", "The run's engine gave an answer that cannot be read: \(error).",
                    status: .stuck)
            }
        case .silence(let process, let isWithdrawn): throw noAnswer(run, process, isWithdrawn: isWithdrawn)
        }
    }

    private static func engine(_ run: RunID, _ process: Int32?) -> String {
        process.map { "Process \($0), which has the run \(run)," } ?? "The engine of the run \(run)"
    }

    private static func waiting(_ run: RunID, _ process: Int32?, isStopped: Bool) -> String {
        guard isStopped, let process else { return "\(engine(run, process)) has not answered yet; waiting for it." }
        return
            "\(engine(run, process)) is stopped, and answers only once it goes on (kill -CONT \(process)); waiting for it."
    }

    private static func noAnswer(_ run: RunID, _ process: Int32?, isWithdrawn: Bool) -> MusterError {
        let isStopped = process.map(Host.isStopped) ?? false
        let stopped = isStopped ? ": it is stopped (SIGSTOP, Ctrl-Z or a debugger)" : ""
        let goOn = process.map { isStopped ? " Let it go on with: kill -CONT \($0)." : "" } ?? ""
        return MusterError(
            code: "run.no-answer",
            "\(engine(run, process)) gave no answer\(stopped). "
                + (isWithdrawn
                    ? "The request was withdrawn, and will not be acted on."
                    : "Whether it has read the request is not known: it may still be acted on."),
            help: (isWithdrawn ? "Nothing was changed." : "See what became of it: muster status \(run).") + goOn,
            status: .stuck)
    }
}
