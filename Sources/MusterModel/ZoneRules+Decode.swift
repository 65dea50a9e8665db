// SPDX-License-Identifier: Apache-2.0

extension ZoneRules {
    /// Reads a compiled zone of the system's time zone database: version 2 or later of the format TZif.
    ///
    /// After the last transition that is listed, the text at the file's end says how it goes on; that is worked out up to the
    /// year 2100. Source: RFC 9636 (TZif), sections 3.1 to 3.3.
    ///
    /// - Returns: nil for anything else.
    package init?(zoneFile bytes: [UInt8]) {
        var reader = ByteReader(bytes: bytes)
        guard let old = Header(&reader), old.version >= 50 else { return nil }
        // The first block holds the same in 32 bits, for readers of before.
        reader.at += old.length(timeSize: 4)
        guard let header = Header(&reader), header.types > 0 else { return nil }
        var times: [Int64] = []
        for _ in 0..<header.times {
            guard let time = reader.number(8) else { return nil }
            times.append(time)
        }
        guard let indices = reader.take(header.times) else { return nil }
        var offsets: [Int64] = []
        for _ in 0..<header.types {
            guard let offset = reader.number(4), reader.take(2) != nil else { return nil }
            offsets.append(offset)
        }
        reader.at += header.characters + header.leaps * 12 + header.standards + header.universals
        guard indices.allSatisfy({ Int($0) < offsets.count }), zip(times, times.dropFirst()).allSatisfy(<),
            offsets.allSatisfy({ abs($0) < 93_600 }), let footer = reader.line()
        else { return nil }
        let listed = zip(times, indices).map { Transition(at: $0, offset: offsets[Int($1)]) }
        self.init(first: offsets[0], transitions: listed)
        guard !footer.isEmpty else { return }
        guard let rule = ZoneRule(footer) else { return nil }
        continues(by: rule)
    }

    /// Where no transition is listed, the rule holds for all times.
    private mutating func continues(by rule: ZoneRule) {
        if transitions.isEmpty { first = rule.standard }
        let last = transitions.last?.at ?? .min
        let from = max(1970, transitions.isEmpty ? 1970 : CivilDate(days: last / 86_400).year)
        transitions += rule.transitions(from: from, to: 2100).filter { $0.at > last }
    }
}

private struct Header {
    let version: UInt8
    let universals, standards, leaps, times, types, characters: Int

    init?(_ reader: inout ByteReader) {
        guard reader.take(4).map({ Array($0) == Array("TZif".utf8) }) == true, let version = reader.take(1)?.first,
            reader.take(15) != nil
        else { return nil }
        self.version = version
        var counts: [Int] = []
        for _ in 0..<6 {
            guard let count = reader.number(4), (0...100_000).contains(count) else { return nil }
            counts.append(Int(count))
        }
        (universals, standards, leaps) = (counts[0], counts[1], counts[2])
        (times, types, characters) = (counts[3], counts[4], counts[5])
    }

    func length(timeSize: Int) -> Int {
        times * (timeSize + 1) + types * 6 + characters + leaps * (timeSize + 4) + standards + universals
    }
}

private struct ByteReader {
    let bytes: [UInt8]
    var at = 0

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, at + count <= bytes.count else { return nil }
        defer { at += count }
        return bytes[at..<(at + count)]
    }

    /// A big-endian number with a sign.
    mutating func number(_ count: Int) -> Int64? {
        guard let part = take(count) else { return nil }
        let bits = part.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return count == 8 ? Int64(bitPattern: bits) : Int64(Int32(truncatingIfNeeded: bits))
    }

    /// A line between two line feeds.
    mutating func line() -> String? {
        guard at < bytes.count, bytes[at] == 10, let end = bytes[(at + 1)...].firstIndex(of: 10) else { return nil }
        defer { at = end + 1 }
        return String(validating: bytes[(at + 1)..<end], as: UTF8.self)
    }
}
