"""The style sheet of a page: light and dark, as the reader's system is set; on paper, light."""

STYLE = """
.concbench{--ink:#1b1f24;--muted:#57606a;--paper:#ffffff;--rule:#d0d7de;--best:#dafbe1;--warn:#9a6700;--link:#0550ae;
--c0:#1a7f37;--c1:#1b7c83;--c2:#cf222e;--c3:#8250df;--c4:#9a6700;--c5:#0969da;--c6:#bc4c00;--c7:#6e7781;--c8:#bf3989;
color:var(--ink);background:var(--paper);font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
@media (prefers-color-scheme:dark){.concbench{--ink:#e6edf3;--muted:#9198a1;--paper:#0d1117;--rule:#3d444d;
--best:#12361f;--warn:#d29922;--link:#79c0ff;--c0:#3fb950;--c1:#39c5cf;--c2:#f85149;--c3:#a371f7;--c4:#d29922;
--c5:#58a6ff;--c6:#db6d28;--c7:#8b949e;--c8:#db61a2}}
@media print{.concbench{--ink:#000;--muted:#444;--paper:#fff;--rule:#bbb;--best:#e8f5ea;--warn:#7a5200;--link:#000;
print-color-adjust:exact;-webkit-print-color-adjust:exact}.concbench figure,.concbench tr{break-inside:avoid}}
html.concbench{color-scheme:light dark}
.concbench body{margin:0 auto;max-width:960px;padding:16px}
.concbench h1{font-size:1.15rem;font-weight:600;color:var(--muted);margin:0 0 8px}
.concbench h2{font-size:1.25rem;margin:32px 0 8px;border-top:1px solid var(--rule);padding-top:16px}
.concbench h3{font-size:1rem;margin:24px 0 4px}
.concbench p,.concbench ul{margin:6px 0}
.concbench li{margin:2px 0}
.concbench .answer{font-size:1.3rem;font-weight:600;line-height:1.35}
.concbench .note{color:var(--muted);font-size:.9rem}
.concbench .warning{color:var(--warn);font-weight:600}
.concbench a{color:var(--link)}
.concbench a:focus-visible,.concbench summary:focus-visible,.concbench .wide:focus-visible{
outline:2px solid var(--link)}
.concbench figure{margin:8px 0 16px}
.concbench figcaption{font-weight:600}
.concbench summary{cursor:pointer;color:var(--muted);font-size:.9rem}
.concbench .wide{overflow-x:auto}
.concbench table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;margin:6px 0}
.concbench th,.concbench td{padding:3px 10px 3px 0;text-align:right;border-bottom:1px solid var(--rule);background:none;
white-space:nowrap}
.concbench th:first-child,.concbench td:first-child,.concbench .facts td{text-align:left}
.concbench .facts td{white-space:normal}
.concbench tr.fastest{background:var(--best)}
.concbench pre{overflow-x:auto;border:1px solid var(--rule);border-radius:6px;padding:10px;font:13px/1.45 monospace;
background:none;color:inherit}
.concbench svg{display:block;overflow:hidden}
.concbench svg text{fill:var(--ink);font:13px system-ui,sans-serif;paint-order:stroke;stroke:var(--paper);
stroke-width:3px}
.concbench svg text.best{stroke:var(--best)}
.concbench svg .name{font-weight:600}
.concbench svg .tick{fill:var(--muted);font-size:12px}
.concbench svg .fastest{fill:var(--best)}
.concbench svg .grid{stroke:var(--rule)}
.concbench svg .one{stroke:var(--muted);stroke-width:1.5}
.concbench svg .ideal{stroke:var(--muted);stroke-dasharray:5 4}
.concbench svg .whisker{stroke:var(--ink);stroke-width:2}
.concbench svg .cut{stroke-dasharray:2 2}
.concbench svg .centre{fill:var(--ink)}
.concbench svg .baseline{fill:var(--paper);stroke:var(--ink);stroke-width:2}
.concbench svg .sample{fill:var(--c5)}
.concbench svg .load{fill:var(--c6)}
.concbench svg .lanes{fill:none;stroke:var(--rule)}
.concbench svg .task{fill:var(--c5)}
.concbench svg .failed{fill:var(--c2)}
.concbench svg .curve{stroke-width:2}
.concbench svg .dashed{stroke-dasharray:6 3}
.concbench svg rect.part{stroke:var(--paper);stroke-width:.5}
.concbench .legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:4px 16px;font-size:.9rem}
.concbench .key{display:inline-block;width:12px;height:12px;margin-right:6px}
""" + "".join(
    f".concbench svg .c{number}{{fill:var(--c{number});stroke:var(--c{number})}}"
    f".concbench .key.c{number}{{background:var(--c{number})}}"
    for number in range(9)
)
"""It needs nothing from outside, and every selector begins with `.concbench`, so that it may stand in a notebook."""
