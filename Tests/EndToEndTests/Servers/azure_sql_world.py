# SPDX-License-Identifier: Apache-2.0
"""What the server of `azure_sql.py` knows: two Azure SQL servers in a failover group, their vaults, and the rules.

Shapes and rules follow Microsoft's REST specifications (Microsoft.Sql 2023-08-01, Microsoft.KeyVault 2026-02-01, Key
Vault 7.5, Microsoft.Authorization 2022-04-01). Nothing here is shared with Muster's own simulator: the two were written
apart, so that a mistake in one is seen against the other.
"""
import hashlib
import uuid

CRYPTO_SERVICE_ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
TENANT = "11111111-1111-1111-1111-111111111111"
SUBSCRIPTION = "22222222-2222-2222-2222-222222222222"
GROUP = "harshitha_lab"
ROLES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/"
FAILOVER_GROUP = "tdefailovergroup"
DATABASE = "tdetest"
OLD_KEY = ("oldsharedvault", "shared", "0f0e0d0c0b0a09080706050403020100")
PRIMARY_KEY = ("testprimarysubham", "subham", "e0637ed7e3734f989b928101c79ca565")
SECONDARY_KEY = ("testanu2", "tey", "29497babb0cb4af58a773104a5dd61e5")
LOCATIONS = {"eastus": "East US", "westus": "West US"}


