// SPDX-License-Identifier: Apache-2.0

package import AzureClient
internal import CloudHTTP
package import CloudSteps
internal import MusterModel

extension AzureSession {
    /// Whether a key can be used by whoever has any version of it: a rotation gives one container a new version, and the
    /// others, as well as data of before, go on with older ones.
    ///
    /// - Parameter vault: a vault or a Managed HSM; only its name and kind count.
    package func keyIsUsable(_ name: String, in vault: ResourceID) async throws -> Finding {
        let keys = azure.keyVault
        let host = azure.hostName(of: vault)
        let seconds = time.now.milliseconds / 1000
        let read = try await attempt { () throws(AzureError) in
            try await keys.versions(of: name, in: try keys.home("https://\(host)/"))
        }
        switch read {
        case .failure(let error) where error.isNotFound: return .unmet("There is no key \(name) in \(vault.name).")
        case .failure(let error):
            return .unverifiable("Whether the key \(name) of \(vault.name) is enabled could not be read: \(error)")
        case .success(let versions):
            guard !versions.isEmpty else { return .unmet("There is no key \(name) in \(vault.name).") }
            let faults = versions.compactMap { version in
                fault(version.attributes, seconds).map {
                    "the version \(version.kid.split(separator: "/").last ?? "") \($0)"
                }
            }
            return faults.isEmpty
                ? .met("\(name) of \(vault.name) is enabled in all \(versions.count) versions.")
                : .unmet("\(name) of \(vault.name) cannot be used: \(faults.joined(separator: ", ")).")
        }
    }

    private func fault(_ attributes: VaultKey.Attributes, _ now: Int64) -> String? {
        if attributes.enabled == false { return "is disabled" }
        if let start = attributes.nbf, start > now { return "is not valid yet" }
        if let end = attributes.exp, end <= now { return "has expired" }
        return nil
    }
}
