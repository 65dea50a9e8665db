// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What is kept of a plugin's standard error: whole lines, up to a budget; the rest is counted and hashed.
struct StandardErrorLog {
    private let limits: PluginLimits
    var redactor: Redactor
    private var line: [UInt8] = []
    /// In a line that was cut: the rest up to its newline is dropped.
    private var skipsToNewline = false
    private var left: Int
    private var droppedBytes = 0
    private var droppedHash = StreamingDigest()

    init(limits: PluginLimits, redactor: Redactor) {
        self.limits = limits
        self.redactor = redactor
        left = limits.standardErrorBytes
    }

    mutating func append(_ chunk: [UInt8]) -> [PluginEvent] {
        var events: [PluginEvent] = []
        var from = 0
        while from < chunk.count, left > 0 {
            let newline = index(ofNewlineIn: chunk, from: from)
            let end = newline ?? chunk.count
            if skipsToNewline {
                drop(chunk[from..<end])
            } else {
                let room = limits.standardErrorLineBytes - line.count
                line += chunk[from..<min(end, from + room)]
                if end - from > room {
                    drop(chunk[(from + room)..<end])
                    events.append(finishLine(isCut: true))
                    skipsToNewline = true
                }
            }
            if newline != nil {
                if !skipsToNewline { events.append(finishLine(isCut: false)) }
                skipsToNewline = false
            }
            from = end + (newline == nil ? 0 : 1)
        }
        if from < chunk.count { drop(chunk[from...]) }
        return events
    }

    /// A new call begins: it has a budget of its own.
    mutating func renewBudget() -> [PluginEvent] {
        left = limits.standardErrorBytes
        return account()
    }

    /// The stream is over.
    mutating func finish() -> [PluginEvent] {
        (line.isEmpty ? [] : [finishLine(isCut: false)]) + account()
    }

    private mutating func finishLine(isCut: Bool) -> PluginEvent {
        var bytes = redactor.redact(line)
        if isCut {
            // The cut may have gone through a secret, whose first half would not have been found.
            bytes.removeLast(min(bytes.count, redactor.longestNeedle))
            bytes += " … (cut)".utf8
        }
        left -= line.count + 1
        line = []
        return .standardError(String(decoding: bytes, as: UTF8.self))
    }

    private mutating func drop(_ bytes: ArraySlice<UInt8>) {
        droppedBytes += bytes.count
        bytes.withUnsafeBytes { droppedHash.update($0) }
    }

    private mutating func account() -> [PluginEvent] {
        guard droppedBytes > 0 else { return [] }
        defer {
            droppedBytes = 0
            droppedHash = StreamingDigest()
        }
        return [.standardErrorDropped(bytes: droppedBytes, droppedHash.finish())]
    }
}
