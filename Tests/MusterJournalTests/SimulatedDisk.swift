// SPDX-License-Identifier: Apache-2.0

import Glibc

@testable import MusterJournal

/// A disk in memory that remembers what was synced, so that a test can cut its power.
final class SimulatedDisk: DurableFileSystem {
    /// One file: what is surely on the disk, and what a process sees.
    final class Content {
        var durable: [UInt8] = []
        var visible: [UInt8] = []
        /// The file's name is on the disk.
        var hasEntry = false
    }

    /// What of the unsynced state a crash leaves.
    enum Loss: CaseIterable { case everything, nothing, someSectors }

    static let sectorBytes = 512
    fileprivate(set) var files: [String: Content] = [:]
    private var folders: Set<String> = ["/"]
    /// Bytes that may still be written; nil for no end.
    var room: Int?

    init() {}

    fileprivate func takeRoom(_ bytes: Int, _ operation: String, _ path: String) throws(FileFailure) -> Int {
        guard let room else { return bytes }
        guard room > 0 || bytes == 0 else { throw FileFailure(operation, path, errno: ENOSPC) }
        self.room = room - min(room, bytes)
        return min(room, bytes)
    }

    func create(_ path: String) throws(FileFailure) -> any DurableFile {
        guard files[path] == nil else { throw FileFailure("create", path, errno: EEXIST) }
        let content = Content()
        files[path] = content
        return SimulatedFile(path, content, self)
    }

    func open(_ path: String) throws(FileFailure) -> any DurableFile {
        guard let content = files[path] else { throw FileFailure("open", path, errno: ENOENT) }
        return SimulatedFile(path, content, self)
    }

    func read(_ path: String) throws(FileFailure) -> [UInt8] {
        guard let content = files[path] else { throw FileFailure("read", path, errno: ENOENT) }
        return content.visible
    }

    func makeFolder(_ path: String) throws(FileFailure) {
        guard folders.insert(path).inserted else { throw FileFailure("create folder", path, errno: EEXIST) }
    }

    func syncFolder(_ path: String) throws(FileFailure) {
        for (file, content) in files where file.hasPrefix(path + "/") { content.hasEntry = true }
    }

    func remove(_ path: String) throws(FileFailure) {
        guard let content = files.removeValue(forKey: path) else { throw FileFailure("remove", path, errno: ENOENT) }
        room = room.map { $0 + content.visible.count }
    }

    func freeBytes(_ path: String) throws(FileFailure) -> Int64 { Int64(room ?? 1 << 40) }

    /// The disk as a machine finds it after the power came back.
    func afterPowerLoss(_ loss: Loss, using random: inout some RandomNumberGenerator) -> SimulatedDisk {
        let disk = SimulatedDisk()
        disk.folders = folders
        for path in files.keys.sorted() {
            let content = files[path]!
            if !content.hasEntry, loss == .everything || loss == .someSectors && Bool.random(using: &random) {
                continue
            }
            let image = Content()
            image.durable = Self.image(of: content, loss, using: &random)
            image.visible = image.durable
            image.hasEntry = true
            disk.files[path] = image
        }
        return disk
    }

    /// Unsynced sectors come through or stay as they were, zero where nothing ever was; the size is any between both.
    private static func image(
        of content: Content, _ loss: Loss, using random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        switch loss {
        case .everything: return content.durable
        case .nothing: return content.visible
        case .someSectors: break
        }
        let sizes = [content.durable.count, content.visible.count].sorted()
        var image = [UInt8](repeating: 0, count: Int.random(in: sizes[0]...sizes[1], using: &random))
        for start in stride(from: 0, to: image.count, by: sectorBytes) {
            let source = Bool.random(using: &random) ? content.visible : content.durable
            for index in start..<min(start + sectorBytes, image.count) {
                image[index] = index < source.count ? source[index] : 0
            }
        }
        return image
    }
}

private final class SimulatedFile: DurableFile {
    let path: String
    let content: SimulatedDisk.Content
    unowned let disk: SimulatedDisk

    init(_ path: String, _ content: SimulatedDisk.Content, _ disk: SimulatedDisk) {
        self.path = path
        self.content = content
        self.disk = disk
    }

    func writeSome(_ bytes: ArraySlice<UInt8>) throws(FileFailure) -> Int {
        let count = try disk.takeRoom(bytes.count, "write", path)
        content.visible += bytes.prefix(count)
        return count
    }

    func syncData() throws(FileFailure) { content.durable = content.visible }
    func readWhole() throws(FileFailure) -> [UInt8] { content.visible }

    func truncate(to size: Int) throws(FileFailure) {
        disk.room = disk.room.map { $0 + content.visible.count - size }
        content.visible = Array(content.visible.prefix(size))
    }

    func allocate(_ size: Int) throws(FileFailure) {
        guard try disk.takeRoom(size, "reserve space for", path) == size else {
            throw FileFailure("reserve space for", path, errno: ENOSPC)
        }
        content.visible = [UInt8](repeating: 0, count: size)
    }

    func lock() throws(FileFailure) {}
    func close() {}
}

/// A small generator with a seed, so that a test that fails can be run again (splitmix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
