// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import MusterJournal

/// A disk in memory that remembers what was synced, so that a test can cut its power.
package final class SimulatedDisk: DurableFileSystem {
    /// One file: what is surely on the disk, and what a process sees.
    package final class Content {
        package fileprivate(set) var durable: [UInt8] = []
        package var visible: [UInt8] = []
        /// The file's name is on the disk.
        fileprivate(set) var hasEntry = false
    }

    /// What of the unsynced state a crash leaves.
    package enum Loss: CaseIterable { case everything, nothing, someSectors }

    package static let sectorBytes = 512
    package fileprivate(set) var files: [String: Content] = [:]
    /// Folders by their path, and whether their name is on the disk.
    private var folders: [String: Bool] = ["/": true]
    /// Bytes that may still be written; nil for no end.
    package var room: Int?

    package init() {}

    fileprivate func takeRoom(_ bytes: Int, _ operation: String, _ path: String) throws(FileFailure) -> Int {
        guard let room else { return bytes }
        guard room > 0 || bytes == 0 else { throw FileFailure(operation, path, errno: ENOSPC) }
        self.room = room - min(room, bytes)
        return min(room, bytes)
    }

    package func create(_ path: String) throws(FileFailure) -> any DurableFile {
        guard files[path] == nil else { throw FileFailure("create", path, errno: EEXIST) }
        let content = Content()
        files[path] = content
        return SimulatedFile(path, content, self)
    }

    package func open(_ path: String) throws(FileFailure) -> any DurableFile {
        guard let content = files[path] else { throw FileFailure("open", path, errno: ENOENT) }
        return SimulatedFile(path, content, self)
    }

    package func read(_ path: String) throws(FileFailure) -> [UInt8] {
        guard let content = files[path] else { throw FileFailure("read", path, errno: ENOENT) }
        return content.visible
    }

    package func makeFolder(_ path: String) throws(FileFailure) {
        guard folders[path] == nil else { throw FileFailure("create folder", path, errno: EEXIST) }
        guard folders[Self.parent(path)] != nil else { throw FileFailure("create folder", path, errno: ENOENT) }
        folders[path] = false
    }

    /// What stands directly in the folder is on the disk from now on, by its name.
    package func syncFolder(_ path: String) throws(FileFailure) {
        for (file, content) in files where Self.parent(file) == path { content.hasEntry = true }
        for folder in folders.keys where Self.parent(folder) == path { folders[folder] = true }
    }

    private static func parent(_ path: String) -> String {
        let parent = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        return parent.isEmpty ? "/" : String(parent)
    }

    /// Folders that are still there when those are gone whose names were not on the disk.
    private func folders(after loss: Loss, using random: inout some RandomNumberGenerator) -> Set<String> {
        var left: Set<String> = []
        for (folder, isDurable) in folders.sorted(by: { $0.key < $1.key }) {
            let isKept = isDurable || loss == .nothing || loss == .someSectors && Bool.random(using: &random)
            if isKept, folder == "/" || left.contains(Self.parent(folder)) { left.insert(folder) }
        }
        return left
    }

    package func remove(_ path: String) throws(FileFailure) {
        guard let content = files.removeValue(forKey: path) else { throw FileFailure("remove", path, errno: ENOENT) }
        room = room.map { $0 + content.visible.count }
    }

    package func freeBytes(_ path: String) throws(FileFailure) -> Int64 { Int64(room ?? 1 << 40) }

    /// The disk as a machine finds it after the power came back.
    package func afterPowerLoss(_ loss: Loss, using random: inout some RandomNumberGenerator) -> SimulatedDisk {
        let disk = SimulatedDisk()
        let left = folders(after: loss, using: &random)
        disk.folders = Dictionary(uniqueKeysWithValues: left.map { ($0, true) })
        for path in files.keys.sorted() where left.contains(Self.parent(path)) {
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
        let size = Int.random(in: sizes[0]...sizes[1], using: &random)
        // Whole sectors that are alike in both are taken as they are.
        let alike = content.visible.starts(with: content.durable) ? min(content.durable.count, size) : 0
        var image = Array(content.visible.prefix(alike / sectorBytes * sectorBytes))
        for start in stride(from: image.count, to: size, by: sectorBytes) {
            let source = Bool.random(using: &random) ? content.visible : content.durable
            let end = min(start + sectorBytes, size)
            image += source[min(start, source.count)..<min(end, source.count)]
            image += [UInt8](repeating: 0, count: end - image.count)
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
