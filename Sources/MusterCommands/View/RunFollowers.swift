// SPDX-License-Identifier: Apache-2.0

internal import MusterEngine
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// A block at the bottom of the terminal that is drawn anew with each change.
final class LiveView: RunFollower, NoticeFollower {
    private let terminal: Terminal
    private let output: OutputQueue
    private var drawnLines = 0
    private var drawnAt: Int64 = 0
    /// A fold of its own: to keep the engine's state would make the engine copy all its steps at the next event.
    private var state: RunState?
    private var isUndrawn = false
    private var notices: [StatementNotice] = []

    /// Ten pictures a second are enough for people, and one a second for the clocks in it; in nanoseconds.
    private static let betweenChanges: Int64 = 100_000_000
    private static let betweenClocks: Int64 = 1_000_000_000

    /// A person is being asked below the block: it stands still until they have answered.
    var isHeld = false {
        didSet { if isHeld { drawnLines = 0 } }
    }

    init(_ terminal: Terminal, _ output: OutputQueue) {
        self.terminal = terminal
        self.output = output
    }

    func follow(_ entries: [JournalEntry], _ state: RunState) {
        if self.state == nil {
            self.state = state
        } else {
            for entry in entries {
                do { try self.state?.apply(entry.event, at: entry.at) } catch {
                    preconditionFailure("the engine has applied this event: \(error)")
                }
            }
        }
        isUndrawn = true
        if state.isFinished { draw() } else { drawWhenDue() }
    }

    func notice(_ notice: StatementNotice) {
        notices = notices.filter { $0.signature != notice.signature } + [notice]
        isUndrawn = true
    }

    /// When the picture is to be drawn again, in nanoseconds of the boot clock.
    var drawAt: Int64 { drawnAt + (isUndrawn ? Self.betweenChanges : Self.betweenClocks) }

    func drawWhenDue() { if readClocks().boot >= drawAt { draw() } }

    private func draw() {
        guard let state, !isHeld else { return }
        drawnAt = readClocks().boot
        isUndrawn = false
        let view = RunView(style: terminal.style, width: terminal.width, stepsMax: max(4, terminal.height - 8))
        let lines = view.lines(state, now: readClocks().wall, notices: notices)
        let up = drawnLines > 0 ? "\u{1B}[\(drawnLines)A\r\u{1B}[J" : ""
        output.send(up + lines.map { $0 + "\n" }.joined())
        drawnLines = lines.count
    }
}

/// A line for each event, for pipes and logs.
final class PlainView: RunFollower, NoticeFollower {
    private let output: OutputQueue
    private var text: PlainText
    init(_ terminal: Terminal, _ output: OutputQueue) {
        text = PlainText(style: terminal.style)
        self.output = output
    }

    func follow(_ entries: [JournalEntry], _ state: RunState) {
        let lines = entries.compactMap { text.line($0, state) }
        if !lines.isEmpty { output.send(lines.joined(separator: "\n") + "\n") }
    }

    func notice(_ notice: StatementNotice) {
        output.send("\(readClocks().wall.timeOfDay)  ! \(notice.gate): \(notice.text)\n")
    }
}

/// The journal's own lines, for programs.
final class JSONView: RunFollower, NoticeFollower {
    private let output: OutputQueue
    init(_ output: OutputQueue) { self.output = output }

    func follow(_ entries: [JournalEntry], _ state: RunState) {
        for entry in entries {
            // A line that could be journaled can be written once more.
            if let line = try? entry.line() { output.send(String(decoding: line, as: UTF8.self) + "\n") }
        }
    }

    func notice(_ notice: StatementNotice) { Terminal().error("note: \(notice.gate): \(notice.text)") }
}
