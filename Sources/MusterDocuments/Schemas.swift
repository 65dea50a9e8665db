// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// The JSON Schemas of all documents by file name, written from the descriptions that the reader itself uses.
package func generateSchemas() -> [String: JSON] {
    let documents: [(name: String, title: String, shape: ObjectShape)] = [
        ("catalog-v1", "muster.yaml", Configuration.shape),
        ("environment-v1", "environments/<name>.yaml", Environment.shape),
        ("findings-v1", "findings of a review", Findings.shape),
        ("lock-v1", "runbooks/<name>.lock.yaml", Lock.shape),
        ("runbook-v1", "runbooks/<name>.yaml", Runbook.shape),
        ("scenario-v1", "runbooks/tests/<runbook>/<scenario>.yaml", RehearsalScenario.shape),
        ("step-definition-v1", "plugins/<Name>/steps/<step>.yaml", StepDefinition.shape),
    ]
    var schemas: [String: JSON] = [:]
    for document in documents {
        guard case .object(var schema) = document.shape.schema else { continue }
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        schema["title"] = .string(document.title)
        schemas[document.name + ".json"] = .object(schema)
    }
    return schemas
}
