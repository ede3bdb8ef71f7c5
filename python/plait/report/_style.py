"""The style sheet of reports: for wide and narrow screens, dark mode, and print."""

STYLE = """
:root { color-scheme: light dark; --ink: #18181b; --quiet: #52525b; --paper: #ffffff; --line: #e4e4e7; --shade: #f4f4f5; --card: #ffffff;
  --link: #1d4ed8; --keyword: #7c3aed; --string: #15803d; --number: #b45309; --comment: #6b7280; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e4e7; --quiet: #a1a1aa; --paper: #18181b; --line: #3f3f46; --shade: #27272a; --card: #1f1f23;
  --link: #93c5fd; --keyword: #c4b5fd; --string: #86efac; --number: #fcd34d; --comment: #9ca3af; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0 auto; padding: 1.5rem 1.25rem 4rem; max-width: 56rem; font: 1rem/1.6 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  overflow-wrap: break-word; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0.5rem 0; letter-spacing: -0.01em; text-wrap: balance; }
h2 { font-size: 1.35rem; margin: 3.2rem 0 0.5rem; padding-top: 1.2rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.8rem 0 0.5rem; }
p { margin: 0.5rem 0; max-width: 44rem; } p.subtitle { color: var(--quiet); font-size: 1.1rem; }
figure { margin: 0; } figcaption, .caption { color: var(--quiet); font-size: 0.92rem; margin: 0.5rem 0; max-width: 44rem; }
a { color: var(--link); text-underline-offset: 0.15em; }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; padding: 0.75rem 1rem; background: var(--card); }
.plot { text-align: center; padding: 0.75rem; } .plot img { max-width: 100%; height: auto; vertical-align: middle; }
.graph { max-height: 80vh; overflow: auto; } .graph svg { display: block; margin: 0 auto; }
pre { margin: 0; font: 0.8rem/1.5 ui-monospace, Menlo, Consolas, monospace; }
pre.code { margin: 0.8rem 0; padding: 0.8rem 1rem; background: var(--shade); border-radius: 8px; overflow-x: auto; font-size: 0.85rem; }
.code b { font-weight: 600; color: var(--keyword); } .code .s { color: var(--string); } .code .n { color: var(--number); }
.code i { color: var(--comment); font-style: normal; }
table { border-collapse: collapse; font-size: 0.95rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.3rem 1.2rem 0.3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; } th { font-weight: 600; color: var(--quiet); white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; padding-right: 0; padding-left: 1.2rem; }
td.number + td, th.number + th { padding-left: 1.2rem; }
table.facts { width: 100%; } table.facts td:first-child { color: var(--quiet); }
table.program { width: 100%; font-size: 0.85rem; } table.program td:last-child { width: 60%; }
nav { margin: 1rem 0; } nav ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.4rem; }
nav a { display: block; padding: 0.2rem 0.75rem; border: 1px solid var(--line); border-radius: 999px; color: inherit; text-decoration: none; font-size: 0.9rem; }
nav a:hover { background: var(--shade); } a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
@media (max-width: 600px) {
  body { padding: 1rem 0.9rem 3rem; } h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.4rem; }
  .wide { padding: 0.5rem 0.6rem; } pre.code { font-size: 0.75rem; padding: 0.6rem 0.7rem; white-space: pre-wrap; }
  table.program, table.program tbody, table.program tr { display: block; } table.program thead { display: none; }
  table.program tr { padding: 0.4rem 0; border-bottom: 1px solid var(--line); } table.program tr:last-child { border-bottom: 0; }
  table.program td { display: inline-block; border: 0; padding: 0 0.8rem 0 0; text-align: left; } table.program td:last-child { display: block; width: auto; }
}
@media print { nav { display: none; } section { break-inside: avoid; } .graph { max-height: none; } }
"""
