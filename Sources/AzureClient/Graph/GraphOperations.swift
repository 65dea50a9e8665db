// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// A group of the Entra directory.
package struct DirectoryGroup: Hashable, Sendable, Decodable {
    package var id: String
    package var displayName: String
    package var securityEnabled: Bool?
    package var description: String?
}

package struct DirectoryMember: Hashable, Sendable, Decodable {
    package var id: String
    package var displayName: String?
}

/// Security groups and their members (Microsoft Graph v1.0). A change of a group's members can take up to a day to reach
/// a managed identity.
package struct GraphOperations: Sendable {
    let sender: AuthorizedSender
    let endpoint: GraphEndpoint?

    private static let pagesMax = 1000

    /// Groups of that display name, of which there may be several.
    package func groups(named name: String) async throws(AzureError) -> [DirectoryGroup] {
        let quoted = name.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
        return try await list(
            "/groups",
            [("$filter", "displayName eq '\(quoted)'"), ("$select", "id,displayName,securityEnabled,description")])
    }

    /// Nil when there is no group of that id.
    package func group(_ id: String) async throws(AzureError) -> DirectoryGroup? {
        let url = try address(
            "/groups/\(percentEncoded(id))", [("$select", "id,displayName,securityEnabled,description")])
        do throws(AzureError) {
            return try model(try parsed(await send(.get, url)), url)
        } catch  where error.isNotFound {
            return nil
        }
    }

    /// Makes a security group. Each request makes another one of the same name, so look first.
    ///
    /// - Parameter description: by which a group is known again whose answer was lost.
    package func createGroup(named name: String, description: String) async throws(AzureError) -> DirectoryGroup {
        let url = try address("/groups")
        let body: JSON = [
            "displayName": .string(name), "mailNickname": .string(Self.nickname(name)), "mailEnabled": false,
            "securityEnabled": true, "description": .string(description),
        ]
        let answer = try await send(.post, url, body)
        do throws(AzureError) {
            return try model(try parsed(answer), url)
        } catch {
            throw error.inDoubt
        }
    }

    /// An absent group is no error.
    package func deleteGroup(_ id: String) async throws(AzureError) {
        try await sendUnlessAbsent(.delete, "/groups/\(percentEncoded(id))")
    }

    package func members(of group: String) async throws(AzureError) -> [DirectoryMember] {
        try await list("/groups/\(percentEncoded(group))/members", [("$select", "id,displayName")])
    }

    /// Adds an object. One that is a member already stays it.
    ///
    /// - Returns: whether this request made it a member.
    @discardableResult
    package func add(_ member: String, to group: String) async throws(AzureError) -> Bool {
        guard RequestID.isUUID(member.lowercased()) else {
            throw AzureError(code: "azure.principal", "\"\(member)\" is not an object id.")
        }
        let url = try address("/groups/\(percentEncoded(group))/members/$ref")
        let reference = "\(try place().objects)/v1.0/directoryObjects/\(member.lowercased())"
        do throws(AzureError) {
            _ = try await send(.post, url, ["@odata.id": .string(reference)])
            return true
        } catch
            where error.status == 400 && error.message.contains("already exist") && error.message.contains("members")
        {
            // The service has no code of its own for it.
            return false
        }
    }

    /// One that is no member is no error.
    package func remove(_ member: String, from group: String) async throws(AzureError) {
        try await sendUnlessAbsent(.delete, "/groups/\(percentEncoded(group))/members/\(percentEncoded(member))/$ref")
    }

    // MARK: Shared

    /// What mail would be sent to if the group had any: letters, digits and hyphens of the name.
    private static func nickname(_ name: String) -> String {
        let kept = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        return kept.isEmpty ? "group" : String(kept.prefix(64))
    }

    private func place() throws(AzureError) -> GraphEndpoint {
        guard let endpoint else {
            throw AzureError(
                code: "azure.connection",
                "The environment's azure.endpoints.graph is missing, which a custom cloud needs.")
        }
        return endpoint
    }

    private func address(_ path: String, _ query: [(String, String)] = []) throws(AzureError) -> WebAddress {
        try place().base.appending(path: "/v1.0\(path)", query: query)
    }

    private func send(_ method: RequestMethod, _ url: WebAddress, _ body: JSON? = nil) async throws(AzureError)
        -> HTTPResponse
    {
        try await sender.send(ServiceRequest(method, url, scope: try place().scope, body: body))
    }

    private func sendUnlessAbsent(_ method: RequestMethod, _ path: String) async throws(AzureError) {
        do throws(AzureError) {
            _ = try await send(method, try address(path))
        } catch  where error.isNotFound {
        }
    }

    private func list<Model: Decodable>(_ path: String, _ query: [(String, String)]) async throws(AzureError) -> [Model]
    {
        let base = try place().base
        var next: WebAddress? = try address(path, query)
        var models: [Model] = []
        for _ in 0..<Self.pagesMax {
            guard let url = next else { return models }
            let page = try parsed(await send(.get, url))
            guard let items = page["value"]?.array else {
                throw AzureError(code: "azure.answer", "\(url.shortened) answered something that is no list.")
            }
            for item in items { models.append(try model(item, url)) }
            next = try page["@odata.nextLink"]?.string.map { (link) throws(AzureError) in
                guard let address = WebAddress(link), address.origin == base.origin else {
                    throw AzureError(
                        code: "azure.foreign-host", "The next page of \(url.shortened) is not at \(base.origin).")
                }
                return address
            }
        }
        throw AzureError(code: "azure.endless-list", "\(path) has more than \(Self.pagesMax) pages.")
    }
}
