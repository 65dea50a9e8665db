// SPDX-License-Identifier: Apache-2.0

import MusterGit
import MusterModel
import Testing

struct FileContentTests {
    @Test(arguments: [
        [], Array("plain text\n".utf8), Array("with \"quotes\" and ü\t\r\n".utf8), [0], [0xFF], [0xFF, 0xFE],
        [1, 2, 3],
        [0xC3, 0x28, 0, 255], (0...255).map { UInt8($0) },
    ])
    func `bytes survive the way through JSON`(bytes: [UInt8]) throws {
        let json = try JSON(encoding: FileContent(bytes))
        #expect(try JSON.parse(json.canonicalBytes()).decode(FileContent.self).bytes == bytes)
    }

    @Test func `plain text stays readable and other bytes are base64`() throws {
        #expect(try JSON(encoding: FileContent("a: 1\n")) == "a: 1\n")
        #expect(try JSON(encoding: FileContent([0xFF, 0, 1, 2])) == ["base64": "/wABAg=="])
    }

    @Test(arguments: ["A", "AA=", "AAA*", "AB==", "AAB=", "====", "AA==AAAA", "A===", "AAAA\n"])
    func `what is not canonical base64 is refused`(text: String) {
        #expect(throws: DecodingError.self) { try JSON.object(["base64": .string(text)]).decode(FileContent.self) }
    }

    @Test func `trailers can not be forged by line breaks`() {
        let note = CommitNote(
            message: "Plan the run\n\n", trailers: [.init("Run", "x\nOutcome: succeeded"), .init("Change", "CHG1\0")],
            author: someone, time: moment)
        #expect(note.text == "Plan the run\n\nRun: x Outcome: succeeded\nChange: CHG1\n")
    }
}
