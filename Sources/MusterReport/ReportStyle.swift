// SPDX-License-Identifier: Apache-2.0

/// The one style sheet of an HTML report: for a screen, and for A4 or letter paper.
enum ReportStyle {
    static let text: StaticString = """
        :root{--ink:#1c2128;--soft:#57606a;--line:#d5dae0;--wash:#f5f7f9;--good:#1f7a3d;--bad:#b3261e;--doubt:#a15c00;
        --calm:#2f5f8f}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:60rem;padding:2rem 1.5rem 4rem;color:var(--ink);background:#fff;
        font:15px/1.5 "Helvetica Neue",Arial,"Liberation Sans","DejaVu Sans",sans-serif}
        h1{font-size:1.65rem;line-height:1.25;margin:.2rem 0 .3rem}
        h2{font-size:1.15rem;margin:2.2rem 0 .6rem;padding-bottom:.25rem;border-bottom:2px solid var(--ink)}
        h2 small,h3 small{font-weight:normal;color:var(--soft);font-size:.8em}
        h3{font-size:1rem;margin:1.5rem 0 .4rem}
        p{margin:.4rem 0}
        a{color:inherit}
        code,pre{font:12.5px/1.45 "DejaVu Sans Mono","Liberation Mono",Menlo,Consolas,monospace}
        code{overflow-wrap:anywhere}
        pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--wash);border-left:3px solid var(--line);
        padding:.6rem .8rem;margin:.5rem 0}
        table{border-collapse:collapse;width:100%;margin:.5rem 0 1rem;font-size:.92em}
        th,td{text-align:left;vertical-align:top;padding:.32rem .55rem;border-bottom:1px solid var(--line);
        overflow-wrap:anywhere}
        thead th{border-bottom:1.5px solid var(--soft);font-size:.85em;color:var(--soft);font-weight:600}
        thead th{white-space:nowrap}td .good,td .bad,td .doubt{overflow-wrap:normal}td a{overflow-wrap:break-word}
        .t{white-space:nowrap}.values td:first-child{overflow-wrap:break-word;width:11rem}
        .facts th{width:13rem;font-weight:600;color:var(--soft)}
        .kicker{color:var(--soft);font-size:.9em;letter-spacing:.02em;margin:0}
        .lead{font-size:1.05rem}
        .verdict{display:inline-block;border:2px solid;border-radius:4px;padding:.1rem .6rem;font-weight:700;
        font-size:1.05rem}
        .good{color:var(--good)}.bad{color:var(--bad)}.doubt{color:var(--doubt)}.soft{color:var(--soft)}
        td .good,td .bad,td .doubt{font-weight:600}
        .box{border:2px solid;border-left-width:8px;border-radius:3px;padding:.5rem .9rem;margin:1rem 0}
        .box>*{color:var(--ink)}
        .box p:first-child{font-weight:700}
        ol.deviations{padding-left:1.6rem;margin:.4rem 0}
        ol.deviations li{margin:.25rem 0}
        .tally{display:flex;flex-wrap:wrap;gap:.5rem;margin:1rem 0}
        .tally div{flex:1 1 6rem;border:1px solid var(--line);border-radius:4px;padding:.45rem .7rem;background:var(--wash)}
        .tally b{display:block;white-space:nowrap;font-size:1.05rem;line-height:1.3}
        .tally span{color:var(--soft);font-size:.82em}
        .missing{color:var(--doubt);font-style:italic}
        .group th{background:var(--wash);font-size:.95em;color:var(--ink)}
        .group small{display:block;font-weight:normal;color:var(--soft)}
        .evidence td:nth-child(1){width:30%}.evidence td:nth-child(2){width:40%}
        .narrow td:first-child{white-space:nowrap}
        svg.timeline{display:block;width:100%;height:auto;margin:.4rem 0}
        svg text{font:11px "Helvetica Neue",Arial,"Liberation Sans","DejaVu Sans",sans-serif;fill:var(--ink)}
        svg .tick{text-anchor:middle;fill:var(--soft)}svg .number{text-anchor:end;fill:var(--soft)}
        svg .took{fill:var(--soft);font-size:10px}svg .end{text-anchor:end}
        svg .grid{stroke:var(--line);stroke-width:1}
        svg .rest{fill:#eceff2}svg .resttext{font-size:10px;fill:var(--soft)}
        svg .decision{text-anchor:middle;font-size:13px}
        .bar.good{fill:#4f9d69}.bar.bad{fill:#c8453c}.bar.doubt{fill:#d98e1f}.bar.open{fill:#8fb3d9}
        .bar.undo{fill:#7d6aa8}.bar.people{fill:#6f98bf}.bar.plain{fill:#a9b2bc}
        .legend{color:var(--soft);font-size:.85em}.legend span{margin-right:1.1rem;white-space:nowrap}
        .key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.35em}
        .key.good{background:#4f9d69}.key.bad{background:#c8453c}.key.doubt{background:#d98e1f}
        .key.open{background:#8fb3d9}.key.undo{background:#7d6aa8}.key.people{background:#6f98bf}
        .key.plain{background:#a9b2bc}
        footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:.6rem;color:var(--soft);font-size:.85em}
        @page{size:A4;margin:16mm 14mm 18mm;@bottom-right{content:counter(page) " / " counter(pages);
        font:9pt Arial,"Liberation Sans",sans-serif;color:#57606a}}
        @media print{body{max-width:none;padding:0;font-size:9.5pt}
        *{-webkit-print-color-adjust:exact;print-color-adjust:exact}
        th,td{padding:.22rem .45rem}h2,h3,tr.group{break-after:avoid}tr,svg,.box,.tally,.step>h3{break-inside:avoid}thead{display:table-header-group}
        h2.page{break-before:page}a{text-decoration:none}code,pre{font-size:8pt}pre{break-inside:auto}}
        """
}
