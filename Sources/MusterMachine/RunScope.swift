// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

struct RunScope {
    func isTrue(_ condition: String) throws -> Bool { true }
    func values(_ with: [String: JSON]) throws -> [String: JSON] { with }
}
extension RunState {
    func scope(for at: Int) -> RunScope { RunScope() }
}
