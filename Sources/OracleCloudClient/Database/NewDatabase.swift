// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// A database to be made with its master key in Azure (`CreateNewDatabaseDetails`).
package struct NewDatabase: Hashable, Sendable {
    package var home: OracleID
    package var name: String
    package var uniqueName: String?
    /// Its first pluggable database; without one the service makes none.
    package var pluggableDatabase: String?
    /// OCID of the registered key.
    package var key: OracleID
    package var characterSet: String?
    package var tags: [String: String] = [:]

    package init(
        home: OracleID, name: String, uniqueName: String? = nil, pluggableDatabase: String? = nil, key: OracleID,
        characterSet: String? = nil
    ) {
        self.home = home
        self.name = name
        self.uniqueName = uniqueName
        self.pluggableDatabase = pluggableDatabase
        self.key = key
        self.characterSet = characterSet
    }

    func body(password: String) -> JSON {
        var database: [String: JSON] = [
            "dbName": .string(name), "adminPassword": .string(password),
            "encryptionKeyLocationDetails": keyLocation(key),
        ]
        database["dbUniqueName"] = uniqueName.map { .string($0) }
        database["pdbName"] = pluggableDatabase.map { .string($0) }
        database["freeformTags"] = freeformTags(tags)
        database["characterSet"] = characterSet.map { .string($0) }
        return ["source": "NONE", "dbHomeId": .string(home.text), "database": .object(database)]
    }
}

/// A standby to be made of a database whose master key is in Azure (`CreateStandByDatabaseDetails`).
package struct NewStandby: Hashable, Sendable {
    /// On the standby's cluster; its region is where the request goes.
    package var home: OracleID
    package var source: OracleID
    package var uniqueName: String
    package var key: OracleID
    /// `MAXIMUM_AVAILABILITY`, `MAXIMUM_PERFORMANCE` or `MAXIMUM_PROTECTION`.
    package var protectionMode: String
    /// `SYNC`, `ASYNC` or `FASTSYNC`; each protection mode takes certain ones.
    package var transport: String
    /// It is open for reading while it applies, which takes a licence of its own.
    package var isActive: Bool

    package init(
        home: OracleID, source: OracleID, uniqueName: String, key: OracleID, protectionMode: String, transport: String,
        isActive: Bool
    ) {
        self.home = home
        self.source = source
        self.uniqueName = uniqueName
        self.key = key
        self.protectionMode = protectionMode
        self.transport = transport
        self.isActive = isActive
    }

    /// The wallet's password is demanded though the key is not in a wallet.
    func body(password: String, walletPassword: String) -> JSON {
        [
            "source": "DATAGUARD", "dbHomeId": .string(home.text),
            "database": [
                "sourceDatabaseId": .string(source.text), "databaseAdminPassword": .string(password),
                "sourceTdeWalletPassword": .string(walletPassword), "dbUniqueName": .string(uniqueName),
                "sourceEncryptionKeyLocationDetails": keyLocation(key), "protectionMode": .string(protectionMode),
                "transportType": .string(transport), "isActiveDataGuardEnabled": .bool(isActive),
            ],
        ]
    }
}

func keyLocation(_ key: OracleID) -> JSON {
    ["providerType": "AZURE", "azureEncryptionKeyId": .string(key.text)]
}
