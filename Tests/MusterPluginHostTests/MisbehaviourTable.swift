// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterPluginProtocol

/// What must become of one call, and of the process, when a plugin misbehaves in it.
struct Fate: Hashable {
    enum CallEnd: Hashable {
        /// It was never made: the handshake did not end well.
        case neverMade
        case answered
        case failed(StepFailure.Kind)
    }

    var call: CallEnd
    /// The code that the process ends with. Nil: it ends well once it is asked to.
    var end: String?

    static let good = Fate(call: .answered)
    static let breach = Fate(call: .failed(.permanent), end: "plugin.protocol-error")
    static let breachInDoubt = Fate(call: .failed(.unknownOutcome), end: "plugin.protocol-error")
    static let exited = Fate(call: .failed(.retryable), end: "plugin.exited")
    static let tooSlow = Fate(call: .failed(.retryable), end: "plugin.timeout")
    static func neverMade(_ code: String) -> Fate { Fate(call: .neverMade, end: code) }
    /// It had answered, and well, before it misbehaved.
    static func answered(then code: String) -> Fate { Fate(call: .answered, end: code) }
}

/// When the time for which the host waits may be let come.
enum Moment: Hashable {
    case never, atOnce, afterProgress, afterBegin, onceOutputCloses, afterShutdown
    /// The first time only: the call is cancelled.
    case onceAfterProgress
}

/// One way to misbehave: the hostile plugin's mode, and what must follow from it in each verb.
struct MisbehaviourRow {
    let mode: String
    /// Of `apply` and `undo`.
    let effect: Fate
    /// Of `check`, `observe` and `verify`.
    let read: Fate
    var time = Moment.never
    /// Its `begin` is refused.
    var refuses = false

    init(_ mode: String, _ effect: Fate, read: Fate? = nil, time: Moment = .never, refuses: Bool = false) {
        self.mode = mode
        self.effect = effect
        self.read = read ?? effect
        self.time = time
        self.refuses = refuses
    }

    func fate(_ verb: PluginVerb) -> Fate { verb.hasEffect ? effect : read }

    static let all: [MisbehaviourRow] = handshakes + answers + begins + times

    private static let handshakes = [
        MisbehaviourRow("diesAtOnce", .neverMade("plugin.exited")),
        MisbehaviourRow("silent", .neverMade("plugin.timeout"), time: .atOnce),
        MisbehaviourRow("wrongVersion", .neverMade("plugin.wrong-version")),
        MisbehaviourRow("wrongName", .neverMade("plugin.wrong-name")),
        MisbehaviourRow("wrongDefinition", .neverMade("plugin.definition-mismatch")),
        MisbehaviourRow("garbage", .neverMade("plugin.protocol-error")),
        MisbehaviourRow("refuses", .neverMade("hostile.refuses")),
        MisbehaviourRow("speaksFirst", .neverMade("plugin.protocol-error")),
    ]

    private static let answers =
        [
            "answersInBatch", "resultAndError", "emptyLine", "textID", "wrongID", "wrongResult", "badUTF8",
            "doubledKeys",
            "deepNesting", "notANumber", "nullByte", "longLine", "unknownRequest", "unknownNotification",
        ].map { MisbehaviourRow($0, .breach) }
        + ["answersTwice", "answersThenReports", "answersThenBegins"]
        .map { MisbehaviourRow($0, .answered(then: "plugin.protocol-error")) } + [
            MisbehaviourRow("answersThenDies", .answered(then: "plugin.exited")),
            MisbehaviourRow("answersLate", .good, time: .onceAfterProgress),
            MisbehaviourRow("tornLine", .exited),
            MisbehaviourRow("resultWhileBeginning", .breachInDoubt, read: .breach),
        ]

    private static let begins = [
        MisbehaviourRow("diesBeforeBegin", .exited),
        MisbehaviourRow("diesAfterBegin", Fate(call: .failed(.unknownOutcome), end: "plugin.exited"), read: .breach),
        MisbehaviourRow("diesAtRefusal", .exited, read: .breach, refuses: true),
        MisbehaviourRow("goesOnAfterRefusal", Fate(call: .failed(.unknownOutcome)), read: .breach, refuses: true),
        MisbehaviourRow("beginsTwice", .good, read: .breach),
        MisbehaviourRow(
            "beginsAndHangs", Fate(call: .failed(.unknownOutcome), end: "plugin.timeout"), read: .breach,
            time: .afterBegin),
        MisbehaviourRow("beginsForUnknownCall", .breach),
        MisbehaviourRow("beginsTwiceWithOneID", .breach),
    ]

    private static let times =
        ["hangs", "stopsReading", "ignoresSIGTERM"].map { MisbehaviourRow($0, .tooSlow, time: .afterProgress) }
        + [
            "spillsErrors", "spillsErrorsInLines", "leavesChild", "leavesDaemon", "tellsSecrets", "tellsEnvironment",
            "tellsRights", "wellBehaved",
        ].map { MisbehaviourRow($0, .good) } + [
            MisbehaviourRow("ignoresShutdown", .answered(then: "plugin.timeout"), time: .afterShutdown),
            MisbehaviourRow(
                "closesOutput", Fate(call: .failed(.retryable), end: "plugin.closed-output"), time: .onceOutputCloses),
            MisbehaviourRow("floodsMessages", Fate(call: .failed(.permanent), end: "plugin.flood")),
            MisbehaviourRow("floodsOutput", .breach), MisbehaviourRow("traps", .exited),
        ]
}