class Refusal(Exception):
    """An answer of the error kind: HTTP status, code and message, in the envelope of the service that was asked."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def not_found(kind, name):
    return Refusal(404, "ResourceNotFound", f"The Resource '{kind}/{name}' under resource group '{GROUP}' was not found.")


def server_key_name(key):
    """The name under which an Azure SQL server registers a key: vault, key and version, joined by `_`."""
    return "_".join(key)


class Server:
    def __init__(self, name, location, role):
        self.name, self.location, self.role = name, location, role
        self.principal = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        self.keys = {}  # registered Key Vault keys, by their name here
        self.protector = None
        self.auto_rotation = False

    @property
    def id(self):
        return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Sql/servers/{self.name}"

    def register(self, key, now):
        self.keys[server_key_name(key)] = {"key": key, "created": now}


class Operation:
    """A long-running operation: it ends after so many further requests of any kind, and its effect comes with its end."""

    def __init__(self, kind, family, server, ticks, effect, resource, now):
        self.id = str(uuid.uuid4())
        self.kind, self.family, self.server, self.ticks = kind, family, server, ticks
        self.effect, self.resource, self.started = effect, resource, now
        self.status, self.error = "InProgress", None

    def tick(self):
        if self.status != "InProgress":
            return
        self.ticks -= 1
        if self.ticks > 0:
            return
        try:
            self.effect()
            self.status = "Succeeded"
        except Refusal as refusal:
            self.status, self.error = "Failed", {"code": refusal.code, "message": refusal.message}


class World:
    """The state, and each operation of the specifications as one method. `vault_uri` makes a vault's base address."""

    def __init__(self, vault_uri, now, ticks):
        self.vault_uri, self.now, self.ticks = vault_uri, now, ticks
        self.primary = Server("tdeprimarytest", "eastus", "Primary")
        self.secondary = Server("tdesecondarytest", "westus", "Secondary")
        self.servers = {s.name: s for s in (self.primary, self.secondary)}
        self.vault_keys = {key: {"enabled": True, "size": 2048} for key in (OLD_KEY, PRIMARY_KEY, SECONDARY_KEY)}
        self.vaults = {key[0]: "eastus" if key[0] != SECONDARY_KEY[0] else "westus" for key in self.vault_keys}
        self.operations = {}
        for server in self.servers.values():
            server.register(OLD_KEY, now())
            server.protector = server_key_name(OLD_KEY)

    # Names and operations

    def server(self, name):
        if name.lower() not in self.servers:
            raise not_found("Microsoft.Sql/servers", name)
        return self.servers[name.lower()]

    def partner(self, server):
        return self.secondary if server is self.primary else self.primary

    def key_uri(self, key):
        return f"{self.vault_uri(key[0])}/keys/{key[1]}/{key[2]}"

    def begin(self, kind, family, server, effect, resource):
        if any(o.server is server and o.status == "InProgress" for o in self.operations.values()):
            raise Refusal(409, "ConflictingServerOperation", "An operation is currently in progress for the server.")
        operation = Operation(kind, family, server, self.ticks, effect, resource, self.now())
        self.operations[operation.id] = operation
        return operation

    # Servers

    def show_server(self, server):
        return {
            "identity": {"principalId": server.principal, "type": "SystemAssigned", "tenantId": TENANT},
            "kind": "v12.0", "location": server.location, "id": server.id, "name": server.name,
            "type": "Microsoft.Sql/servers",
            "properties": {
                "administratorLogin": "drill", "version": "12.0", "state": "Ready", "minimalTlsVersion": "1.2",
                "fullyQualifiedDomainName": f"{server.name}.database.windows.net", "privateEndpointConnections": [],
                "publicNetworkAccess": "Enabled", "restrictOutboundNetworkAccess": "Disabled"},
        }

    def list_operations(self, server):
        return [
            {"id": f"{server.id}/operations/{o.id}", "name": o.id, "type": "Microsoft.Sql/servers/operations",
             "properties": {"operation": o.kind, "operationFriendlyName": o.kind, "percentComplete": 0,
                            "serverName": server.name, "startTime": o.started, "state": o.status}}
            for o in self.operations.values() if o.server is server and o.status == "InProgress"]

    # Server keys

    def show_key(self, server, name):
        base = {"id": f"{server.id}/keys/{name}", "name": name, "type": "Microsoft.Sql/servers/keys"}
        if name == "ServiceManaged":
            return base | {"kind": "servicemanaged",
                           "properties": {"serverKeyType": "ServiceManaged", "autoRotationEnabled": False}}
        held = server.keys[name]
        return base | {
            "kind": "azurekeyvault", "location": LOCATIONS[server.location],
            "properties": {
                "serverKeyType": "AzureKeyVault", "uri": self.key_uri(held["key"]), "creationDate": held["created"],
                "thumbprint": hashlib.sha1(repr(held["key"]).encode()).hexdigest().upper(),
                "autoRotationEnabled": False}}

    def list_keys(self, server):
        return [self.show_key(server, name) for name in [*server.keys, "ServiceManaged"]]

    def get_key(self, server, name):
        if name != "ServiceManaged" and name not in server.keys:
            raise Refusal(404, "ServerKeyNotFound", "The requested server key was not found on the current subscription.")
        return self.show_key(server, name)

    def put_key(self, server, name, properties):
        uri = properties.get("uri", "")
        key = next((k for k in self.vault_keys if self.key_uri(k).lower() == uri.lower()), None)
        if properties.get("serverKeyType") != "AzureKeyVault":
            raise Refusal(400, "UnsupportedServerKeyType", "The server key type is not supported.")
        if key is None:
            raise Refusal(409, "AzureKeyVaultKeyNameNotFound",
                          "The operation could not be completed because the Azure Key Vault Key name does not exist.")
        if name != server_key_name(key):
            raise Refusal(400, "SecurityAzureKeyVaultInvalidKeyName",
                          "The operation could not be completed because of an invalid Server Key name.")
        if name in server.keys:
            raise Refusal(409, "ServerKeyNameAlreadyExists", "The server key already exists on the server.")
        if not self.vault_keys[key]["enabled"]:
            raise Refusal(400, "AzureKeyVaultKeyDisabled", "The Azure Key Vault key is disabled.")
        return self.begin(
            "UpsertLogicalServerEncryptionKeys", "serverKey", server,
            lambda: server.register(key, self.now()), lambda: self.show_key(server, name))

    def delete_key(self, server, name):
        if name not in server.keys:
            return None
        if server.protector == name:
            raise Refusal(409, "AzureKeyVaultKeyInUse", "The key is currently being used by the server.")
        if self.partner(server).protector == name:
            raise Refusal(400, "AzureKeyVaultKeyUsedOnGeoPrimary",
                          f"The Azure Key Vault Key name {name} is currently set as encryption protector on geo-primary.")
        return self.begin(
            "DeleteLogicalServerEncryptionKeys", "serverKey", server, lambda: server.keys.pop(name), lambda: None)

    # Protector

    def show_protector(self, server):
        """Without a thumbprint, as the service answers, although the specification's schema has the member."""
        return {
            "kind": "azurekeyvault", "name": "current", "type": "Microsoft.Sql/servers/encryptionProtector",
            "id": f"{server.id}/encryptionProtector/current",
            "properties": {
                "serverKeyName": server.protector, "serverKeyType": "AzureKeyVault",
                "uri": self.key_uri(server.keys[server.protector]["key"]),
                "autoRotationEnabled": server.auto_rotation}}

    def put_protector(self, server, properties):
        name = properties.get("serverKeyName")
        if properties.get("serverKeyType") != "AzureKeyVault":
            raise Refusal(400, "UnsupportedServerKeyType", "This server accepts customer-managed protectors alone.")
        if name not in server.keys:
            raise Refusal(409, "ServerKeyDoesNotExists", "The server key does not exist.")
        uri = self.key_uri(server.keys[name]["key"])

        def effect():
            partner = self.partner(server)
            if name not in partner.keys:
                raise Refusal(
                    400, "SameKeyMaterialNotFoundOnRemoteServer",
                    "All servers linked by Geo replication should have the same key material as the encryption "
                    f"protector of the primary server. Please add the key '{uri}' to the server '{partner.name}'.")
            server.protector, server.auto_rotation = name, bool(properties.get("autoRotationEnabled", False))

        return self.begin(
            "UpsertLogicalServerEncryptionprotector", "encryptionProtector", server, effect,
            lambda: self.show_protector(server))

    # Failover group, databases

    def show_failover_group(self, server):
        partner = self.partner(server)
        return {
            "id": f"{server.id}/failoverGroups/{FAILOVER_GROUP}", "name": FAILOVER_GROUP,
            "type": "Microsoft.Sql/servers/failoverGroups", "location": LOCATIONS[server.location],
            "properties": {
                "readWriteEndpoint": {"failoverPolicy": "Manual"},
                "readOnlyEndpoint": {"failoverPolicy": "Disabled", "targetServer": self.secondary.id},
                "replicationRole": server.role, "replicationState": "CATCH_UP",
                "partnerServers": [{"id": partner.id, "location": LOCATIONS[partner.location],
                                    "replicationRole": partner.role}],
                "databases": [f"{server.id}/databases/{DATABASE}"]}}

    def show_link(self, server):
        partner, link = self.partner(server), str(uuid.uuid5(uuid.NAMESPACE_DNS, DATABASE))
        return {
            "id": f"{server.id}/databases/{DATABASE}/replicationLinks/{link}", "name": link,
            "type": "Microsoft.Sql/servers/databases/replicationLinks",
            "properties": {
                "partnerServer": partner.name, "partnerDatabase": DATABASE,
                "partnerDatabaseId": f"{partner.id}/databases/{DATABASE}",
                "partnerLocation": LOCATIONS[partner.location], "role": server.role, "partnerRole": partner.role,
                "replicationMode": "ASYNC", "startTime": "2026-01-10T09:00:00Z", "percentComplete": 100,
                "replicationState": "CATCH_UP", "isTerminationAllowed": True, "linkType": "GEO"}}

    def show_database(self, server, name):
        return {
            "id": f"{server.id}/databases/{name}", "name": name, "type": "Microsoft.Sql/servers/databases",
            "location": server.location, "kind": "v12.0,system" if name == "master" else "v12.0,user,vcore",
            "sku": {"name": "System", "tier": "System", "capacity": 0} if name == "master" else
            {"name": "GP_Gen5", "tier": "GeneralPurpose", "family": "Gen5", "capacity": 2},
            "properties": {"status": "Online", "collation": "SQL_Latin1_General_CP1_CI_AS",
                           "creationDate": "2026-01-10T08:00:00Z"}}

    def show_encryption(self, server, database):
        return {
            "id": f"{server.id}/databases/{database}/transparentDataEncryption/current", "name": "current",
            "type": "Microsoft.Sql/servers/databases/transparentDataEncryption", "properties": {"state": "Enabled"}}

    # Vaults

    def vault_id(self, name):
        return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.KeyVault/vaults/{name}"

    def show_vault(self, name):
        if name not in self.vaults:
            raise not_found("Microsoft.KeyVault/vaults", name)
        return {
            "id": self.vault_id(name), "name": name, "type": "Microsoft.KeyVault/vaults",
            "location": self.vaults[name], "tags": {},
            "properties": {
                "sku": {"family": "A", "name": "standard"}, "tenantId": TENANT, "accessPolicies": [],
                "enabledForDeployment": False, "enableSoftDelete": True, "softDeleteRetentionInDays": 90,
                "enableRbacAuthorization": True, "enablePurgeProtection": True,
                "vaultUri": self.vault_uri(name) + "/", "provisioningState": "Succeeded",
                "publicNetworkAccess": "Enabled"}}

    def show_vault_key(self, vault, name, version):
        versions = [k for k in self.vault_keys if k[:2] == (vault, name) and version in ("", k[2])]
        if not versions:
            raise Refusal(404, "KeyNotFound", f"A key with (name/id) {name}/{version} was not found in this key vault.")
        key = versions[-1]
        modulus = hashlib.shake_256(repr(key).encode()).digest(self.vault_keys[key]["size"] // 8)
        modulus = bytes([modulus[0] | 0x80]) + modulus[1:]  # the top bit set, so the size is what it says
        return key, modulus, self.vault_keys[key]["enabled"]

    # Roles

    def list_assignments(self, scope, principal):
        """Each server's identity may use each vault's keys; an assignment is listed at its scope and below."""
        shown = []
        for vault in self.vaults:
            at = self.vault_id(vault)
            if not (scope.lower() == at.lower() or (principal and at.lower().startswith(scope.lower().rstrip("/") + "/"))):
                continue
            for server in self.servers.values():
                if principal in (None, server.principal):
                    shown.append(self.show_assignment(at, server))
        return shown

    def show_role(self, name):
        if name.lower() != CRYPTO_SERVICE_ENCRYPTION_USER:
            raise Refusal(404, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{name}' does not exist.")
        keys = "Microsoft.KeyVault/vaults/keys"
        return {
            "id": ROLES + CRYPTO_SERVICE_ENCRYPTION_USER, "name": CRYPTO_SERVICE_ENCRYPTION_USER,
            "type": "Microsoft.Authorization/roleDefinitions",
            "properties": {
                "roleName": "Key Vault Crypto Service Encryption User", "type": "BuiltInRole",
                "description": "Read metadata of keys and perform wrap/unwrap operations.", "assignableScopes": ["/"],
                "permissions": [{
                    "actions": [], "notActions": [], "notDataActions": [],
                    "dataActions": [f"{keys}/read", f"{keys}/wrap/action", f"{keys}/unwrap/action"]}]}}

    def show_assignment(self, scope, server):
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, scope + server.principal))
        return {
            "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", "name": name,
            "type": "Microsoft.Authorization/roleAssignments",
            "properties": {
                "roleDefinitionId": ROLES + CRYPTO_SERVICE_ENCRYPTION_USER, "principalId": server.principal,
                "principalType": "ServicePrincipal", "scope": scope,
                "createdOn": "2026-01-10T08:00:00Z", "updatedOn": "2026-01-10T08:00:00Z"}}
