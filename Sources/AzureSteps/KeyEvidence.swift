// SPDX-License-Identifier: Apache-2.0

package import AzureClient
internal import MusterPlugin

extension SQLServerKey {
    package func knownThumbprint() throws -> String {
        guard let thumbprint = properties.thumbprint else {
            throw StepError.retryable(
                "azure.no-thumbprint", "The service does not tell the thumbprint of \(name).")
        }
        return thumbprint
    }
}

extension ServerView {
    /// For evidence: name, URI and thumbprint of each registered key.
    package struct KeyEntry: Codable, Hashable, Sendable {
        package var name: String
        package var uri: String?
        package var thumbprint: String?
    }

    package var keyList: [KeyEntry] {
        guard case .success(let keys) = keys else { return [] }
        return keys.map { KeyEntry(name: $0.name, uri: $0.properties.uri, thumbprint: $0.properties.thumbprint) }
    }
}

/// For evidence: which key protects a server.
package struct ProtectorEntry: Codable, Hashable, Sendable {
    package var server: String
    package var keyName: String?
    package var uri: String?
    package var thumbprint: String?
    package var autoRotation: Bool?

    package init(_ view: ServerView) {
        server = view.id.text
        guard case .success(let protector) = view.protector else { return }
        keyName = protector.keyName
        uri = protector.properties.uri
        autoRotation = protector.properties.autoRotationEnabled
        thumbprint = view.keyList.first { $0.name.lowercased() == protector.keyName.lowercased() }?.thumbprint
    }
}
