// SPDX-License-Identifier: Apache-2.0

/// The candidate that a person most likely meant: a few slips away at most, or the same but for capitals and hyphens.
/// Nil when none is near, and for a name that is longer than people write: the search would cost its length squared.
package func nearestName(to name: String, in candidates: some Sequence<String>) -> String? {
    guard name.utf8.count <= nameBytesMax else { return nil }
    let wanted = Array(name.lowercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") })
    let limit = max(1, wanted.count / 3)
    var best: (distance: Int, name: String)?
    for candidate in candidates where candidate.utf8.count <= nameBytesMax {
        let other = Array(candidate.lowercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") })
        guard abs(other.count - wanted.count) <= limit else { continue }
        let distance = editDistance(wanted, other)
        guard distance <= limit else { continue }
        if let known = best, (known.distance, known.name) <= (distance, candidate) { continue }
        best = (distance, candidate)
    }
    return best?.name
}

private let nameBytesMax = 128

/// `Did you mean 'x'?`, or nil when nothing is near.
package func suggestion(for name: String, in candidates: some Sequence<String>) -> String? {
    nearestName(to: name, in: candidates).map { "Did you mean '\($0)'?" }
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for row in left.indices {
        var current = [row + 1]
        for column in right.indices {
            let same = left[row] == right[column]
            var cost = min(previous[column + 1] + 1, current[column] + 1, previous[column] + (same ? 0 : 1))
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                cost = min(cost, beforePrevious[column - 1] + 1)
            }
            current.append(cost)
        }
        beforePrevious = previous
        previous = current
    }
    return previous[right.count]
}
