// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// The JSON of Microsoft.Sql's resources, in the shape and casing of recorded answers.
extension AzureWorld {
    func json(_ server: SQLServer) -> JSON {
        var members: [String: JSON] = [
            "kind": "v12.0", "location": .string(server.location), "id": .string(serverID(server)),
            "name": .string(server.name),
            "type": "Microsoft.Sql/servers",
            "properties": [
                "administratorLogin": "drilladmin", "version": "12.0", "state": .string(server.state),
                "fullyQualifiedDomainName": .string("\(server.name.lowercased()).database.windows.net"),
                "privateEndpointConnections": [], "minimalTlsVersion": "1.2", "publicNetworkAccess": "Enabled",
                "restrictOutboundNetworkAccess": "Disabled", "externalGovernanceStatus": "Disabled",
            ],
        ]
        if let principal = server.principal {
            members["identity"] = [
                "type": "SystemAssigned", "principalId": .string(principal), "tenantId": .string(state.tenant),
            ]
        }
        return .object(members)
    }

    func json(_ key: ServerKey, of server: SQLServer) -> JSON {
        [
            "kind": "azurekeyvault", "location": .string(displayName(server.location)), "name": .string(key.name),
            "id": .string("\(serverID(server))/keys/\(key.name)"), "type": "Microsoft.Sql/servers/keys",
            "properties": [
                "serverKeyType": "AzureKeyVault", "uri": .string(key.reference.uri),
                "thumbprint": .string(key.thumbprint),
                "creationDate": .string(key.created.description),
                "autoRotationEnabled": .bool(server.autoRotation && server.protector == CaselessName(key.name)),
            ],
        ]
    }

    func serviceManagedKey(_ server: SQLServer) -> JSON {
        [
            "kind": "servicemanaged", "name": "ServiceManaged",
            "id": .string("\(serverID(server))/keys/ServiceManaged"),
            "type": "Microsoft.Sql/servers/keys",
            "properties": ["serverKeyType": "ServiceManaged", "autoRotationEnabled": false],
        ]
    }

    /// Without `thumbprint`, as recorded: only the server key holds it.
    func protectorJSON(_ server: SQLServer) -> JSON {
        let key = server.protectorKey
        var properties: [String: JSON] = [
            "serverKeyName": .string(key?.name ?? "ServiceManaged"),
            "serverKeyType": key == nil ? "ServiceManaged" : "AzureKeyVault",
            "autoRotationEnabled": .bool(server.autoRotation),
        ]
        if let key { properties["uri"] = .string(key.reference.uri) }
        return [
            "kind": key == nil ? "servicemanaged" : "azurekeyvault", "name": "current",
            "id": .string("\(serverID(server))/encryptionProtector/current"),
            "type": "Microsoft.Sql/servers/encryptionProtector", "properties": .object(properties),
        ]
    }

    func json(_ group: FailoverGroup, seenFrom name: CaselessName) -> JSON {
        guard let server = state.servers[name], let partner = group.partner(of: name).flatMap({ state.servers[$0] }),
            let secondary = state.servers[group.secondary]
        else { return .null }
        let isPrimary = name == group.primary
        var readWrite: [String: JSON] = ["failoverPolicy": group.automatic ? "Automatic" : "Manual"]
        if group.automatic, let minutes = group.gracePeriodMinutes {
            readWrite["failoverWithDataLossGracePeriodMinutes"] = .int(minutes)
        }
        let databases = group.databases.compactMap { server.databases[$0] }
        return [
            "location": .string(displayName(server.location)), "name": .string(group.name),
            "id": .string("\(serverID(server))/failoverGroups/\(group.name)"),
            "type": "Microsoft.Sql/servers/failoverGroups",
            "properties": [
                "readWriteEndpoint": .object(readWrite),
                "readOnlyEndpoint": ["failoverPolicy": "Disabled", "targetServer": .string(serverID(secondary))],
                "replicationRole": isPrimary ? "Primary" : "Secondary",
                "replicationState": .string(group.replicationState),
                "partnerServers": [
                    [
                        "id": .string(serverID(partner)), "location": .string(displayName(partner.location)),
                        "replicationRole": isPrimary ? "Secondary" : "Primary",
                    ]
                ],
                "databases": .array(databases.map { .string("\(serverID(server))/databases/\($0.name)") }),
            ],
        ]
    }

