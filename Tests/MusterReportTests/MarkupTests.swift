// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MusterReport

@Suite struct MarkupTests {
    @Test(arguments: [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"), ("\"'&", "&quot;&#39;&amp;"),
        ("\" onload=\"x", "&quot; onload=&quot;x"), ("a\nb\tc", "a⏎b c"), ("\u{202E}gpj", "⟨U+202E⟩gpj"),
        ("\u{1B}[31m\u{0}", "⟨U+001B⟩[31m⟨U+0000⟩"), ("]]>", "]]&gt;"), ("&#60;", "&amp;#60;"), ("é漢", "é漢"),
    ]) func `data is text`(data: String, text: String) {
        let markup: Markup = "<b title=\"\(data)\">\(data)</b>"
        #expect(markup.source == "<b title=\"\(text)\">\(text)</b>")
    }

    @Test func `markup that is put into markup stays markup`() {
        let inner: Markup = "<b>\("<")</b>"
        #expect(("<p>\(inner)\(3)</p>" as Markup).source == "<p><b>&lt;</b>3</p>")
    }

    @Test func `lines stay lines`() {
        #expect(Markup.lines("a\n  <b>\n\u{202E}").source == "a\n  &lt;b&gt;\n⟨U+202E⟩")
    }

    @Test(arguments: [(0.0, "0"), (12.34, "12.3"), (-0.5, "-0.5"), (7.96, "8"), (1000, "1000")])
    func `a length has one digit behind its point`(length: Double, text: String) {
        #expect(("\(length: length)" as Markup).source == text)
    }
}
