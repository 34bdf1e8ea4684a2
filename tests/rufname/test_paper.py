from __future__ import annotations

from rufname.paper import figure, heading, page, paragraph, table


def test_a_page_is_one_file_whose_texts_are_escaped() -> None:
    text = page(
        "A & B",
        [
            heading("<one>"),
            paragraph("x < y", "lead"),
            table(("name", "figure"), [("<b>", "1,000")], numbers=1),
            figure("<svg/>", "what & why"),
        ],
    )
    assert text.startswith("<!doctype html>")
    for part in (
        "<title>A &amp; B</title>", "<h2>&lt;one&gt;</h2>", '<p class="lead">x &lt; y</p>',
        '<td>&lt;b&gt;</td><td class="n">1,000</td>', "what &amp; why", "@media print",
    ):  # fmt: skip
        assert part in text
    for outside in ("http:", "https:", "<script", "url(", "@import"):
        assert outside not in text
