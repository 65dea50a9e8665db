// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// Somebody's local role in a Managed HSM, which Azure's own roles give no part in.
package struct LocalRoleAssignment: Hashable, Sendable, Decodable {
    package struct Properties: Hashable, Sendable, Decodable {
        package var roleDefinitionId: String
        package var principalId: String
        /// `/`, `/keys` or `/keys/NAME`.
        package var scope: String?
    }
    package var name: String
    package var properties: Properties

    /// The role's GUID in lower case.
    package var role: String { String(properties.roleDefinitionId.split(separator: "/").last ?? "").lowercased() }
}

/// A local role that somebody shall have for all keys of a Managed HSM.
package struct LocalRoleGrant: Hashable, Sendable {
    /// The HSM's name.
    package var hsm: String
    package var role: String
    package var principal: String
    /// Of whoever grants it, so that what somebody else has granted keeps another name.
    package var mark: String

    package init(hsm: String, role: String, principal: String, mark: String) {
        self.hsm = hsm.lowercased()
        self.role = role.lowercased()
        self.principal = principal.lowercased()
        self.mark = mark
    }

    package var name: String { RequestID.derived(from: "\(mark)|managed-hsm|\(hsm)|\(principal)|\(role)") }

    package func isGranted(by assignment: LocalRoleAssignment) -> Bool {
        assignment.role == role && assignment.properties.principalId.lowercased() == principal
            && (assignment.properties.scope ?? "/") == "/"
    }
}

/// The local roles of a Managed HSM (Key Vault data plane 7.5, role assignments), at the scope of the whole HSM. Only its
/// administrators may change them; an owner in Azure may not.
package struct LocalRoleOperations: Sendable {
    let sender: AuthorizedSender
    let version: String

    package func assignments(in home: KeyHome) async throws(AzureError) -> [LocalRoleAssignment] {
        let url = address(home)
        let answer = try parsed(await sender.send(ServiceRequest(.get, url, scope: home.scope)))
        guard let items = answer["value"]?.array else {
            throw AzureError(code: "azure.answer", "\(url.shortened) answered something that is no list.")
        }
        var assignments: [LocalRoleAssignment] = []
        for item in items { assignments.append(try model(item, url)) }
        return assignments
    }

    /// Grants the role. Whether a repetition is answered with success is not documented, so look first.
    package func assign(_ grant: LocalRoleGrant, in home: KeyHome) async throws(AzureError) {
        let definition = "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/\(grant.role)"
        let body: JSON = [
            "properties": ["roleDefinitionId": .string(definition), "principalId": .string(grant.principal)]
        ]
        do throws(AzureError) {
            _ = try await sender.send(
                ServiceRequest(.put, address(home, grant.name), scope: home.scope, body: body))
        } catch  where error.code == "RoleAssignmentExists" && error.advice != .unknownOutcome {
        }
    }

    /// An absent one is no error.
    package func remove(_ name: String, in home: KeyHome) async throws(AzureError) {
        do throws(AzureError) {
            _ = try await sender.send(ServiceRequest(.delete, address(home, name), scope: home.scope))
        } catch  where error.isNotFound {
        }
    }

    private func address(_ home: KeyHome, _ name: String? = nil) -> WebAddress {
        let one = name.map { "/" + percentEncoded($0) } ?? ""
        return home.base.appending(
            path: "/providers/Microsoft.Authorization/roleAssignments\(one)", query: [("api-version", version)])
    }
}
