// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP

/// Where Microsoft Graph is, and how it names objects.
package struct GraphEndpoint: Hashable, Sendable {
    package var base: WebAddress
    /// Of references to objects, which hold the cloud's own host, whatever way leads to it.
    package var objects: String
    package var scope: String

    /// Nil for a custom cloud that does not tell.
    init?(cloud: Cloud?, endpoints: SectionReader) throws(AzureError) {
        let own = try endpoints.optional("graph")
        guard let text = own ?? cloud?.graph else { return nil }
        base = try endpoints.address("graph", text)
        objects = cloud?.graph ?? base.origin
        scope = "\(objects)/.default"
    }
}
