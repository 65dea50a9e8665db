// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// What a look at a signature found.
package enum SignatureVerdict: Hashable, Sendable {
    case good
    /// Why it does not hold, in a few words.
    case bad(String)
}

/// Makes and checks SSH signatures. The one way to them: nothing else of Muster knows what makes them.
package protocol SignatureTool {
    /// Signs the bytes with a key file, or with the agent that holds the key of which the file is the public half.
    ///
    /// - Returns: the signature in its armour.
    /// - Throws: `signing.failed`.
    func sign(_ bytes: [UInt8], key: String, namespace: String) throws(MusterError) -> String

    /// The public key as allowed signers write it: type and base64.
    ///
    /// - Throws: `signing.no-key`.
    func publicKey(of key: String) throws(MusterError) -> (type: String, base64: String)

    /// Whether the signature over the bytes is the person's, for this purpose, by a key that was valid at the moment.
    ///
    /// - Parameter signers: a file in the format of ALLOWED SIGNERS.
    /// - Throws: `signing.no-verdict` when nobody could tell, `signing.unavailable` where none can be told here; that is no verdict.
    func verdict(
        on signature: String, over bytes: [UInt8], person: String, signers: [UInt8], namespace: String, at: Timestamp
    ) throws(MusterError) -> SignatureVerdict

    /// Why the signature is none over these bytes for this purpose, whoever made it; nil when it is one.
    ///
    /// - Throws: `signing.no-verdict`, `signing.unavailable`.
    func mismatch(_ signature: String, over bytes: [UInt8], namespace: String) throws(MusterError) -> String?
}
