// SPDX-License-Identifier: Apache-2.0

package import MusterModel

private let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the one date format that RFC 9110 allows servers to send.
package func httpDate(_ text: String) -> Timestamp? {
    let words = text.split(separator: " ")
    guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: String(words[2])) else { return nil }
    let monthText = month < 9 ? "0\(month + 1)" : "\(month + 1)"
    return Timestamp("\(words[3])-\(monthText)-\(words[1])T\(words[4])Z")
        ?? Timestamp("\(words[3])-\(monthText)-\(words[1])T\(words[4]).000Z")
}

/// The same format, written.
package func httpDateText(_ moment: Timestamp) -> String {
    // The day that the clocks of Unix begin with, 1 January 1970, was a Thursday.
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let day = 86_400_000 as Int64
    let days = moment.milliseconds / day - (moment.milliseconds % day < 0 ? 1 : 0)
    let parts = moment.date.split(separator: "-")
    let month = months[(Int(parts[1]) ?? 1) - 1]
    let weekday = weekdays[Int((days % 7 + 7) % 7)]
    return "\(weekday), \(parts[2]) \(month) \(parts[0]) \(moment.timeOfDay.prefix(8)) GMT"
}
