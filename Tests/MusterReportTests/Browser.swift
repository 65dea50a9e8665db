// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc

/// Chromium without a window, and a server on loopback that counts who asks it for anything.
final class Browser {
    static let path = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].first { (path: String) in
        access(path, X_OK) == 0
    }

    private let folder: URL
    private let listener: Int32
    /// Nobody may be asked there.
    let server: String
    /// How often somebody asked there all the same.
    private(set) var requests = 0

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "muster-browser-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = listener
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && listen(socket, 1024) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        server = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        guard isListening else { throw FixtureFailure(description: "no server on loopback") }
    }

    deinit {
        close(listener)
        try? FileManager.default.removeItem(at: folder)  // a left-over folder fails no test
    }

    /// The page as it stands after the browser has read it and done all that it asks for.
    func read(_ html: String) throws -> String {
        let page = folder.appending(path: "\(UUID().uuidString).html")
        try Data(html.utf8).write(to: page)
        let arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
            "--user-data-dir=\(folder.path)/profile", "--virtual-time-budget=1500", "--dump-dom", "file://\(page.path)",
        ]
        let environment = ["HOME": folder.path, "TMPDIR": folder.path, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        let result = try RunningCommand(Self.path ?? "", arguments, environment: environment).finish(
            onEachTurn: countRequests)
        guard result.status == 0, result.output.contains("<html") else {
            throw FixtureFailure(description: "\(result)")
        }
        return result.output
    }

    /// Whoever connects is counted and sent away.
    private func countRequests() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { return }
            close(connection)
            requests += 1
        }
    }
}
