// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// A token that is handed to somebody else, who acts with it in the place of this machine. It is a secret: it has no text
/// form, and whoever takes its value puts it into one request's body.
package struct HandedToken: Sendable, CustomStringConvertible {
    package let value: String
    package let expiresAt: Timestamp

    package var description: String { "a token until \(expiresAt)" }
}

extension AzureCalls {
    /// A token for Resource Manager, asked for now.
    package func managementToken() async throws(AzureError) -> HandedToken {
        let token = try await sender.tokens.newToken(
            for: connection.resourceManagerScope, context: sender.context)
        return HandedToken(value: token.text, expiresAt: token.expiresAt)
    }
}
