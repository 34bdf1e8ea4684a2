"""Plots are well-formed SVG that shows what it is given and fetches nothing."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rufname.plots import HEIGHT, TINY, WIDTH, Chart, Mark, Series, number, svg

SVG = "{http://www.w3.org/2000/svg}"
NUMBERS = st.floats(-1e9, 1e9, allow_nan=False)


def _chart(*series: Series, **settings: object) -> Chart:
    return Chart("a plot", "x", "y", series, **settings)  # type: ignore[arg-type]  # a test's


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=30), st.booleans(), st.booleans())
def test_any_points_make_a_picture_within_its_frame(
    points: list[tuple[float, float]],
    log_x: bool,  # noqa: FBT001 - drawn
    log_y: bool,  # noqa: FBT001 - drawn
) -> None:
    chart = _chart(Series("s", points), Series("d", points, "dots"), log_x=log_x, log_y=log_y)
    shown = [p for p in points if (p[0] > TINY or not log_x) and (p[1] > TINY or not log_y)]
    if not shown:
        with pytest.raises(ValueError, match="nothing to show"):
            svg(chart)
        return
    picture = ET.fromstring(svg(chart))
    circles = picture.findall(f"{SVG}circle")
    assert len(circles) == len(shown) + 1  # one of the legend
    for circle in circles:
        assert -1 <= float(circle.attrib["cx"]) <= WIDTH + 1
        assert -1 <= float(circle.attrib["cy"]) <= HEIGHT + 1


def test_names_are_escaped_and_marks_are_written() -> None:
    text = svg(_chart(Series("a<b", [(1, 1), (2, 4)]), Series("c", [(1, 2)], "bars"),
                      marks=[Mark(1.5, "knee & more")]))  # fmt: skip
    assert "a&lt;b" in text
    assert "knee &amp; more" in text
    assert "<script" not in text
    ET.fromstring(text)


def test_the_words_of_a_mark_stand_where_nothing_is_drawn() -> None:
    curve = [(float(n), float(n * n)) for n in range(1, 101)]
    low = [(float(n), 400.0) for n in range(1, 101, 10)]
    chart = _chart(
        Series("curve", curve), Series("low", low, "dots"), marks=[Mark(80.0, "knee: 80 a second")]
    )
    picture = ET.fromstring(svg(chart))
    (words,) = (each for each in picture.findall(f"{SVG}text") if each.text == "knee: 80 a second")
    right, base = float(words.attrib["x"]), float(words.attrib["y"])
    circles = picture.findall(f"{SVG}circle")
    dots = [(float(each.attrib["cx"]), float(each.attrib["cy"])) for each in circles]
    (line,) = picture.findall(f"{SVG}polyline")
    points = [tuple(map(float, each.split(","))) for each in line.attrib["points"].split()]
    for x, y in [*dots, *points]:
        assert not (right - 100 < x < right and base - 12 < y < base + 4)


def test_a_histogram_has_a_bar_for_each_class() -> None:
    picture = ET.fromstring(
        svg(_chart(Series("n", [(0.1, 3), (0.2, 5), (0.4, 1)], "bars"), log_x=True))
    )
    bars = [each for each in picture.findall(f"{SVG}rect") if "class" not in each.attrib]
    heights = [float(each.attrib["height"]) for each in bars]
    assert heights[1] > heights[0] > heights[2] > 0


@pytest.mark.parametrize(
    ("value", "text"), [(0.3456, "0.346"), (1200, "1,200"), (1_500_000, "1.5 M"), (0, "0")]
)
def test_numbers_at_axes_are_short(value: float, text: str) -> None:
    assert number(value) == text
