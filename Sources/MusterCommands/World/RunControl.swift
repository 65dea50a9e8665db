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
            reply(visitor, refusal: error.summary)
            return nil
        }
    }

    func reply(_ ticket: EngineInput.Ticket, refusal: String?) {
        guard let answer = try? JSON(encoding: ControlAnswer(refusal: refusal)) else { return }  // two texts encode
        listener.answer(ticket, answer.canonicalBytes())
    }

    /// An engine has the run and cannot be reached: its socket was taken away or replaced, or it is about to open it.
    static func notListening(_ stored: StoredRun) -> MusterError {
        let process = stored.holder.map { "\($0.processID)" } ?? "of the run"
        return MusterError(
            code: "run.not-listening",
            "Process \(process) has the run \(stored.run), and nobody listens at \(stored.folder)/\(fileName).",
            help:
                "It may be about to begin or to end: try again. Else the socket was taken away; Ctrl-C at the run's terminal, or kill -TERM \(process), brings it to rest as well.",
            status: .stuck)
    }

    /// Asks the run's engine; nil when none is there.
    static func ask(_ request: ControlRequest, runFolder: String) throws(MusterError) -> ControlAnswer? {
        do {
            let line = try JSON(encoding: request).canonicalBytes()
            guard let answer = try askLocally(path: "\(runFolder)/\(fileName)", line, timeout: .seconds(30)) else {
                return nil
            }
            return try JSON.parse(answer).decode(ControlAnswer.self)
        } catch let error as MusterError {
            throw error
        } catch {
            throw MusterError(
                code: "run.garbled-answer", "The run's engine gave an answer that cannot be read: \(error).",
                status: .stuck)
        }
    }
}
