//! The style of the page and of its pictures: readable on a phone and on paper, light and dark, colours that differ in
//! lightness too.

/// The style sheet of the page, beside [`PICTURE`].
pub const PAGE: &str = r#"
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
header,main,footer{max-width:1160px;margin:0 auto;padding:0 20px}
header{padding-top:28px}
h1{font-size:1.7rem;line-height:1.25;margin:.2em 0}
h2{font-size:1.25rem;margin:2.2em 0 .6em;padding-top:.6em;border-top:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.4em 0 .4em}
p,ul{margin:.5em 0}
a{color:var(--act)}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:3px solid var(--act);outline-offset:2px}
.skip{position:absolute;left:-9999px}.skip:focus{left:20px;top:8px}
.kicker{color:var(--soft);margin:0}
.cards{display:grid;grid-template-columns:repeat(3,1fr);gap:12px;margin:18px 0;padding:0;list-style:none}
.cards li{background:var(--panel);border-left:4px solid var(--line);border-radius:6px;padding:12px 14px}
.cards .bad{border-color:var(--bad)}.cards .warn{border-color:var(--warn)}.cards .good{border-color:var(--good)}.cards .act{border-color:var(--act)}
.cards b{display:block;font-size:1.3rem;line-height:1.3}
.cards span{color:var(--soft);font-size:.9rem}
.first{border:0;margin-top:.2em;padding:0}
.answers{display:grid;grid-template-columns:minmax(150px,190px) 1fr;gap:.55em 20px;margin:1em 0}
.answers dt{font-weight:600}.answers dd{margin:0}
.note{color:var(--soft);font-size:.92rem}
.scroll{overflow-x:auto;margin:0 0 1.5em}
table{border-collapse:collapse;width:100%;font-size:.92rem}
caption{text-align:left;color:var(--soft);padding:.3em 0}
th,td{text-align:left;vertical-align:top;padding:.35em .7em .35em 0;border-bottom:1px solid var(--line)}
th{font-weight:600}
td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td.t{white-space:nowrap;font-variant-numeric:tabular-nums}
code{font:.88em ui-monospace,"Liberation Mono",Menlo,monospace;overflow-wrap:anywhere}td,th{overflow-wrap:anywhere}td.t,td.n,th.n{overflow-wrap:normal}.print{display:none}
.fixed{table-layout:fixed}.scope th:nth-child(1){width:7.5em}.scope th:nth-child(2){width:22%}.scope th:nth-child(3){width:12em}.scope th:nth-child(4){width:4.5em}
.tag{display:inline-block;border:1px solid currentColor;border-radius:4px;padding:0 .4em;font-size:.85em;white-space:nowrap}
.tag.bad{color:var(--bad)}.tag.warn{color:var(--warn)}.tag.good{color:var(--good)}.tag.act{color:var(--act)}
details{margin:.6em 0}summary{cursor:pointer}
.reasons{margin:0;padding-left:1.1em}
.rule{margin:.2em 0;font-size:.92em}.rule summary{color:var(--act)}.rule p{margin:.25em 0}
@media (max-width:800px){.cards{grid-template-columns:1fr 1fr}}
@media (max-width:640px){.answers{grid-template-columns:1fr;gap:.1em}.answers dd{margin-bottom:.8em}.stack{min-width:0;display:block}.stack thead{position:absolute;left:-9999px}.stack tbody,.stack tr,.stack caption{display:block}.stack tr{border-bottom:1px solid var(--line);padding:.5em 0}.stack td{display:block;border:0;padding:.1em 0;text-align:left}.stack td:empty{display:none}.stack td[data-label]::before{content:attr(data-label) ": ";color:var(--soft)}html[lang=fr] .stack td[data-label]::before{content:attr(data-label) "\202f: "}h1{font-size:1.4rem}}
footer{margin-top:3em;padding-bottom:3em;color:var(--soft);font-size:.9rem}
svg{width:100%;height:auto;min-width:760px;display:block;font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
@media (max-width:640px){svg{min-width:0}svg .beside{display:none}}
@media print{body{font-size:9.5pt;line-height:1.35}.scroll{overflow:visible}svg{min-width:0}h2{break-after:avoid}tr,svg,.cards li{break-inside:avoid}.skip,.annex{display:none}.print{display:block}header,main,footer{max-width:none;padding:0}h2{margin-top:1.1em}table{font-size:8.5pt}.cards{gap:6px;margin:8px 0}.cards li{padding:6px 9px}.cards b{font-size:1.05rem}details:not([open]){display:none}svg{max-height:200mm}@page{margin:14mm 12mm}}
"#;

/// What work orders have beside [`PAGE`].
pub const ORDER: &str = r#"
.lead{font-size:1.1rem}
.step{border:1px solid var(--line);border-radius:6px;padding:2px 16px;margin:14px 0}
.do{margin:.4em 0;padding-left:1.4em}.do li{margin:.5em 0}
h4{margin:.9em 0 .2em}
pre{background:var(--panel);border:1px solid var(--line);border-radius:4px;padding:8px 10px;margin:.4em 0;font:.85em ui-monospace,"Liberation Mono",Menlo,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
.sign{margin:1em 0 .6em;font-weight:600}
@media print{.step{break-inside:auto}h3,h4{break-after:avoid}pre{break-inside:avoid}}
"#;

/// The style sheet of pictures, with the colours.
pub const PICTURE: &str = r#"
:root{--ink:#1a1d21;--soft:#5b6470;--paper:#fff;--panel:#f4f6f8;--line:#d5dae0;--bad:#b3261e;--warn:#9a5b00;--good:#1b6e3c;--act:#1f5fa8;--mark:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a4adb8;--paper:#15181c;--panel:#1f242a;--line:#3a424c;--bad:#ff8a80;--warn:#ffb950;--good:#7bd89c;--act:#86b8f5;--mark:#15181c}}
svg{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
svg text{fill:var(--ink)}svg .end{text-anchor:end}svg .middle{text-anchor:middle}
svg .tick{fill:var(--soft);font-size:11px}svg .label{font-size:12px}svg .head,svg .zone-name{font-weight:600}
svg .stage{font-weight:700;fill:var(--soft)}
svg .grid{stroke:var(--line);stroke-width:1}svg .rule{stroke:var(--soft);stroke-width:1}
svg .attack,svg .source{fill:var(--bad)}svg .response{fill:var(--act)}svg .inside{fill:var(--mark);font-size:9px;font-weight:700}
svg .reached{fill:var(--warn)}svg .beyond{fill:var(--act)}svg .protected{fill:var(--good)}
svg .zone{fill:var(--panel);stroke:var(--line)}
svg .cut{fill:none;stroke:var(--soft);stroke-width:1.2;stroke-dasharray:4 3}svg g:hover .cut{stroke:var(--bad);stroke-width:2.4}
svg .move{fill:none;stroke:var(--bad);stroke-width:1.2;opacity:.75}svg g:hover .move{stroke-width:2.4;opacity:1}
svg .cross{fill:none;stroke:var(--bad);stroke-width:2}
svg .bar{fill:var(--act)}svg .s2{fill:var(--good)}svg .s3{fill:var(--warn)}svg .s0{fill:var(--soft)}
svg .late{stroke:var(--soft);stroke-width:2}svg .gate{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:5 3}
svg .watch{fill:var(--good);opacity:.12}svg .beside{font-size:11px;fill:var(--soft);paint-order:stroke;stroke:var(--paper);stroke-width:5px}
svg .rule-name{font:9.5px ui-monospace,"Liberation Mono",Menlo,monospace}
svg .host{font-size:10.5px}
svg .paper{fill:var(--paper)}svg .title{font-size:20px;font-weight:700}svg .role{fill:var(--soft);font-size:11px}
svg .mark{fill:var(--act)}svg .star{fill:#d99a00;stroke:var(--ink);stroke-width:.6}svg .guard{fill:none;stroke:var(--good);stroke-width:2}
svg .door{fill:var(--good);stroke:var(--paper);stroke-width:1}svg .lane{fill:none;stroke:var(--soft);stroke-width:1.1}
svg .lane.login{stroke:var(--bad);stroke-width:1.7}svg .lane.files{stroke:var(--warn);stroke-width:1.7}svg .lane.base{stroke:var(--act);stroke-width:1.7}
svg .tip{fill:var(--soft)}svg .tip.login{fill:var(--bad)}svg .tip.files{fill:var(--warn)}svg .tip.base{fill:var(--act)}
svg .lane-label{font-size:10px;fill:var(--ink);paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
svg g:hover>.lane{stroke-width:3.2}
"#;
