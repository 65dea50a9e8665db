// SPDX-License-Identifier: Apache-2.0

internal import MusterEngine
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// A block at the bottom of the terminal that is drawn anew with each change.
final class LiveView: RunFollower {
    private let terminal: Terminal
    private var drawnLines = 0
    private var drawnAt: Int64 = 0
    private var state: RunState?
    /// A person is being asked below the block: it stands still until they have answered.
    var isHeld = false {
        didSet { if isHeld { drawnLines = 0 } }
    }

    init(_ terminal: Terminal) { self.terminal = terminal }

    func follow(_ entries: [JournalEntry], _ state: RunState) {
        self.state = state
        let boot = readClocks().boot
        // Ten pictures a second are enough for people; the last one is always drawn.
        if boot - drawnAt > 100_000_000 || state.isFinished || entries.contains(where: \.event.mustBeDurable) {
            draw(state)
            drawnAt = boot
        }
    }

    /// Draws the newest state once more, for the clocks in it.
    func tick() { if let state, !state.isFinished { draw(state) } }

    private func draw(_ state: RunState) {
        if isHeld { return }
        let view = RunView(style: terminal.style, width: terminal.width, stepsMax: max(4, terminal.height - 8))
        let lines = view.lines(state, now: readClocks().wall)
        let up = drawnLines > 0 ? "\u{1B}[\(drawnLines)A\r\u{1B}[J" : ""
        terminal.raw(up + lines.map { $0 + "\n" }.joined())
        drawnLines = lines.count
    }
}

/// A line for each event, for pipes and logs.
final class PlainView: RunFollower {
    private let terminal: Terminal
    init(_ terminal: Terminal) { self.terminal = terminal }

    func follow(_ entries: [JournalEntry], _ state: RunState) {
        for entry in entries { if let line = plainText(entry, state, terminal.style) { terminal.out(line) } }
    }
}

/// The journal's own lines, for programs.
final class JSONView: RunFollower {
    private let terminal: Terminal
    init(_ terminal: Terminal) { self.terminal = terminal }

    func follow(_ entries: [JournalEntry], _ state: RunState) {
        for entry in entries {
            // A line that could be journaled can be written once more.
            if let line = try? entry.line() { terminal.out(String(decoding: line, as: UTF8.self)) }
        }
    }
}
