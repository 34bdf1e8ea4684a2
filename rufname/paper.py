"""One HTML page that prints well: headings, paragraphs, tables, plots; no script, nothing fetched.

Law: every text is escaped here; what is handed over as a part is HTML already.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; color: #1a1a1a; background: #fff;
  max-width: 60rem; margin: 2rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .5rem; border-bottom: 1px solid #bbb; break-after: avoid; }
p { margin: .5rem 0; max-width: 46rem; }
.lead { font-size: 1.15rem; }
.small, figcaption { color: #4a4a4a; font-size: .87rem; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0; break-inside: avoid;
  font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #ddd; text-align: left;
  vertical-align: top; }
thead th { border-bottom: 2px solid #666; }
td.n, th.n { text-align: right; white-space: nowrap; }
figure { margin: .8rem 0; break-inside: avoid; }
svg { width: 100%; height: auto; }
svg text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: #333; }
svg .grid { stroke: #e2e2e2; } svg .frame { fill: none; stroke: #888; }
svg .mark { stroke: #b00020; stroke-width: 1.5; stroke-dasharray: 4 3; }
svg .mark-words { fill: #b00020; paint-order: stroke; stroke: #fff; stroke-width: 4px; }
@media (max-width: 40rem) { th, td { padding: .3rem .35rem; font-size: .9rem; } }
@page { size: A4; margin: 18mm 16mm; }
@media print { body { margin: 0; padding: 0; max-width: none; font-size: 10.5pt; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def page(title: str, parts: Sequence[str]) -> str:
    """Return a whole document."""
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def heading(text: str) -> str:
    """Return a heading below the title."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph; `kind` is "", "lead" or "small"."""
    attribute = f' class="{escape(kind)}"' if kind else ""
    return f"<p{attribute}>{escape(text)}</p>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0) -> str:
    """Return a table; the last `numbers` columns hold figures and stand to the right."""
    kinds = [""] * (len(head) - numbers) + [' class="n"'] * numbers

    def cells(tag: str, texts: Sequence[str]) -> str:
        pairs = zip(texts, kinds, strict=True)
        return "".join(f"<{tag}{kind}>{escape(text)}</{tag}>" for text, kind in pairs)

    lines = "\n".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return (
        f"<table>\n<thead><tr>{cells('th', head)}</tr></thead>\n<tbody>\n{lines}\n</tbody></table>"
    )


def figure(picture: str, caption: str) -> str:
    """Return a plot (SVG) with the words below it."""
    return f"<figure>\n{picture}\n<figcaption>{escape(caption)}</figcaption>\n</figure>"
