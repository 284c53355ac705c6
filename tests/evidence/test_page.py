"""The page of a bundle as an inspector's browser shows it, opened from the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from models.hazard import closing
from models.report.rules import Severity
from tests.cast import Cast
from tests.demo.test_page import CHROMIUM, FLAGS
from tests.evidence.files import bundled, kept
from tests.hazard.steps import closed, does

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install Debian's package chromium to see the page"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


async def test_a_browser_shows_the_whole_case_from_the_disk(cast: Cast, tmp_path: Path) -> None:
    report_id = await closed(cast, severity=Severity.M)
    await does(cast, "bob", closing.answer, report_id, True)
    await kept(cast, tmp_path / "photos")
    opened = await bundled(cast, tmp_path, report_id)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1000, "height": 1400}, java_script_enabled=True)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto((opened.folder / "index.html").as_uri())
        widths = await page.locator("img").evaluate_all("all => all.map(each => each.naturalWidth)")
        assert widths == [320, 320]
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert [url for url in asked if not url.startswith("file:")] == []
        if picture := os.environ.get("CUNSHAO_PICTURE"):
            await page.screenshot(path=picture, full_page=True)
        await browser.close()
