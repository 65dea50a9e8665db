// SPDX-License-Identifier: Apache-2.0

// Members as in Microsoft.Sql 2023-08-01; only what is used. Unknown members are ignored, and absent ones are nil.

package struct SQLServer: Hashable, Sendable, Decodable {
    package struct Identity: Hashable, Sendable, Decodable {
        package struct User: Hashable, Sendable, Decodable {
            package var principalId: String?
            package var clientId: String?
        }
        package var type: String?
        package var principalId: String?
        package var userAssignedIdentities: [String: User]?
    }
    package struct Properties: Hashable, Sendable, Decodable {
        package var state: String?
        package var fullyQualifiedDomainName: String?
        package var primaryUserAssignedIdentityId: String?
    }
    package var id: ResourceID
    package var name: String
    package var location: String?
    package var identity: Identity?
    package var properties: Properties

    /// Object id of the identity with which the server reaches its vault: the primary user-assigned one where there is
    /// one, else the system's. Nil when none is assigned.
    package var vaultPrincipal: String? {
        guard let primary = properties.primaryUserAssignedIdentityId.flatMap({ ResourceID($0) }) else {
            return identity?.principalId
        }
        return identity?.userAssignedIdentities?.first { ResourceID($0.key) == primary }?.value.principalId
    }
}

/// A key that a server knows. One named `ServiceManaged` is always among them.
package struct SQLServerKey: Hashable, Sendable, Decodable {
    package struct Properties: Hashable, Sendable, Decodable {
        package var serverKeyType: String
        package var uri: String?
        package var thumbprint: String?
        package var creationDate: String?
        package var autoRotationEnabled: Bool?
    }
    package var name: String
    package var properties: Properties
}

/// A key that is registered now, and whose doing that is.
package struct SQLKeyRegistration: Hashable, Sendable {
    package enum Origin: Hashable, Sendable {
        /// This request's own operation registered it.
        case ours
        /// The service knew it already.
        case earlier
    }
    package var key: SQLServerKey
    package var origin: Origin
}

/// The key that protects a server's database encryption keys. The service does not answer its thumbprint here: read it
/// from the server key of that name.
package struct SQLEncryptionProtector: Hashable, Sendable, Decodable {
    package struct Properties: Hashable, Sendable, Decodable {
        package var serverKeyType: String
        package var serverKeyName: String?
        package var uri: String?
        package var autoRotationEnabled: Bool?
    }
    package var properties: Properties

    package var keyName: String { properties.serverKeyName ?? "ServiceManaged" }
}

package struct SQLFailoverGroup: Hashable, Sendable, Decodable {
    package struct Partner: Hashable, Sendable, Decodable {
        package var id: ResourceID
        package var location: String?
        package var replicationRole: String?
    }
    package struct Properties: Hashable, Sendable, Decodable {
        /// Of the server that was asked: `Primary` or `Secondary`.
        package var replicationRole: String?
        /// A free text; `CATCH_UP` is the healthy one.
        package var replicationState: String?
        package var partnerServers: [Partner]
        package var databases: [String]?
    }
    package var id: ResourceID
    package var name: String
    package var properties: Properties
}

package struct SQLReplicationLink: Hashable, Sendable, Decodable {
    package struct Properties: Hashable, Sendable, Decodable {
        package var partnerServer: String?
        package var partnerDatabase: String?
        package var partnerLocation: String?
        package var role: String?
        package var partnerRole: String?
        package var replicationState: String?
        package var percentComplete: Double?
        package var linkType: String?
    }
    package var id: ResourceID
    package var name: String
    package var properties: Properties
}

package struct SQLDatabase: Hashable, Sendable, Decodable {
    package struct Properties: Hashable, Sendable, Decodable {
        package var status: String?
    }
    package var id: ResourceID
    package var name: String
    package var properties: Properties?
}

package struct SQLTransparentDataEncryption: Hashable, Sendable, Decodable {
    package struct Properties: Hashable, Sendable, Decodable { package var state: String }
    package var properties: Properties
}

/// Something the server is doing or did lately.
package struct SQLServerOperation: Hashable, Sendable, Decodable {
    package struct Properties: Hashable, Sendable, Decodable {
        package var operation: String?
        package var operationFriendlyName: String?
        package var state: String?
        package var startTime: String?
        package var errorCode: Int?
        package var errorDescription: String?
    }
    package var name: String
    package var properties: Properties

    package enum Progress: Hashable, Sendable {
        case running, ended
        /// No state, or one that is not known: it may be either.
        case unknown
    }

    /// States of the specification: Pending, InProgress, Succeeded, Failed, CancelInProgress, Cancelled.
    package var progress: Progress {
        switch properties.state?.lowercased() {
        case "pending", "inprogress", "cancelinprogress": .running
        case "succeeded", "failed", "cancelled", "canceled": .ended
        default: .unknown
        }
    }

    /// What it is called, for a sentence.
    package var label: String { properties.operation ?? name }
}