    func json(_ database: Database, of server: SQLServer, at now: Timestamp) -> JSON {
        let sku: JSON = ["name": "GP_Gen5", "tier": "GeneralPurpose", "family": "Gen5", "capacity": 2]
        return [
            "sku": sku, "kind": "v12.0,user,vcore", "location": .string(server.location),
            "name": .string(database.name),
            "id": .string("\(serverID(server))/databases/\(database.name)"), "type": "Microsoft.Sql/servers/databases",
            "properties": [
                "collation": "SQL_Latin1_General_CP1_CI_AS", "maxSizeBytes": 34_359_738_368,
                "status": isInaccessible(server, at: now) ? "Inaccessible" : "Online",
                "databaseId": .string(database.id), "creationDate": .string(database.created.description),
                "currentServiceObjectiveName": "GP_Gen5_2", "requestedServiceObjectiveName": "GP_Gen5_2",
                "catalogCollation": "SQL_Latin1_General_CP1_CI_AS", "zoneRedundant": false,
                "licenseType": "LicenseIncluded",
                "readScale": "Disabled", "currentSku": sku, "currentBackupStorageRedundancy": "Geo",
                "requestedBackupStorageRedundancy": "Geo", "isLedgerOn": false, "isInfraEncryptionEnabled": false,
            ],
        ]
    }

    func encryption(_ database: Database, _ server: SQLServer) -> JSON {
        [
            "properties": ["state": "Enabled"], "name": "Current",
            "id": .string("\(serverID(server))/databases/\(database.name)/transparentDataEncryption/Current"),
            "type": "Microsoft.Sql/servers/databases/transparentDataEncryption",
        ]
    }

    /// One link for each failover group that the database is in.
    func links(of database: Database, on server: SQLServer) -> [JSON] {
        let name = CaselessName(server.name)
        return failoverGroups(of: server).compactMap { group in
            guard group.databases.contains(CaselessName(database.name)),
                let partner = group.partner(of: name).flatMap({ state.servers[$0] })
            else { return nil }
            let isPrimary = name == group.primary
            let link = DerivedID.guid("link", group.name, database.name)
            let partnerDatabase = "\(serverID(partner))/databases/\(database.name)"
            return [
                "id": .string("\(serverID(server))/databases/\(database.name)/replicationLinks/\(link)"),
                "name": .string(link),
                "type": "Microsoft.Sql/servers/databases/replicationLinks",
                "properties": [
                    "partnerServer": .string(partner.name), "partnerDatabase": .string(database.name),
                    "partnerDatabaseId": .string(partnerDatabase),
                    "partnerLocation": .string(displayName(partner.location)),
                    "role": isPrimary ? "Primary" : "Secondary", "partnerRole": isPrimary ? "Secondary" : "Primary",
                    "replicationMode": "ASYNC", "startTime": .string(database.created.description),
                    "percentComplete": 100,
                    "replicationState": .string(group.replicationState), "isTerminationAllowed": true,
                    "linkType": "GEO",
                ],
            ]
        }
    }

    func json(_ operation: Operation, of server: SQLServer) -> JSON {
        var properties: [String: JSON] = [
            "operation": .string(operation.serviceName), "operationFriendlyName": .string(operation.serviceName),
            "percentComplete": operation.status == .running ? 0 : 100, "serverName": .string(server.name),
            "startTime": .string(operation.started.description), "state": .string(operation.status.rawValue),
            "isCancellable": false,
        ]
        if let error = operation.error {
            properties["errorDescription"] = .string("\(error.code): \(error.message)")
            properties["isUserError"] = .bool(error.status < 500)
        }
        return [
            "id": .string("\(serverID(server))/operations/\(operation.id)"), "name": .string(operation.id),
            "type": "Microsoft.Sql/servers/operations", "properties": .object(properties),
        ]
    }

    /// `eastus` as the portal writes it. Names that are not listed stay as they are.
    func displayName(_ location: String) -> String { regionNames[location] ?? location }
}

private let regionNames = [
    "eastus": "East US", "eastus2": "East US 2", "westus": "West US", "westus2": "West US 2", "westus3": "West US 3",
    "centralus": "Central US", "northcentralus": "North Central US", "southcentralus": "South Central US",
    "northeurope": "North Europe", "westeurope": "West Europe", "uksouth": "UK South", "ukwest": "UK West",
    "germanywestcentral": "Germany West Central", "francecentral": "France Central", "swedencentral": "Sweden Central",
    "centralindia": "Central India", "southindia": "South India", "southeastasia": "Southeast Asia",
    "eastasia": "East Asia",
    "japaneast": "Japan East", "japanwest": "Japan West", "australiaeast": "Australia East",
]
