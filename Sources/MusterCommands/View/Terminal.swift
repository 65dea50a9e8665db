// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel

/// Standard output and error: the one place that writes to them.
struct Terminal: Sendable {
    let isTerminal: Bool
    let style: Style

    init() {
        isTerminal = isatty(STDOUT_FILENO) == 1
        style = Style(isColoured: isTerminal && getenv("NO_COLOR") == nil)
    }

    static var isInputTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    var width: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return 120 }
        return Int(size.ws_col)
    }

    var height: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 8 else { return 40 }
        return Int(size.ws_row)
    }

    func out(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// Errors name things that others wrote, so nothing of them is obeyed.
    func error(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { visibleText(String($0)) }
        write(lines.joined(separator: "\n") + "\n", to: STDERR_FILENO)
    }

    func raw(_ text: String) { write(text, to: STDOUT_FILENO) }

    // A reader that went away must not end a run: what cannot be shown is in the journal.
    private func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        var from = 0
        while from < bytes.count {
            let count = bytes[from...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return }
            from += count
        }
    }
}
