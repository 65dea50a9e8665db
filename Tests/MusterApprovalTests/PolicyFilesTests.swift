// SPDX-License-Identifier: Apache-2.0

import MusterApproval
import MusterModel
import Testing

struct PolicyFilesTests {
    @Test func `a policy's digest is what two commands of any system make`() {
        let files = PolicyFiles(
            configuration: Array("catalog: lab\n".utf8), signers: Array("anu ssh-ed25519 AAAA\n".utf8))
        let without = PolicyFiles(configuration: files.configuration, signers: nil)
        let listing =
            "\(Digest(of: files.configuration).hex)  muster.yaml\n\(Digest(of: files.signers ?? []).hex)  policy/allowed-signers\n"
        #expect(files.digest == Digest(of: listing.utf8))
        #expect(without.digest != files.digest)
    }
}
