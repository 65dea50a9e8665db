// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
internal import Synchronization

/// The exchanges of one call, in order.
package final class ExchangeList: Sendable {
    private let list = Mutex([Exchange]())
    package init() {}

    package var all: [Exchange] { list.withLock { $0 } }
    package func add(_ exchange: Exchange) { list.withLock { $0.append(exchange) } }
}
