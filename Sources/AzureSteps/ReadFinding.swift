// SPDX-License-Identifier: Apache-2.0

package import AzureClient
package import CloudSteps

extension Result {
    /// Looks at what was read. What could not be read is unverifiable, with the reason.
    package func finding(_ look: (Success) -> Finding) -> Finding where Failure == AzureError {
        switch self {
        case .success(let value): look(value)
        case .failure(let error): .unverifiable("It could not be read: \(error)")
        }
    }
}
