"""A browser without a window, for what only a browser can tell."""

import re
import shutil
import subprocess

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-extensions", "--enable-logging=stderr", "--v=0", "--hide-scrollbars"),
)


def open_page(path, profile, *, width=1280, dark=False):
    """Return the page as the browser has it once it is loaded, and what its console says.

    The console holds errors of scripts, and every address that the page may not or cannot load.
    """
    colours = ("--blink-settings=preferredColorScheme=0", "--force-dark-mode") if dark else ()
    command = [CHROMIUM, *_QUIET, *colours, f"--user-data-dir={profile}"]
    command += [f"--window-size={width},900", "--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, re.findall(r"CONSOLE.*", done.stderr)


def measured(path, folder, profile, width):
    """Return how wide a page is laid out in a window, and how wide what stands in it is."""
    page = path.read_text("utf-8")
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    script = (
        "<script>const it = document.documentElement;"
        "it.dataset.widths = [it.clientWidth, it.scrollWidth].join()</script>"
    )
    copy = folder / f"measured-{width}.html"
    copy.write_text(page.replace("</body>", f"{script}</body>"), "utf-8")
    found, _ = open_page(copy, profile, width=width)
    return tuple(map(int, re.search(r'data-widths="(\d+),(\d+)"', found).groups()))
