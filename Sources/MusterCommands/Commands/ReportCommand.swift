// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation
internal import MusterModel
internal import MusterRecord
internal import MusterReport

struct ReportCommand: ParsableCommand {
    enum Format: String, CaseIterable, ExpressibleByArgument { case html, md, json, junit }

    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Make a report of a run for people who do not use Muster.",
        discussion: """
            One file that needs nothing else: html prints well and holds no script, md is the record's page with the \
            evidence that auditors ask for, json is for programs, junit for systems that show tests. The same record \
            gives the same bytes.
            """)

    @Argument(help: ArgumentHelp("The run's id, the end of it, or last.", valueName: "run")) var name: String
    @Option(help: "html, md, json or junit.") var format: Format = .html
    @Option(help: ArgumentHelp("Write it there instead of printing it.", valueName: "file")) var out: String?
    @OptionGroup var common: CommonOptions

    func run() throws {
        let records = try Records(folder: common.catalog)
        let id = try records.find(name)
        let standing = try RecordProof.standing(of: try records.record(of: id), in: records)
        let report = try Self.report(id, records.files(of: id), standing)
        let text = try Self.text(report, common.json ? .json : format)
        let terminal = Terminal()
        guard let out else { return terminal.raw(text) }
        do { try Data(text.utf8).write(to: URL(filePath: out), options: .atomic) } catch {
            throw MusterError(
                code: "report.not-written", "The report could not be written to \(visibleText(out)).",
                help: "Name a file in a folder that is there and that you may write to.")
        }
        terminal.error("The report is in \(visibleText(out)).")
    }

    /// - Parameter standing: what is known of reviews; nil: what stands among the files.
    static func report(
        _ run: RunID, _ files: [String: [UInt8]], _ standing: ReviewStanding? = nil
    ) throws(MusterError) -> Report {
        func bytes(_ path: String) -> [UInt8] { files[path] ?? [] }
        do {
            return try Report(
                record: bytes("record.json"), plan: bytes("plan.json"), page: bytes("README.md"),
                reviews: standing?.reviews ?? ReviewFiles.reviews(in: files), doubts: standing?.doubts ?? [:],
                paths: Array(files.keys))
        } catch {
            throw MusterError(
                code: "record.unreadable",
                "The record of run \(run) cannot be read: \(describeDecodingError(error)).",
                help: "Check it with: muster verify \(run)", status: .verificationFailed)
        }
    }

    static func text(_ report: Report, _ format: Format) throws -> String {
        switch format {
        case .html: HTMLReport(report).text
        case .md: MarkdownReport(report).text
        case .json: String(decoding: try JSONReport(report).json().prettyBytes(), as: UTF8.self)
        case .junit: JUnitReport(report).text
        }
    }
}
