// SPDX-License-Identifier: Apache-2.0

package import AzureClient
internal import CloudHTTP
package import CloudSteps
package import MusterModel

/// The keys that databases use, as their vault shows them.
package struct KeyShelf: Sendable {
    package struct Entry: Sendable {
        package var name: String
        /// Nil inside when there is no key of that name.
        package var key: Result<VaultKey?, AzureError>
        package var versions: Result<[VaultKeyVersion], AzureError>
        /// Nil inside where keys of this kind have no policy.
        package var policy: Result<KeyRotationPolicy?, AzureError>
    }

    /// For evidence.
    package struct Line: Hashable, Sendable, Codable {
        package var name: String
        package var type: String?
        package var isEnabled: Bool?
        package var versions: [String]
    }

    package var holder: String
    /// As the databases use them: a name may stand twice.
    package var names: [String]
    package var entries: [Entry]
    package var now: Timestamp

    package static func read(
        _ names: [String], in holder: KeyHolder, _ session: AzureSession
    ) async throws -> KeyShelf {
        var entries: [Entry] = []
        for name in Set(names.map { $0.lowercased() }).sorted() {
            entries.append(try await entry(name, holder, session))
        }
        return KeyShelf(holder: holder.id.name, names: names, entries: entries, now: session.time.now)
    }

    private static func entry(_ name: String, _ holder: KeyHolder, _ session: AzureSession) async throws -> Entry {
        let azure = session.azure
        let home = try await attempt { () throws(AzureError) -> KeyHome in
            guard isKeyName(name) else {
                throw AzureError(code: "azure.answer", "\"\(name)\" is not the name of a key.")
            }
            guard let uri = try holder.facts.get()?.uri else {
                throw AzureError(code: "azure.answer", "\(holder.id.name) is not there, or does not tell its address.")
            }
            return try azure.keyVault.home(uri)
        }
        let key = try await attempt { () throws(AzureError) in try await azure.keyVault.key(name, in: home.get()) }
        let versions = try await attempt { () throws(AzureError) in
            try await azure.keyVault.versions(of: name, in: home.get())
        }
        let policy = try await attempt { () throws(AzureError) -> KeyRotationPolicy? in
            try await azure.keyVault.rotationPolicy(of: name, in: home.get())
        }
        return Entry(name: name, key: key, versions: versions, policy: policy)
    }

    package var list: [Line] {
        entries.map { entry in
            let key = try? entry.key.get()  // What could not be read is told by the findings.
            return Line(
                name: entry.name, type: key?.key.kty, isEnabled: key?.attributes.enabled,
                versions: versions(of: entry).map(\.version))
        }
    }

    private func versions(of entry: Entry) -> [(version: String, attributes: VaultKey.Attributes)] {
        guard case .success(let versions) = entry.versions else { return [] }
        return versions.map { (String($0.kid.split(separator: "/").last ?? ""), $0.attributes) }
    }

    /// Every version as KEY/VERSION.
    package var versions: [String] {
        entries.flatMap { entry in versions(of: entry).map { "\(entry.name)/\($0.version)" } }
    }

    private func all(_ look: (Entry) -> Finding) -> Finding {
        Finding.all(entries.map(look), none: "No key is named, so none is looked at.")
    }

    package var areUsable: Finding {
        all { entry in
            entry.key.finding { key in
                guard let key else { return .unmet("There is no key \(entry.name) in \(holder).") }
                let faults = faults(of: key)
                return faults.isEmpty
                    ? .met("\(entry.name) is \(key.key.kty) and enabled.")
                    : .unmet("\(entry.name) cannot be used: \(faults.joined(separator: ", ")).")
            }
        }
    }

    private func faults(of key: VaultKey) -> [String] {
        let seconds = now.milliseconds / 1000
        var faults: [String] = []
        if key.attributes.enabled != true { faults.append("it is disabled") }
        if let start = key.attributes.nbf, start > seconds { faults.append("it is not valid yet") }
        if let end = key.attributes.exp, end <= seconds { faults.append("it has expired") }
        if !["RSA", "RSA-HSM", "oct-HSM"].contains(key.key.kty) { faults.append("it is \(key.key.kty)") }
        return faults
    }

    /// A premium vault keeps keys of both kinds: what counts is the key's own. Those of a Managed HSM are never elsewhere.
    package func areInHardware(_ isProduction: Bool) -> Finding {
        all { entry in
            entry.key.finding { key in
                guard let kind = key?.key.kty else { return .unmet("There is no key \(entry.name) in \(holder).") }
                if kind.hasSuffix("-HSM") { return .met("\(entry.name) is \(kind), held by hardware.") }
                return isProduction
                    ? .unmet(
                        "\(entry.name) is \(kind), held by software whatever the vault's tier; production's is RSA-HSM."
                    )
                    : .met("\(entry.name) is \(kind), held by software, which is enough outside production.")
            }
        }
    }

    package var areDedicated: Finding {
        var seen: Set<String> = []
        let twice = names.filter { !seen.insert($0.lowercased()).inserted }
        return twice.isEmpty
            ? .met(
                "Each of the \(names.count) keys is named for one database; which database has which is not asked here."
            )
            : .unmet("Named for more than one database: \(twice.joined(separator: ", ")).")
    }

    package var areNotRotated: Finding {
        all { entry in
            entry.policy.finding { policy in
                policy?.rotates ?? false
                    ? .unmet("\(holder) rotates \(entry.name) by itself; its database would not follow.")
                    : .met("\(holder) does not rotate \(entry.name).")
            }
        }
    }

    /// - Parameter expected: versions as KEY/VERSION that must still be there.
    package func keepVersions(_ expected: [String]) -> Finding {
        let kept = all { entry in
            entry.versions.finding { _ in
                let all = versions(of: entry)
                let ending = all.filter { $0.attributes.exp != nil }.map(\.version)
                let disabled = all.filter { $0.attributes.enabled == false }.map(\.version)
                return .all(
                    [
                        ending.isEmpty
                            ? .met("\(all.count) versions of \(entry.name) are there, none with an end.")
                            : .unmet("Versions of \(entry.name) come to an end: \(ending.joined(separator: ", "))."),
                        disabled.isEmpty
                            ? .met("All are enabled.")
                            : .unmet("Versions of \(entry.name) are disabled: \(disabled.joined(separator: ", "))."),
                    ], none: "")
            }
        }
        guard case .met = kept else { return kept }
        let there = Set(versions.map { $0.lowercased() })
        let lost = expected.filter { !there.contains($0.lowercased()) }
        guard !expected.isEmpty else {
            return .met("\(kept.text) No versions were named that were there before, so none were compared.")
        }
        return lost.isEmpty
            ? kept : .unmet("These versions were there before and are gone: \(lost.joined(separator: ", ")).")
    }
}
