// SPDX-License-Identifier: Apache-2.0

package import MusterModel

extension Environment {
    static let changeWindow = Shape.object(
        .required("opens", .text(.instant), "From when on runs may change the environment"),
        .required("closes", .text(.instant), "When they must have ended"))

    /// When runs may change the environment, in order of time; empty where nothing is said of it.
    package var changeWindows: [ChangeWindow] {
        Self.windows(root).map(\.value)
    }

    static func checkWindows(_ root: LocatedValue, into diagnostics: inout [Diagnostic]) {
        func report(_ summary: String, _ help: String, at location: SourceLocation) {
            diagnostics.append(
                Diagnostic(code: "environment.change-window", summary, help: help, at: location))
        }
        var earlier: ChangeWindow?
        for window in windows(root) {
            let (opens, closes) = (window.value.opens, window.value.closes)
            if closes <= opens {
                report(
                    "A change window closes before it opens", "Write the later time behind 'closes'.",
                    at: window.location)
            }
            if let earlier, opens < earlier.closes {
                report(
                    "The change window that opens \(opens) begins before the one above it has closed",
                    "Write the windows in order of time, and join those that overlap.", at: window.location)
            }
            earlier = window.value
        }
    }

    private static func windows(_ root: LocatedValue) -> [Located<ChangeWindow>] {
        (root["change-windows"]?.list ?? []).compactMap { window in
            guard let opens = window["opens"]?.string.flatMap({ Timestamp($0) }),
                let closes = window["closes"]?.string.flatMap({ Timestamp($0) })
            else { return nil }
            return Located(ChangeWindow(opens: opens, closes: closes), at: window.location)
        }
    }
}
