// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// A time span as a document writes it, such as `30s`.
package struct Span: Hashable, Sendable, Codable {
    package var duration: Duration

    package init(_ duration: Duration) { self.duration = duration }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let duration = Duration(durationText: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a duration such as 30s is expected")
        }
        self.duration = duration
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// To the millisecond, such as `1m4s250ms`; `0s` for nothing.
    package var text: String {
        var rest = max(0, duration.milliseconds)
        var text = ""
        for (unit, length) in [("h", Int64(3_600_000)), ("m", 60_000), ("s", 1000), ("ms", 1)] where rest >= length {
            text += "\(rest / length)\(unit)"
            rest %= length
        }
        return text.isEmpty ? "0s" : text
    }
}
