// SPDX-License-Identifier: Apache-2.0

package import MusterExpressions
package import MusterModel

/// `runbooks/<name>.yaml`: an ordered use of steps (`docs/formats/runbook-v1.md`).
package struct Runbook: Sendable {
    package enum Section: String, Sendable {
        case steps
        /// Runs whatever happened above.
        case finally
    }

    package enum OnFailure: String, Sendable, CaseIterable {
        /// Wait for a person.
        case stop
        /// Go on with what does not need the step.
        case `continue`
        /// Undo what the run did.
        case rollback
    }

    package struct Retry: Sendable {
        /// Tries in all, the first one included.
        package var attempts: Int
        package var backoff: BackoffRange
    }

    package struct Argument: Sendable {
        package var name: Located<String>
        package var value: TemplateValue
    }

    package struct Step: Sendable {
        package var location: SourceLocation
        /// Empty when the document gave none that can be read.
        package var id: Located<String>
        package var section: Section
        package var summary: String?
        /// Nil when the document gave none that can be read.
        package var uses: Located<StepUse>?
        package var with: [Argument]
        /// Nil: after the step above.
        package var needs: [Located<String>]?
        package var condition: Located<Expression>?
        package var forEach: TemplateValue?
        /// Most instances of a `for-each` at once.
        package var parallel: Int
        package var retry: Retry
        package var onFailure: Located<OnFailure>
        /// Nil: the definition's.
        package var timeout: Duration?
        package var approval: Located<String>?
        /// The document's part for it is wrong and has been reported; lint says no more about its inside.
        package var isMalformed: Bool

        /// `with`, templates as their text.
        package var arguments: [String: JSON] {
            Dictionary(with.map { ($0.name.value, $0.value.json) }, uniquingKeysWith: { first, _ in first })
        }

        /// The texts of `when`, for diagnostics.
        var conditionSource: LocatedValue?
    }

    package var location: SourceLocation
    package var name: Located<String>
    package var version: Located<SemanticVersion>
    package var summary: String
    package var inputs: [InputDeclaration]
    package var locks: [TemplateValue]
    package var measures: [Measure]
    package var steps: [Step]
    package var finally: [Step]

    /// `steps`, then `finally`.
    package var allSteps: [Step] { steps + finally }

    package static func parse(_ bytes: [UInt8], file: String) -> Parsed<Runbook> {
        parseDocument(bytes, file: file, shape: shape, named: "A runbook") { Runbook($0, into: &$1) }
    }
}
