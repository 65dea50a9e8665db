// SPDX-License-Identifier: Apache-2.0

/// Vaults and Managed HSMs on the management plane, changes included. There is no purge: no step may do it.
extension KnownOperation {
    private static let provider = "microsoft.keyvault"
    private static let vaults = "Microsoft.KeyVault/vaults"
    private static let hsms = "Microsoft.KeyVault/managedHSMs"

    static let keyAdministration: [KnownOperation] = [
        .init("PUT", provider, "vaults/*", "Vaults_CreateOrUpdate", "\(vaults)/write"),
        .init("DELETE", provider, "vaults/*", "Vaults_Delete", "\(vaults)/delete"),
        .init("GET", provider, "managedhsms", "ManagedHsms_ListBySubscription", "\(hsms)/read", ofSubscription: true),
        .init("GET", provider, "managedhsms", "ManagedHsms_ListByResourceGroup", "\(hsms)/read"),
        .init("GET", provider, "managedhsms/*", "ManagedHsms_Get", "\(hsms)/read"),
        .init("PUT", provider, "managedhsms/*", "ManagedHsms_CreateOrUpdate", "\(hsms)/write"),
        .init("DELETE", provider, "managedhsms/*", "ManagedHsms_Delete", "\(hsms)/delete"),
        .init(
            "GET", provider, "deletedmanagedhsms", "ManagedHsms_ListDeleted",
            "Microsoft.KeyVault/deletedManagedHSMs/read",
            ofSubscription: true),
        .init(
            "GET", provider, "locations/deletedmanagedhsms/*", "ManagedHsms_GetDeleted",
            "Microsoft.KeyVault/locations/deletedManagedHSMs/read", ofSubscription: true),
        .init(
            "GET", provider, "locations/managedhsmoperationresults/*", "ManagedHsms_OperationResult",
            "Microsoft.KeyVault/locations/managedHsmOperationResults/read", ofSubscription: true),
    ]
}

extension AzureWorld {
    /// Of keys, local roles and groups, which are no operations of Resource Manager.
    static let keyChangeNames = [
        "GetKeyRotationPolicy", "CreateKey", "ImportKey", "UpdateKey", "DeleteKey", "RecoverDeletedKey",
        "LocalRoles_List", "LocalRoles_Get", "LocalRoles_Create", "LocalRoles_Delete", "groups_List", "groups_Create",
        "groups_Get", "groups_Delete", "groups_ListMembers", "groups_AddMember", "groups_RemoveMember",
    ]

    /// Operations that make and take away keys, their vaults, and who may use them.
    package static let keyAdministrationNames = KnownOperation.keyAdministration.map(\.operation) + keyChangeNames
}
