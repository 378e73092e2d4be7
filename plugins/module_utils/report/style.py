# SPDX-License-Identifier: GPL-3.0-or-later
"""The style sheet of the page: two palettes, and rules for screens of every width and for paper. Pure.

A unit test computes the contrast of each palette.
"""

from __future__ import annotations

from collections.abc import Mapping

LIGHT = {
    "page": "#f4f6f9", "surface": "#ffffff", "raised": "#f7f9fc", "line": "#d5dce6", "ink": "#17202c",
    "muted": "#4d5b6c", "accent": "#1d5fc4", "second": "#0c7a6f", "track": "#e4e9f0",
    "kept": "#17693a", "kept-tint": "#e3f4e9", "degraded": "#835000", "degraded-tint": "#fdf0d9",
    "broken": "#b01f1f", "broken-tint": "#fde8e6", "unknown": "#574b94", "unknown-tint": "#edebfa",
}
DARK = {
    "page": "#0e131a", "surface": "#161d27", "raised": "#1c2531", "line": "#2f3b4b", "ink": "#e8edf4",
    "muted": "#a3b1c2", "accent": "#7db0ff", "second": "#4fd1c1", "track": "#2a3544",
    "kept": "#6bd798", "kept-tint": "#14301f", "degraded": "#f3bd66", "degraded-tint": "#35270c",
    "broken": "#ff9b93", "broken-tint": "#3d1817", "unknown": "#bdb4ff", "unknown-tint": "#272249",
}
_STATES = ("kept", "degraded", "broken", "unknown")


def _variables(palette: Mapping[str, str]) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in palette.items())


def _states() -> str:
    """Return the rules that give each state its colours; a cache that could not be read is broken."""
    names = {state: f".{state}" for state in _STATES} | {"broken": ".broken,.unreadable"}
    return "\n".join(f"{selector}{{--state:var(--{state});--tint:var(--{state}-tint)}}"
                     for state, selector in names.items())


_BASE = """\
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
 "Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
h1,h2,h3,h4,p,ul,ol,dl,dd,figure{margin:0;padding:0}
ul,ol{list-style:none}
h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.01em}
h2{font-size:1.35rem;line-height:1.25}
h3{font-size:1rem;line-height:1.3}
h4{font-size:.95rem}
a{color:var(--accent)}
a:focus-visible,summary:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.875em}
.muted{color:var(--muted)}
.small{font-size:.875rem}
.wrap{max-width:76rem;margin:0 auto;padding:0 1.5rem}
.top{background:var(--surface);border-bottom:1px solid var(--line);padding:1.75rem 0}
.top .wrap{display:flex;flex-wrap:wrap;gap:.75rem 2rem;align-items:end;justify-content:space-between}
.kicker{color:var(--muted);font-size:.8125rem;font-weight:600;letter-spacing:.06em;text-transform:uppercase}
main.wrap{padding-top:1.5rem;padding-bottom:3rem}
main>*+*{margin-top:1.5rem}
footer{border-top:1px solid var(--line);color:var(--muted);font-size:.875rem;padding:1.25rem 0 2rem}
"""

