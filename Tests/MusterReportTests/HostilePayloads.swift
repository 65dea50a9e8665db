// SPDX-License-Identifier: Apache-2.0

/// Texts that would do something in a page that takes them for markup: change its title, or ask a server for something.
enum HostilePayloads {
    /// What gets out of the place where a text stands.
    private static let breakouts = [
        "", "\"", "'", "\">", "'>", "</td>", "</title>", "</style>", "</svg>", "-->", "]]>", "</text></g></svg>", "`",
        "</pre>", "</code>", "</script>", "\u{202E}", "\u{0}\">", "&quot;>", "&#34;&#62;", "</textarea>", "\\\">",
        "\n\n",
        "\u{2028}", "<!--><",
    ]

    /// - Parameter server: an address that nobody may be asked for.
    static func all(server: String) -> [String] {
        let act = "document.title='TAKEN';new Image().src='\(server)/act'"
        let vectors = [
            "<script>\(act)</script>", "<img src=x onerror=\"\(act)\">", "<svg onload=\"\(act)\">",
            "<svg><script>\(act)</script></svg>", "<iframe src=\"\(server)/frame\"></iframe>",
            "<link rel=stylesheet href=\"\(server)/link\">", "<style>@import url(\(server)/import);</style>",
            "<meta http-equiv=refresh content=\"0;url=\(server)/refresh\">",
            "<object data=\"\(server)/object\"></object>",
            "<embed src=\"\(server)/embed\">", "<video src=\"\(server)/video\" autoplay></video>",
            "<input autofocus onfocus=\"\(act)\">", "<body onload=\"\(act)\">",
            "<details open ontoggle=\"\(act)\">x</details>",
            "<base href=\"\(server)/\">", "<img src=\"\(server)/image\">", " onload=\(act) x=",
            " style=background:url(\(server)/style) x=",
            "<a autofocus onfocus=\"\(act)\" href=\"javascript:\(act)\">x</a>",
            "<image href=\"\(server)/svgimage\"/>",
        ]
        return breakouts.flatMap { breakout in vectors.map { breakout + $0 } }
    }

    /// Elements that no report has: any of them in a page as the browser sees it came from data.
    static let foreignElements = [
        "<script", "<img", "<iframe", "<link", "<object", "<embed", "<video", "<input", "<details", "<base", "<image",
        "<textarea", "TAKEN</title>",
    ]
}
