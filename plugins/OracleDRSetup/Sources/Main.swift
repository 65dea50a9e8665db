// SPDX-License-Identifier: Apache-2.0

internal import MusterPlugin

@main
struct Main {
    static func main() async {
        await PluginMain.run(
            "oracle-dr-setup",
            [
                AddGroupMembers.self,
                AssociateVault.self,
                AuditVerdict.self,
                CreateDatabase.self,
                EnableKeyStore.self,
                GrantKeyVaultRoles.self,
                GrantManagedHSMRoles.self,
                InputsFit.self,
                KeyAccessEvents.self,
                KeyUsable.self,
                KeyVaultAudit.self,
                MakeConnector.self,
                MigrateDatabaseKey.self,
                Prerequisites.self,
                RegisterVault.self,
                ResetNode.self,
                RotateKey.self,
                SetUpKey.self,
                SetUpKeyVault.self,
                SetUpManagedHSM.self,
                SetUpSecurityGroup.self,
                Surroundings.self,
                VaultPrivateLink.self,
                VerifyDatabaseKey.self,
            ])
    }
}
