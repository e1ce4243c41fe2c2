"""The pages of the region in a real browser: on a laptop's screen, on a narrow one, and on paper."""

import pytest
from browser import CHROMIUM, printed, seen

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: the pages are held to their text only")
LAPTOP, NARROW = 1366, 1024
LANDSCAPE = (842, 595)


def pages(files, most=None):
    """The alert page, and the talks; only so many talks, those with the most on them, when ``most`` is given."""
    talks = sorted((path for path in files if path.startswith("talks/") and path.endswith(".html")), key=lambda path: (-len(files[path]), path))
    assert len(talks) == 13
    return ["alerts.html", *talks[:most]]


def hold_on_a_screen(path, page, width):
    assert page["width"] == width
    assert page["wide"] <= width, f"{path} has to be scrolled sideways"
    assert page["fetched"] == [], path
    assert page["outside"] == [], f"{path}: words stand outside their drawing"
    assert page["meeting"] == [], f"{path}: words stand on each other"
    assert page["cut"] == [], f"{path}: words do not fit"
    assert page["broken"] == [], f"{path}: links lead nowhere"
    assert page["headings"] == 1, path


def test_the_fullest_pages_stand_on_a_laptop_whole_and_fetch_nothing(files, tmp_path):
    for path in pages(files, most=2):
        page = seen(files[path], tmp_path, LAPTOP)
        hold_on_a_screen(path, page, LAPTOP)
        assert page["drawings"] > 2 or path == "alerts.html"


def test_the_fullest_talk_fits_a_narrow_window_too(files, tmp_path):
    path = pages(files, most=1)[-1]
    hold_on_a_screen(path, seen(files[path], tmp_path, NARROW), NARROW)


def test_the_fullest_pages_print_on_a4(files, tmp_path):
    for path in pages(files, most=1):
        hold_on_paper(path, printed(files[path], tmp_path))


def test_a_talk_of_two_contracts_begins_the_first_below_the_overview(files, tmp_path):
    # Two sheets for each: the overview has none of its own, and the signals come with the outcomes.
    assert len(printed(files["talks/AG-2018-Q1-kompaspunt.html"], tmp_path)) == 4


def hold_on_paper(path, sheets):
    assert 1 <= len(sheets) <= 12, path
    assert set(sheets) in ({LANDSCAPE}, {LANDSCAPE[::-1]}), path


@pytest.mark.campaign
def test_every_page_stands_on_each_screen_and_on_paper(files, tmp_path):
    for path in pages(files):
        for width in (LAPTOP, NARROW) if path != "alerts.html" else (LAPTOP,):
            hold_on_a_screen(path, seen(files[path], tmp_path, width), width)
        sheets = printed(files[path], tmp_path)
        hold_on_paper(path, sheets)
        print(f"{path}: {len(sheets)} sheets")  # noqa: T201 - the campaign's own account


def test_the_measure_finds_what_is_wrong(tmp_path):
    """The probe itself: a page that is too wide, with words on each other and outside their drawing, and a dead link."""
    wrong = b"""<!doctype html><body><h1>x</h1><table style="width: 2000px"><tr><td>x</table><a href="#none">x</a>
    <p style="width: 20px; overflow: hidden; white-space: nowrap">far too long for its place</p>
    <img src="other.svg"><svg width="100" height="40"><text x="10" y="20">one</text><text x="12" y="22">two</text>
    <text x="90" y="20">outside</text></svg></body>"""
    (tmp_path / "other.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>')
    page = seen(wrong, tmp_path, LAPTOP)
    assert page["wide"] > LAPTOP
    assert (page["outside"], page["meeting"], page["cut"], page["broken"]) == (["outside"], ["one / two"], ["far too long for its place"], ["none"])
    assert [name.rpartition("/")[2] for name in page["fetched"]] == ["other.svg"]
