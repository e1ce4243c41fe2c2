"""A real browser, where one is installed: what a page comes to on a screen, and on paper."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip

_PROBE = """
<script>
addEventListener("load", () => {
  const within = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const outside = [], meeting = [], cut = [];
  for (const svg of document.querySelectorAll("svg")) {
    const frame = svg.getBoundingClientRect();
    const labels = [...svg.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]);
    for (const [label, box] of labels) if (!within(box, frame)) outside.push(label);
    labels.forEach(([label, box], n) => labels.slice(n + 1).forEach(([other, its]) => { if (meet(box, its)) meeting.push(label + " / " + other); }));
  }
  for (const cell of document.querySelectorAll("td, th, p, h1, h2, h3, b, li, summary"))
    if (cell.clientWidth && cell.scrollWidth > cell.clientWidth + 1) cut.push(cell.textContent.trim());
  const found = {
    width: innerWidth, wide: document.documentElement.scrollWidth, outside, meeting, cut,
    fetched: performance.getEntriesByType("resource").map(entry => entry.name).filter(name => !name.endsWith("/favicon.ico")),
    drawings: document.querySelectorAll("svg").length, headings: document.querySelectorAll("h1").length,
    broken: [...document.querySelectorAll('a[href^="#"]')].map(link => link.hash.slice(1)).filter(id => !document.getElementById(decodeURIComponent(id))),
  };
  const note = document.createElement("pre");
  note.id = "probe";
  note.textContent = JSON.stringify(found);
  document.body.append(note);
});
</script>
"""


def seen(content: bytes, folder: Path, width: int) -> dict[str, Any]:
    """What a page comes to in a window that is so many pixels wide: its own script measures it, put in behind the page."""
    (folder / "page.html").write_bytes(content.replace(b"</body>", _PROBE.encode() + b"</body>"))
    with _served(folder) as address:
        done = _give(folder, f"--window-size={width},768", "--virtual-time-budget=2000", "--dump-dom", f"{address}/page.html")
    found = re.search(r'<pre id="probe">(.*?)</pre>', done, re.DOTALL)
    assert found is not None, "the page was not shown"
    return dict(json.loads(html.unescape(found[1])))


def printed(content: bytes, folder: Path) -> list[tuple[int, int]]:
    """The sheets on which a page is printed: width and height of each, in points."""
    page, paper = folder / "page.html", folder / "page.pdf"
    page.write_bytes(content)
    _give(folder, "--no-pdf-header-footer", f"--print-to-pdf={paper}", page.as_uri())
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper.read_bytes())
    return [(round(float(wide)), round(float(high))) for wide, high in boxes]


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """A folder over HTTP: of a page that is a file a browser doesn't say what it fetches."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _give(folder: Path, *words: str) -> str:
    assert CHROMIUM is not None
    profile = f"--user-data-dir={folder / 'profile'}"
    return subprocess.run([CHROMIUM, *FLAGS, profile, *words], capture_output=True, text=True, check=True, timeout=120).stdout
