"""The report as a PDF: all results in one document, printed by whatever Chromium the machine has, without a network.

The program that prints is no dependency: where there is none, a browser's own print dialogue does the same.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from resilience_pipeline.errors import LakeError
from resilience_pipeline.site.pages import Site, document
from resilience_pipeline.warehouse.atomic import replace_text

#: Programs that print a page, as the systems call them; all are Chromium inside.
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
CHOICE = "RESILIENCE_BROWSER"
SECONDS = 300


def write_pdf(site: Site, folder: Path, file: Path, language: str = "en") -> None:
    """Print the whole report to `file`.

    Parameters
    ----------
    site, folder : the written site; its pictures and style are used.

    Raises
    ------
    LakeError : there is no browser, or it printed nothing.
    """
    browser = find_browser()
    page = folder / f"print_{language}_{os.getpid()}.html"
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        replace_text(page, document(site, language))
        _print(browser, page, file)
    finally:
        page.unlink(missing_ok=True)


def find_browser() -> str:
    """The program to print with; a LakeError says what to do where there is none."""
    named = os.environ.get(CHOICE)
    candidates = [named] if named else [*BROWSERS, *PLACES]
    for candidate in candidates:
        if found := shutil.which(candidate):
            return found
    raise LakeError(
        what="no Chromium, Chrome or Edge is on this machine to print the PDF with",
        found=f"{CHOICE}={named}" if named else f"none of {', '.join(BROWSERS)}",
        remedy=f"install one, or name it in {CHOICE}; or write the pages without --pdf and print them from a browser",
    )


def _print(browser: str, page: Path, file: Path) -> None:
    with tempfile.TemporaryDirectory() as profile:
        made = Path(profile) / "report.pdf"
        command = [browser, "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        command += [f"--user-data-dir={profile}", "--no-pdf-header-footer", "--generate-pdf-document-outline"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # as root, in a container, Chromium starts no other way
        command += [f"--print-to-pdf={made}", page.resolve().as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as failed:
            raise LakeError(
                what="the browser did not print", found=str(failed), remedy=f"name another one in {CHOICE}"
            ) from None
        if not made.is_file() or not made.read_bytes().startswith(b"%PDF"):
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise LakeError(
                what="the browser printed nothing",
                found=said[-1] if said else "",
                remedy=f"name another one in {CHOICE}",
            )
        shutil.move(made, file)
