// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// An error as Azure answers it: `{"error": {"code", "message"}}` with its HTTP status.
package struct AzureError: Error, Sendable, Hashable {
    package var status: Int
    package var code: String
    package var message: String
    /// Key Vault's second code, such as `ForbiddenByRbac`.
    package var innerCode: String?
    package var headers: [String: String] = [:]

    package init(
        _ status: Int, _ code: String, _ message: String, inner: String? = nil, headers: [String: String] = [:]
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.innerCode = inner
        self.headers = headers
    }

    /// `{"code", "message"}`, as it also stands inside a failed operation.
    package var json: JSON {
        var members: [String: JSON] = ["code": .string(code), "message": .string(message)]
        if let innerCode { members["innererror"] = ["code": .string(innerCode)] }
        return .object(members)
    }

    package var response: SimulatedResponse { SimulatedResponse(status, ["error": json], headers: headers) }
}

/// The errors of Microsoft.Sql that the rules below answer, with the service's own texts.
enum SQLError {
    static let invalidKeyName = AzureError(400, "InvalidKeyName", "An invalid value was given for the server key name.")
    static let invalidKeyRequest = AzureError(
        400, "InvalidKeyUpsertRequest", "The create server key request does not exist or has no properties object.")
    static let invalidKeyType = AzureError(400, "InvalidKeyType", "The create server key type is not supported.")
    static let serviceManagedKey = AzureError(
        400, "InvalidUpsertKeyType",
        "Service-managed TDE keys are managed by the service. Service-managed TDE keys don't support Create or Update by the user."
    )
    static let missingURI = AzureError(
        400, "SecurityAzureKeyVaultUrlNullOrEmpty",
        "The operation could not be completed because the Azure Key Vault Uri is null or empty.")
    static let malformedURI = AzureError(
        400, "AzureKeyVaultMalformedVaultUri", "The provided Key Vault uri is not valid.")
    static let invalidURI = AzureError(
        400, "AzureKeyVaultInvalidUri",
        "An invalid response from Azure Key Vault. Please use a valid Azure Key Vault URI.")
    static let recoveryLevel = AzureError(
        400, "SecurityInvalidAzureKeyVaultRecoveryLevel", "The provided Key Vault uri is not valid.")
    static let noServerIdentity = AzureError(
        400, "AzureKeyVaultNoServerIdentity", "The server identity is not correctly configured.")
    static let missingPermissions = AzureError(
        400, "AzureKeyVaultMissingPermissions",
        "The server is missing required permissions on the Azure Key Vault.")
    static let keyNotInVault = AzureError(
        409, "AzureKeyVaultKeyNameNotFound",
        "The operation could not be completed because the Azure Key Vault Key name does not exist.")
    static let keyDisabled = AzureError(
        400, "AzureKeyVaultKeyDisabled",
        "The operation could not be completed on the server because the Azure Key Vault key is disabled.")
    static let keyExpired = AzureError(
        400, "AzureKeyVaultInvalidExpirationDate",
        "The operation could not be completed because the Azure Key Vault key expiration date is invalid.")
    static let keyUnsupported = AzureError(
        400, "AzureKeyVaultRsaKeyNotSupported",
        "The provided key vault uses unsupported RSA Key Size or Key Type. The supported RSA key size is 2048 or 3072 and Key Type is RSA or RSA-HSM."
    )
    static let keyNameExists = AzureError(
        409, "ServerKeyNameAlreadyExists", "The server key already exists on the server.")
    static let keyInUse = AzureError(409, "AzureKeyVaultKeyInUse", "The key is currently being used by the server.")
    static let keyNotRegistered = AzureError(409, "ServerKeyDoesNotExists", "The server key does not exist.")
    static let keyNotFound = AzureError(
        404, "ServerKeyNotFound", "The requested server key was not found on the current subscription.")
    static let invalidProtectorName = AzureError(
        400, "InvalidEncryptionProtectorName", "The encryption protector key name is not supported.")
    static let busy = AzureError(
        409, "ConflictingServerOperation", "An operation is currently in progress for the server.")
    static let failoverGroupBusy = AzureError(
        409, "FailoverGroupBusy", "Failover Group is busy with another operation.")
    static let failoverOnPrimary = AzureError(
        400, "FailoverGroupFailoverRequestOnPrimary",
        "The failover request should be initiated on the secondary server of failover group.")
    static let plannedFailoverTimedOut = AzureError(
        400, "PlannedFailoverTimedOut",
        "User invoked planned failover, and it timed out while trying to contact the partner management service.")
    static let keyAccessLost = AzureError(
        400, "CMKOperationNotAllowed",
        "User tried to perform an operation on the server when the server did not have Azure Key Vault Access.")
    static let operationNotFound = AzureError(
        404, "OperationIdNotFound", "The operation with Id does not exist.")
    static let invalidParameter = AzureError(
        400, "InvalidParameterValue", "An invalid value was given to a parameter.")

    static func keyUsedOnGeoPrimary(_ keyName: String) -> AzureError {
        AzureError(
            400, "AzureKeyVaultKeyUsedOnGeoPrimary",
            "The operation could not be completed because the Azure Key Vault Key name \(keyName) is currently set as encryption protector on geo-primary."
        )
    }

    // The recorded text: https://github.com/hashicorp/terraform-provider-azurerm/issues/25906
    static func keyMaterialMissing(uri: String, on server: String) -> AzureError {
        AzureError(
            400, "SameKeyMaterialNotFoundOnRemoteServer",
            "All servers linked by Geo replication should have the same key material as the encryption protector of the primary server. Please add the key '\(uri)' with the same key material to the secondary server '\(server)'."
        )
    }

    static let keyMaterialMissingOnPrimary = AzureError(
        400, "KeyMaterialNotFoundOnRemoteServer",
        "Remote server does not have access to key material used as a TDE protector.")

    static let sameURIMissing = AzureError(
        400, "SameKeyUriNotFoundOnRemoteServer",
        "Secondary server does not have the key material from the same key vault as the primary server's encryption protector with key auto-rotation enabled."
    )
}

/// The errors of Azure Resource Manager itself.
enum ARMError {
    static func resourceNotFound(_ type: String, _ name: String, group: String) -> AzureError {
        AzureError(
            404, "ResourceNotFound",
            "The Resource '\(type)/\(name)' under resource group '\(group)' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        )
    }

    static func subscriptionNotFound(_ id: String) -> AzureError {
        AzureError(404, "SubscriptionNotFound", "The subscription '\(id)' could not be found.")
    }

    static func groupNotFound(_ name: String) -> AzureError {
        AzureError(404, "ResourceGroupNotFound", "Resource group '\(name)' could not be found.")
    }

    static func unknownPath(_ method: String, _ path: String) -> AzureError {
        AzureError(
            404, "InvalidResourceType",
            "The resource type could not be found for the request '\(method) \(path)'. The cloud simulator knows the operations that docs/guides/rehearse.md lists."
        )
    }

    static func authorizationFailed(client: String, object: String, action: String, scope: String) -> AzureError {
        AzureError(
            403, "AuthorizationFailed",
            "The client '\(client)' with object id '\(object)' does not have authorization to perform action '\(action)' over scope '\(scope)' or the scope is invalid. If access was recently granted, please refresh your credentials."
        )
    }

    static func invalidBody(_ reason: String) -> AzureError {
        AzureError(
            400, "InvalidRequestContent",
            "The request content was invalid and could not be deserialized: '\(reason)'.")
    }
}
