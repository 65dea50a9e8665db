// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// A document as far as it could be read, with everything that is wrong with it.
package struct Parsed<Value: Sendable>: Sendable {
    /// What could be read, errors or not; lint uses it to report the rest of the document's errors too. Never run it.
    package var partial: Value?
    /// In the order of the document.
    package var diagnostics: [Diagnostic]

    package init(partial: Value?, diagnostics: [Diagnostic]) {
        self.partial = partial
        self.diagnostics = diagnostics.sorted(by: inDocumentOrder)
    }

    package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// The document, when nothing is wrong with it.
    package var value: Value? { hasErrors ? nil : partial }

    /// The document, or one error that holds every diagnostic.
    package func get() throws(MusterError) -> Value {
        if let value { return value }
        let file = diagnostics.first?.location?.file ?? "The document"
        let count = diagnostics.count { $0.severity == .error }
        throw MusterError(
            code: "document.invalid", "\(file) has \(count) error\(count == 1 ? "" : "s")", status: .usage,
            diagnostics: diagnostics)
    }
}

/// By place, those without one first; equal places keep a fixed order too.
package func inDocumentOrder(_ left: Diagnostic, _ right: Diagnostic) -> Bool {
    switch (left.location, right.location) {
    case (let one?, let other?) where one != other: one < other
    case (nil, .some): true
    case (.some, nil): false
    default: (left.code, left.summary) < (right.code, right.summary)
    }
}
