"""A browser without a window, for what only a browser can tell."""

import json
import re
import shutil
import subprocess
from html import unescape

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-extensions", "--enable-logging=stderr", "--v=0", "--hide-scrollbars"),
)


def open_page(path, profile, *options):
    """Return the page as the browser has it once it is loaded, and what its console says.

    The page is a file's path or a URL.

    The console holds errors of scripts, and every address that the page may not or cannot load.
    """
    address = path if isinstance(path, str) else path.as_uri()
    command = [CHROMIUM, *_QUIET, *options, f"--user-data-dir={profile}", "--dump-dom", address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, re.findall(r"CONSOLE.*", done.stderr)


def overflows(page, folder, profile, widths):
    """Return by how much a page is wider than windows of some widths."""
    frames = "".join(f'<iframe style="width: {width}px; border: 0"></iframe>' for width in widths)
    text = json.dumps(page).replace("<", "\\u003c")
    script = (
        f"const text = {text}, frames = [...document.querySelectorAll('iframe')], found = [];"
        "frames.forEach((frame, at) => { frame.onload = () => {"
        "const it = frame.contentDocument.documentElement;"
        "found[at] = [it.clientWidth, it.scrollWidth - it.clientWidth];"
        "document.body.dataset.found = JSON.stringify(found); }; frame.srcdoc = text; })"
    )
    outer = folder / "outer.html"
    outer.write_text(f"<body>{frames}<script>{script}</script></body>", "utf-8")
    found, _ = open_page(outer, profile)
    measured = json.loads(unescape(re.search(r'data-found="([^"]*)"', found)[1]))
    assert [width for width, _ in measured] == list(widths)
    return [more for _, more in measured]