_PARTS = """\
.card{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:1.25rem 1.5rem}
.card>h2,.card>h3{font-size:1rem;margin-bottom:.875rem}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.unseen+*{margin-top:0}
.stack>*+*{margin-top:1.25rem}
.two{display:grid;gap:1.25rem;grid-template-columns:repeat(2,minmax(0,1fr));align-items:start}
.two>:only-child{grid-column:1/-1}
.head{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center}
.head .small{flex-basis:100%}
.pill{display:inline-flex;align-items:center;gap:.4em;background:var(--tint);color:var(--state);
 border-radius:999px;padding:.15rem .7rem .15rem .55rem;font-size:.875rem;font-weight:600;white-space:nowrap}
.pill svg{width:1em;height:1em;flex:none}
.pill.large{font-size:1rem;padding:.3rem .95rem .3rem .75rem}
.counts{display:flex;flex-wrap:wrap;gap:.5rem}
.steps>li{border-left:4px solid var(--state);background:var(--raised);border-radius:0 8px 8px 0;
 padding:.75rem 1rem}
.steps>li+li{margin-top:.625rem}
.steps h4{display:flex;flex-wrap:wrap;gap:.35rem .75rem;align-items:center}
.steps p{margin-top:.25rem}
.next{font-weight:600}
table{border-collapse:collapse;width:100%}
th{color:var(--muted);font-size:.8125rem;font-weight:600;text-align:left}
th,td{border-bottom:1px solid var(--line);padding:.6rem .75rem;vertical-align:top}
th:first-child,td:first-child{padding-left:0}
th:last-child,td:last-child{padding-right:0}
tbody tr:last-child td{border-bottom:0}
td.short,th{overflow-wrap:normal}
th:first-child{min-width:10rem}
td.short{white-space:nowrap}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
dl.pairs{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.35rem 1.25rem}
dl.pairs dt{color:var(--muted)}
details.cache>summary{cursor:pointer;display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;
 list-style:none;padding:.9rem 1.25rem;background:var(--surface);border:1px solid var(--line);
 border-radius:12px}
details.cache>summary::-webkit-details-marker{display:none}
details.cache>summary::before{content:"";border:solid var(--muted);border-width:0 2px 2px 0;width:.5rem;
 height:.5rem;transform:rotate(-45deg);margin-right:.25rem}
details.cache[open]>summary::before{transform:rotate(45deg)}
details.cache[open]>.stack{margin-top:1.25rem}
"""

_DRAWINGS = """\
.path{display:grid;grid-template-columns:repeat(3,minmax(0,1fr) auto) minmax(0,1fr);gap:.5rem;
 align-items:stretch}
.path>li{background:var(--raised);border:1px solid var(--line);border-radius:10px;grid-row:3;
 padding:.75rem .9rem}
.path>li.above{grid-column:3/6;grid-row:1;border-style:dashed;border-color:var(--muted)}
.path>li.link{background:none;border:0;padding:0;align-self:center;color:var(--muted);width:1.75rem}
.path>li.down{grid-column:3/6;grid-row:2;justify-self:center;width:1.75rem}
.path .down svg{transform:rotate(90deg)}
.path svg{display:block;width:1.75rem;height:1.25rem}
.path b{display:block;font-size:1.25rem;line-height:1.3;font-variant-numeric:tabular-nums}
.path .lacks{color:var(--broken)}
.nodes{display:grid;gap:.875rem;grid-template-columns:repeat(auto-fill,minmax(min(17rem,100%),1fr))}
.node{border:1px solid var(--line);border-radius:10px;overflow:hidden}
.node.broken{border:2px solid var(--broken)}
.node>header{display:flex;flex-wrap:wrap;gap:.25rem .6rem;align-items:center;background:var(--raised);
 border-bottom:1px solid var(--line);padding:.55rem .9rem}
.node ul{padding:.35rem .9rem}
.node li{display:grid;grid-template-columns:1.1rem minmax(0,1fr);gap:.15rem .6rem;padding:.3rem 0}
.node li>svg{width:1.1rem;height:1.1rem;margin-top:.2rem}
.node li p{grid-column:2}
.master{--role:var(--accent)}
.worker,.fuse{--role:var(--second)}
.application{--role:var(--muted)}
.node li>svg *{fill:var(--role)}
.node li.broken>svg *{fill:none;stroke:var(--broken);stroke-width:2.5}
.reason{color:var(--broken);font-size:.875rem}
.tag{display:inline-block;border:1px solid currentColor;border-radius:5px;color:var(--accent);
 font-size:.75rem;font-weight:600;line-height:1.35;padding:0 .4em;margin-left:.35rem}
.group{display:grid;grid-template-columns:minmax(8rem,11rem) minmax(0,1fr);gap:1rem 1.5rem;align-items:center}
.group>svg{display:block;width:100%;max-width:11rem;margin:0 auto}
.group ol{grid-column:1/-1;display:grid;gap:.3rem}
.group ol>li{display:grid;grid-template-columns:1.6rem minmax(0,1fr) auto;gap:.5rem;align-items:start}
.group ol>li>span:first-child{color:var(--muted);font-variant-numeric:tabular-nums}
.spoke{stroke:var(--kept);stroke-width:2.5}
.spoke.lost{stroke:var(--broken);stroke-dasharray:4 5}
.peer{fill:var(--kept-tint);stroke:var(--kept);stroke-width:2.5}
.peer.leads{fill:var(--kept);stroke:var(--kept)}
.peer.lost{fill:var(--broken-tint);stroke:var(--broken);stroke-dasharray:4 4}
.peer-name{fill:var(--kept);font-size:17px;font-weight:700;text-anchor:middle;dominant-baseline:central}
.peer-name.leads{fill:var(--surface)}
.peer-name.lost{fill:var(--broken)}
.outlook p+p{margin-top:.5rem}
.meter+.meter,.meter+p,p+.meter{margin-top:.9rem}
.meter>div{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.1rem 1rem}
.meter b,.bars b{font-variant-numeric:tabular-nums}
.meter>svg,.bars svg{display:block;width:100%;height:.875rem;margin-top:.3rem}
.track{fill:var(--track)}
.one{fill:var(--accent)}
.two-of{fill:var(--second)}
.bars>p+div,.bars>div+div{margin-top:.8rem}
.bars .bars>div:first-child{margin-top:0}
.bars .big{font-size:1.75rem;font-weight:700;line-height:1.2}
.key{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;font-size:.875rem;color:var(--muted)}
.key svg{width:.75rem;height:.75rem;margin-right:.4rem}
.plot{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.25rem .6rem;margin:.5rem 0 1rem}
.plot svg{width:100%;height:9rem;border-left:1px solid var(--muted);border-bottom:1px solid var(--muted)}
.plot .scale{display:flex;flex-direction:column;justify-content:space-between;text-align:right}
.plot .scale,.plot .span{color:var(--muted);font-size:.8125rem;font-variant-numeric:tabular-nums}
.plot .span{grid-column:2;display:flex;justify-content:space-between}
.plot path{fill:none;stroke:var(--accent);stroke-width:2;vector-effect:non-scaling-stroke;
 stroke-linejoin:round;stroke-linecap:round}
.plot .second{stroke:var(--second)}
.plot .dots{stroke-width:7}
.plot .grid{stroke:var(--line);stroke-width:1}
"""

