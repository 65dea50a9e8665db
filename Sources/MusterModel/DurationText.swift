// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// The longest that a text may say, `366d`: far more than any step takes, and far from where nanoseconds overflow.
    package static let textMax = Duration.seconds(366 * 86_400)

    /// Reads `250ms`, `30s`, `20m`, `2h`, `1d` and sums of them in falling order such as `1h30m`. Nil for anything else,
    /// and for more than ``textMax``.
    package init?(durationText text: String) {
        let units: [(String, Int64)] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
        var rest = Substring(text)
        var total: Int64 = 0
        var lastUnit = Int64.max
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(letters.count)
            guard digits.count <= 9, let number = Int64(digits), let unit = units.first(where: { $0.0 == letters })?.1,
                unit < lastUnit
            else { return nil }
            lastUnit = unit
            total += number * unit
        }
        guard total <= Duration.textMax.milliseconds else { return nil }
        self = .milliseconds(total)
    }

    /// Whole milliseconds, rounded down.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    /// As a person reads it: `640 ms`, `4.2 s`, `28 min 38 s`, `2 h 5 min`.
    package var readable: String {
        let total = milliseconds
        switch total {
        case ..<1000: return "\(total) ms"
        case ..<60_000:
            let tenths = total / 100
            return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
        case ..<3_600_000:
            let seconds = total / 1000 % 60
            return "\(total / 60_000) min" + (seconds == 0 ? "" : " \(seconds) s")
        default:
            let minutes = total / 60_000 % 60
            return "\(total / 3_600_000) h" + (minutes == 0 ? "" : " \(minutes) min")
        }
    }
}
