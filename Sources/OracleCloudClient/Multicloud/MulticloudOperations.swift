// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// Oracle Database Multicloud Integrations (API 20240501). What is made for a cluster is in the cluster's region.
package struct MulticloudOperations: Sendable {
    let calls: OracleCalls

    /// By its path, which is the same for one and for the list.
    enum Resource: String {
        case connector = "oracleDbAzureConnector"
        case vault = "oracleDbAzureVault"
        case association = "oracleDbAzureVaultAssociation"
        case key = "oracleDbAzureKey"
        case discovery = "multiCloudResourceDiscovery"
    }

    /// One page of a list.
    private struct Page<Model: Decodable>: Decodable { var items: [Model] }

    private static let pagesMax = 1000

    func base(in region: Region) throws(OracleError) -> WebAddress {
        try calls.connection.address(of: .dbmulticloud, in: region).appending(path: "/20240501")
    }

    func address(_ resource: Resource, _ id: OracleID, _ path: String = "") throws(OracleError) -> WebAddress {
        try base(in: region(of: id)).appending(path: "/\(resource.rawValue)/\(percentEncoded(id.text))\(path)")
    }

    func region(of id: OracleID) -> Region { id.region ?? calls.connection.region }

    func read<Model: Decodable>(_ resource: Resource, _ id: OracleID) async throws(OracleError) -> Tagged<Model> {
        let url = try address(resource, id)
        let answer = try await calls.sender.send(OracleRequest(.get, url))
        return Tagged(value: try model(answer, url), etag: answer.headers["etag"])
    }

    /// All that the compartment has in that region and that fits the query; what is deleted included.
    func list<Model: Decodable>(
        _ resource: Resource, in compartment: OracleID, _ region: Region, _ query: [(String, String)]
    ) async throws(OracleError) -> [Model] {
        let first = try base(in: region).appending(
            path: "/\(resource.rawValue)", query: [("compartmentId", compartment.text)] + query)
        var items: [Model] = []
        var page: WebAddress? = first
        var count = 0
        while let url = page {
            count += 1
            guard count <= Self.pagesMax else {
                throw OracleError(
                    code: "oracle.endless-list", "\(first.shortened) has more than \(Self.pagesMax) pages.")
            }
            let answer = try await calls.sender.send(OracleRequest(.get, url))
            items += (try model(answer, url) as Page<Model>).items
            page = answer.headers["opc-next-page"].map { first.appending(path: "", query: [("page", $0)]) }
        }
        return items
    }

    /// - Parameter named: what the new one is, without secrets: the retry token is made of it.
    func create<Model: Decodable>(
        _ resource: Resource, in region: Region, _ body: [String: JSON], named: [String]
    ) async throws(OracleError) -> (Model, workRequest: String?) {
        let url = try base(in: region).appending(path: "/\(resource.rawValue)")
        let answer = try await calls.sender.send(
            OracleRequest(
                .post, url, body: .object(body), retryToken: retryToken([resource.rawValue] + named, etag: nil)))
        do throws(OracleError) {
            return (try model(answer, url), answer.headers["opc-work-request-id"])
        } catch {
            throw error.inDoubt
        }
    }

    func act(
        _ action: String, _ resource: Resource, _ id: OracleID, etag: String?, body: JSON
    ) async throws(OracleError) -> MulticloudOperation {
        let token = retryToken([resource.rawValue, action, id.text, body.canonicalText], etag: etag)
        let answer = try await calls.sender.send(
            OracleRequest(
                .post, try address(resource, id, "/actions/\(action)"), body: body, retryToken: token, ifMatch: etag))
        return operation(action, id, answer)
    }

    func update(
        _ resource: Resource, _ id: OracleID, etag: String?, _ body: JSON
    ) async throws(OracleError) -> MulticloudOperation {
        let answer = try await calls.sender.send(
            OracleRequest(.put, try address(resource, id), body: body, ifMatch: etag))
        return operation("update", id, answer)
    }

    func delete(_ resource: Resource, _ id: OracleID, etag: String?) async throws(OracleError) -> MulticloudOperation {
        let answer = try await calls.sender.send(OracleRequest(.delete, try address(resource, id), ifMatch: etag))
        return operation("delete", id, answer)
    }

    private func operation(_ action: String, _ id: OracleID, _ answer: HTTPResponse) -> MulticloudOperation {
        MulticloudOperation(
            action: action, resource: id, region: region(of: id).name,
            workRequest: answer.headers["opc-work-request-id"])
    }

    /// The same for the same request in the same attempt, so that a repetition is no second change; another for the next
    /// attempt, which looks at the state before.
    private func retryToken(_ what: [String], etag: String?) -> String {
        let key = calls.sender.context.idempotencyKey ?? RequestID.random()
        let parts = [key] + what + [etag ?? "", "attempt \(calls.sender.context.attempt)"]
        return RequestID.derived(from: parts.joined(separator: "\n"))
    }
}