_NARROW = """\
@media screen and (max-width:60rem){.two{grid-template-columns:minmax(0,1fr)}}
@media screen and (max-width:44rem){
.wrap{padding:0 1rem}
.top{padding:1.25rem 0}
h1{font-size:1.4rem}
main.wrap{padding-top:1rem}
.card{padding:1rem}
.path{grid-template-columns:minmax(0,1fr)}
.path>li,.path>li.above{grid-area:auto}
.path>li.down{display:none}
.path>li.link{justify-self:center}
.path .link svg{transform:rotate(90deg)}
.group{grid-template-columns:minmax(0,1fr)}
table.cards thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table.cards tr{display:grid;gap:.15rem;border-bottom:1px solid var(--line);padding:.7rem 0}
table.cards tbody tr:last-child{border-bottom:0}
table.cards td{display:block;border:0;padding:0}
table.cards td.number,table.cards td.short{text-align:left;white-space:normal}
table.cards td:empty{display:none}
table.cards td[data-label]::before{content:attr(data-label) ": ";color:var(--muted)}
dl.pairs{grid-template-columns:minmax(0,1fr);gap:.1rem}
dl.pairs dd+dt{margin-top:.5rem}
}
"""

# Paper has the light palette and everything opened; a card that fits on a page is not split.
_PAPER = """\
@page{margin:14mm}
html{font-size:9.5pt}
body{font-size:1rem;background:none}
.group{grid-template-columns:7rem minmax(0,1fr)}
.wrap{max-width:none;padding:0}
.top,.card,details.cache>summary{border-color:var(--line);background:none}
.card,.node,.steps>li,tr,.group,.plot,.meter{break-inside:avoid}
.card.long{break-inside:auto}
h2,h3,h4{break-after:avoid}
details::details-content{content-visibility:visible;display:block;height:auto}
details.cache>summary::before{display:none}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
a{color:inherit;text-decoration:none}
"""


def sheet() -> str:
    """Return the style sheet."""
    light = f":root{{color-scheme:light;{_variables(LIGHT)}}}\n"
    return (f":root{{color-scheme:light dark;{_variables(LIGHT)}}}\n"
            f"@media screen and (prefers-color-scheme:dark){{:root{{{_variables(DARK)}}}}}\n"
            f"{_states()}\n{_BASE}{_PARTS}{_DRAWINGS}{_NARROW}@media print{{\n{light}{_PAPER}}}\n")
