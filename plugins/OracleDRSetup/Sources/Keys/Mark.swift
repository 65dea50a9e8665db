// SPDX-License-Identifier: Apache-2.0

internal import AzureSteps
internal import CloudHTTP
internal import MusterPlugin

/// By which something that a step made is known again as its own, though the answer to its request was lost. It stands
/// in a tag, or in the description of what has no tags.
struct Mark: Hashable, Codable, Sendable {
    static let tag = "muster-step"

    let text: String

    /// The same over all attempts of the step.
    init(_ context: StepContext) { text = RequestID.derived(from: context.idempotencyKey) }

    var tags: [String: String] { [Self.tag: text] }

    func isIn(_ tags: [String: String]?) -> Bool { tags?[Self.tag] == text }

    func isIn(description: String?) -> Bool { description?.contains(text) ?? false }

    init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// Makes changes one after the other. What fails at the first has changed nothing; what fails at a later one leaves the
/// whole in doubt, and a look decides what is left to do.
func each<Item>(_ items: [Item], isFirst: Bool = true, _ change: (Item) async throws -> Void) async throws {
    for (index, item) in items.enumerated() {
        if isFirst, index == 0 {
            try await change(item)
        } else {
            try await afterEffect { try await change(item) }
        }
    }
}

/// How something came to be there, which decides what an undo does with it.
enum Origin: String, Hashable, Codable, Sendable {
    /// Made by this step, and marked by it.
    case created
    /// It lay deleted and was brought back, which leaves no mark.
    case recovered
}
