// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// Key material that was wrapped elsewhere for one vault's hardware ("bring your own key"), as the HSM's tool wrote it into
/// a file. It is encrypted, so it is no secret, and of use to that vault alone
/// (learn.microsoft.com/azure/key-vault/keys/byok-specification).
package struct KeyTransfer: Hashable, Sendable {
    private static let bytesMax = 64 << 10

    /// What the vault is sent, in base64url.
    let blob: String

    /// - Throws: ``AzureError`` `azure.transfer-file` for a file that can't be read, or holds no wrapped key.
    package init(file path: String) throws(AzureError) {
        let code = "azure.transfer-file"
        let bytes = try readFile(path, limit: Self.bytesMax, code: code)
        // Why it is no JSON is of no use to whoever gave the wrong file.
        guard let json = try? JSON.parse(bytes), json["ciphertext"]?.string != nil, json["header"]?["kid"] != nil else {
            throw AzureError(
                code: code, "\(path) holds no wrapped key: a .byok file is JSON with header and ciphertext.")
        }
        blob = Base64.encodeForURL(bytes)
    }
}
