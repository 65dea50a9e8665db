// SPDX-License-Identifier: Apache-2.0

import CloudHTTP
import Foundation
import MusterModel
import Testing

/// Checks requests against the vendor's descriptions.
func checkContract(_ requests: [HTTPRequest], atLeast: Int) throws {
    #expect(requests.count >= atLeast)
    let lines = requests.map { request -> String in
        var line: [String: JSON] = ["method": .string(request.method.rawValue), "url": .string(request.url.text)]
        let text = request.body.map { String(decoding: $0, as: UTF8.self) }
        line["body"] = text.map { (try? JSON.parse($0)) ?? .string($0) }  // A form stays text.
        line["headers"] = .object(Dictionary(request.headers.fields.map { ($0.name, .string($0.value)) }) { $1 })
        return JSON.object(line).canonicalText
    }
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "Contract/check_request.py")
    let verdicts = try run(["python3", script.path], input: lines.joined(separator: "\n") + "\n")
    let results = try verdicts.split(separator: "\n").map { try JSON.parse(String($0)) }
    #expect(results.count == requests.count)
    for (request, result) in zip(requests, results) {
        #expect(
            result["ok"] == true, "\(request.method.rawValue) \(request.url): \(result["violations"]?.text ?? "")")
    }
}
