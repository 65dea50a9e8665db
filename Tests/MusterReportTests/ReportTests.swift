// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterRecord
import Testing

@testable import MusterReport

@Suite struct ReportTests {
    @Test(arguments: ["rolled-back-on-failure", "rollback-stuck"])
    func `a report reads as reviewed`(name: String) throws {
        let report = try StoredRun.report(name, reviews: StoredRun.reviews)
        try StoredRun.golden("\(name).html", HTMLReport(report).text)
        try StoredRun.golden("\(name).md", MarkdownReport(report).text)
        try StoredRun.golden("\(name).junit.xml", JUnitReport(report).text)
    }

    @Test func `the same record gives the same bytes, fifty times`() throws {
        for name in ["taken-over", "rollback-stuck"] {
            let texts = try (1...50).map { _ in
                let report = try StoredRun.report(name, reviews: StoredRun.reviews)
                let json = String(decoding: try JSONReport(report).json().prettyBytes(), as: UTF8.self)
                return [HTMLReport(report).text, MarkdownReport(report).text, JUnitReport(report).text, json]
            }
            #expect(Set(texts).count == 1, "\(name)")
        }
    }

    @Test func `every run that was ever recorded can be reported`() throws {
        for name in try StoredRun.names {
            let report = try StoredRun.report(name)
            let page = HTMLReport(report).text
            #expect(page.hasSuffix("</html>\n"), "\(name)")
            #expect(page.contains(report.record.run.text), "\(name)")
            #expect(report.evidence.count == 16, "\(name)")
            let cases = JUnitReport(report).text.split(separator: "\n").count { $0.hasPrefix("<testcase ") }
            let objectives = report.record.measures.count { $0.objective != nil }
            #expect(cases == report.record.steps.count + objectives, "\(name)")
        }
    }

    @Test func `deviations stand before all else, and each of them in full`() throws {
        let report = try StoredRun.report("rollback-stuck")
        let page = HTMLReport(report).text
        let deviations = try #require(page.firstRange(of: "<h2>Deviations</h2>"))
        let first = try #require(page.firstRange(of: "<h2>"))
        #expect(deviations.lowerBound == first.lowerBound)
        #expect(page.split(separator: "<li>").count - 1 == report.record.deviations.count)
    }

    @Test func `the page holds no script and no address, and its policy names its style`() throws {
        for name in try StoredRun.names {
            let page = HTMLReport(try StoredRun.report(name, reviews: StoredRun.reviews)).text
            for word in [
                "<script", "<link", "<img", "<iframe", "src=", "url(", "@import", "javascript:", " on", "style=\"",
            ] {
                let attribute = word == " on" ? page.contains(#/<[^>]* on[a-z]+=/#) : page.contains(word)
                #expect(!attribute, "\(name) holds \(word)")
            }
            #expect(page.contains("default-src &#39;none&#39;; style-src &#39;sha256-"))
            #expect(!page.contains("unsafe-inline"))
        }
    }

    @Test func `a page for a program tells the same in JUnit`() throws {
        let text = JUnitReport(try StoredRun.report("rollback-stuck")).text
        #expect(text.contains("<failure type=\"undo-failed\""))
        #expect(text.hasPrefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name="))
    }

    @Test func `the published schema is the code's`() throws {
        try StoredRun.document("schemas/report.schema.json", ReportSchema.json.prettyBytes())
        try StoredRun.document("schemas/review.schema.json", ReviewSchema.json.prettyBytes())
        let review = try JSON(encoding: StoredRun.reviews[0]).object ?? [:]
        #expect(
            Set(review.keys).union(["previous"]) == Set(ReviewSchema.json["properties"]?.object?.keys.map { $0 } ?? []))
        let report = try JSONReport(StoredRun.report("rollback-stuck")).json().object ?? [:]
        #expect(Set(report.keys) == Set(ReportSchema.json["properties"]?.object?.keys.map { $0 } ?? []))
    }
}
