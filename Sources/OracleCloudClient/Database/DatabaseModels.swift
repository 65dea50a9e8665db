// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// A database as the Database service describes it (API 20160918, `Database`). States and roles are open lists: a value
/// that is not known is kept as text.
package struct OracleDatabase: Hashable, Sendable, Codable {
    package var id: OracleID
    package var dbName: String
    package var dbUniqueName: String
    /// `AVAILABLE`, `UPDATING`, `FAILED` and others.
    package var lifecycleState: String
    package var lifecycleDetails: String?
    package var timeCreated: String?
    package var vmClusterId: String?
    package var compartmentId: String?
    package var dbHomeId: String?
    /// Nil when its keys are in Oracle's own wallet, or in a service of Oracle's.
    package var encryptionKeyLocationDetails: KeyLocation?
    /// OCID of its key in OCI Vault, where it is there.
    package var kmsKeyId: String?
    /// OCID of that OCI Vault.
    package var vaultId: String?
    /// OCID of its Oracle Key Vault, where its keys are there.
    package var keyStoreId: String?
    package var connectionStrings: ConnectionStrings?
    /// Nil when it has no standby, or one of the older association model.
    package var dataGuardGroup: DataGuardGroup?
    package var freeformTags: [String: String]?

    package var region: String? { id.region?.name }

    /// For people: the unique name and where it runs.
    package var label: String { region.map { "\(dbUniqueName) (\($0))" } ?? dbUniqueName }
}

/// Where a database's master key is kept (`EncryptionKeyLocationDetails`).
package struct KeyLocation: Hashable, Sendable, Codable {
    /// `AZURE`, `EXTERNAL`, `GCP` or `AWS`.
    package var providerType: String
    /// Of the key's registration with Oracle, not the key's own address in Azure.
    package var azureEncryptionKeyId: OracleID?
}

/// How clients reach it, as `host:port/service`.
package struct ConnectionStrings: Hashable, Sendable, Codable {
    package var cdbDefault: String?
    package var pdbDefault: String?
}

package struct DataGuardGroup: Hashable, Sendable, Codable {
    package var members: [DataGuardMember]?
    /// `MAXIMUM_AVAILABILITY`, `MAXIMUM_PERFORMANCE` or `MAXIMUM_PROTECTION`.
    package var protectionMode: String?
}

/// One database of a group, itself included.
package struct DataGuardMember: Hashable, Sendable, Codable {
    package var databaseId: OracleID
    package var role: String
    /// Text such as `1 second`; see ``lag(_:)``.
    package var applyLag: String?
    package var transportLag: String?
    package var transportType: String?
    package var switchoverReadiness: String?
    package var switchoverReadinessMessage: String?
    package var failoverReadiness: String?
    package var failoverReadinessMessage: String?
    /// What a failover now would lose, in the provider's words.
    package var dataLossExposure: String?
    /// When these values were last read from the database.
    package var timeUpdated: String?
}

/// The roles that the service knows.
package enum DataGuardRole {
    package static let primary = "PRIMARY"
    package static let standby = "STANDBY"
    /// A former primary after a failover: it takes no part until it is reinstated.
    package static let disabledStandby = "DISABLED_STANDBY"
    package static let snapshotStandby = "SNAPSHOT_STANDBY"
}

/// What was read, with the `etag` by which a change can demand that it is still so.
package struct Tagged<Value: Sendable>: Sendable {
    package var value: Value
    package var etag: String?

    package init(value: Value, etag: String?) {
        self.value = value
        self.etag = etag
    }
}

/// Reads a lag as the service words it: `0 seconds`, `1 minute 5 seconds`, `+00 00:00:03`, `3.5 s`.
///
/// - Returns: nil for anything else, nothing at all included: an unknown lag is not a lag of zero.
package func lag(_ text: String?) -> Duration? {
    guard let words = text?.lowercased().split(whereSeparator: { $0 == " " || $0 == "," }), !words.isEmpty else {
        return nil
    }
    return intervalLag(words) ?? wordedLag(words)
}

/// `+DD HH:MI:SS`, as the view `v$dataguard_stats` writes it.
private func intervalLag(_ words: [Substring]) -> Duration? {
    guard words.count == 2, words[0].hasPrefix("+"), let days = Int64(words[0].dropFirst()) else { return nil }
    let clock = words[1].split(separator: ":", omittingEmptySubsequences: false).map { Int64($0.prefix { $0 != "." }) }
    guard clock.count == 3, days >= 0, let hours = clock[0], let minutes = clock[1], let seconds = clock[2] else {
        return nil
    }
    return .seconds(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
}

private func wordedLag(_ words: [Substring]) -> Duration? {
    let units: [(name: String, milliseconds: Double)] = [
        ("ms", 1), ("millisecond", 1), ("s", 1000), ("sec", 1000), ("second", 1000), ("min", 60_000),
        ("minute", 60_000),
        ("h", 3_600_000), ("hour", 3_600_000), ("day", 86_400_000),
    ]
    guard words.count.isMultiple(of: 2) else { return nil }
    var sum = 0.0
    for at in stride(from: 0, to: words.count, by: 2) {
        let name = words[at + 1].hasSuffix("s") && words[at + 1].count > 2 ? words[at + 1].dropLast() : words[at + 1]
        guard let amount = Double(words[at]), amount >= 0, amount.isFinite, amount < 1e9,
            let unit = units.first(where: { $0.name == name || $0.name == words[at + 1] })
        else { return nil }
        sum += amount * unit.milliseconds
    }
    return .milliseconds(Int64(sum.rounded(.up)))
}
