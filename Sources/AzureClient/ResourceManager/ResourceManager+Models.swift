// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// Reads that give models.
extension ResourceManager {
    func read<Model: Decodable>(_ id: ResourceID, _ version: String) async throws(AzureError) -> Model {
        let url = address(id, version: version)
        return try model(try await get(url), url)
    }

    /// - Parameter more: path of the collection below the resource.
    func readList<Model: Decodable>(
        _ id: ResourceID, _ more: String, _ version: String
    ) async throws(AzureError) -> [Model] {
        let url = address(id, more, version: version)
        var models: [Model] = []
        for item in try await list(url) { models.append(try model(item, url)) }
        return models
    }

    func subscription(_ id: String) throws(AzureError) -> ResourceID {
        guard let place = ResourceID("/subscriptions/\(id)") else {
            throw AzureError(code: "azure.connection", "\"\(id)\" is not a subscription's id.")
        }
        return place
    }
}
