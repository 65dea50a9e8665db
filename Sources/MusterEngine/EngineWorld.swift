// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
package import MusterModel
package import MusterPluginProtocol

/// A call to a plugin that the engine wants made.
package struct OutgoingCall: Hashable, Sendable {
    package var task: StepTask
    /// The plugin's name in kebab case.
    package var plugin: String
    package var verb: PluginVerb
    /// The sections of the environment to hand over; whoever makes the call fills them in, so no secret comes by here.
    package var connections: [String]
    /// Those that are left out where the environment has none.
    package var optionalConnections: [String]
    /// Inputs whose values are references to secrets; resolved in the same place.
    package var secretInputs: [String]
    /// Everything else; its `connections` are empty.
    package var call: StepCall

    package init(
        task: StepTask, verb: PluginVerb, definition: PlannedDefinition, call: StepCall
    ) {
        self.task = task
        plugin = definition.reference.plugin
        self.verb = verb
        connections = definition.connections
        optionalConnections = definition.optionalConnections ?? []
        secretInputs = definition.secretInputs
        self.call = call
    }
}

/// Something that came from outside: an answer, a message, or a person's word.
package enum EngineInput: Hashable, Sendable {
    /// A call ended. A plugin that died, hung or broke the protocol comes as a failure of each of its open calls.
    case answered(StepTask, Result<PluginAnswer, StepFailure>)
    /// `apply` asks to begin its effect; it goes on only when ``EngineWorld/answerBegin(_:request:refusal:)`` says so.
    case begin(StepTask, request: Int64, undo: JSON)
    case progress(StepTask, message: String, fraction: Double?)
    case evidence(StepTask, name: String, data: JSON)
    case pluginLog(PluginLog)
    case confirmed(step: String, person: String, note: String)
    case stop(StopRequested, Ticket? = nil)
    case pause(PauseRequested, Ticket? = nil)
    /// A person's decision about a step that waits for one, from wherever it came.
    case decided(StepDecided, Ticket?)
    case rollBack(RollbackRequested, Ticket?)
    /// A signed word that was checked, at a gate or on the plan.
    case approved(ApprovalRecorded, Ticket?)
    /// What became of the run's hold on its targets.
    case lease(LeaseChanged)

    /// Whom ``EngineWorld/reply(_:refusal:)`` tells what became of it.
    package typealias Ticket = Int
}

/// Whether an effect may begin now, as far as the run's hold on its targets is concerned.
package enum LeaseStanding: Hashable, Sendable {
    /// It may, under this epoch; nil where no lease is kept.
    case held(epoch: Int64?)
    /// The time of the lease is over and nobody knows yet whether it can be had again: whoever asks waits.
    case late
    /// Another run has it.
    case lost(String)

    package var isHeld: Bool { if case .held = self { true } else { false } }
}

/// All that is outside the engine but its journal: clocks, plugins, people. One thread calls it; nothing but
/// ``wait(until:)`` blocks.
package protocol EngineWorld: AnyObject {
    /// Both clocks, read now.
    var now: Instant { get }

    /// Makes the call. Its answer comes as an input, exactly one, whatever happens to the plugin.
    func start(_ call: OutgoingCall)

    /// Asks whoever does it to give this up, soon. What still comes for it decides nothing, and no effect of it may begin;
    /// a call's answer comes all the same.
    func cancel(_ task: StepTask)

    /// Answers a ``EngineInput/begin(_:request:undo:)``: goes ahead, or refuses for the reason given.
    func answerBegin(_ task: StepTask, request: Int64, refusal: String?)

    /// Asks a person; the answer comes as ``EngineInput/confirmed(step:person:note:)``.
    func askPerson(_ step: PlannedStep, inputs: [String: JSON])

    /// The run waits at a gate; each word on it comes as ``EngineInput/approved(_:_:)``.
    func askApproval(_ step: PlannedStep, group: String, count: Int, question: String?)

    /// Asks a person what becomes of the step, and tells what may help; the answer comes as ``EngineInput/decided(_:_:)``. Where nobody can be asked,
    /// the answer may be ``EngineInput/pause(_:)``.
    func askDecision(
        _ step: PlannedStep, trouble: Trouble, why: String, remedy: String?, choices: [StepDecided.Choice]
    )

    /// How the run's hold on its targets stands now.
    var lease: LeaseStanding { get }

    /// Whether a run that has nothing left to do may be told as ended. Not while its lease ran out and the remote has not been
    /// asked: who slept would end well without a word of the other run that had the target meanwhile. False never lasts, and
    /// something comes in when it changes.
    var mayEnd: Bool { get }

    /// Tells whoever sent an input what became of it: nil when it was taken and is on the disk.
    func reply(_ ticket: EngineInput.Ticket, refusal: String?)

    /// Waits until something comes in, or until the moment (nil: without end), and returns what came, perhaps nothing.
    func wait(until moment: Timestamp?) -> [EngineInput]
}

/// The journal of the run. After the first error it accepts nothing more.
package protocol RunJournal: AnyObject {
    /// Writes the events behind the others, stamped with this time.
    func append(_ events: [Event], at now: Instant) throws(MusterError) -> [JournalEntry]

    /// Returns once everything appended is on the disk.
    func sync() throws(MusterError)
}

/// Follows a run: the live view, and the writer of the record.
package protocol RunFollower: AnyObject {
    /// New entries and the state after them. What must be durable among them is.
    ///
    /// - Throws: only when the run must not go on; nothing is sent any more then.
    func follow(_ entries: [JournalEntry], _ state: RunState) throws(MusterError)
}
