"""The demo as a newcomer meets it: a real browser, three phones, one report that travels across them."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from bot.demo import open_demo

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURE = Path(__file__).resolve().parents[2] / "docs" / "three-phones.png"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-quic",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install Debian's package chromium to see the page"),
]


expect.set_options(timeout=20_000)  # the county's officers are still joining, and the machine may be busy


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a window."""
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        await opened.close()


@pytest.fixture
async def page(browser: Browser, tmp_path: Path) -> AsyncIterator[Page]:
    """The demo's page, on a fresh county."""
    async with open_demo(0, tmp_path / "demo") as (_, url):
        shown = await browser.new_page(viewport={"width": 1440, "height": 900})
        faults: list[str] = []
        shown.on("pageerror", lambda error: faults.append(str(error)))
        await shown.goto(url)
        yield shown
        await shown.close()
        assert not faults


def phone(page: Page, number: int) -> Locator:
    """One of the three phones."""
    return page.get_by_test_id(f"phone-{number}")


async def test_a_newcomer_sees_a_report_travel_through_three_phones(page: Page) -> None:
    worker, officer, county = (phone(page, number) for number in range(3))
    await worker.get_by_test_id("start").click()
    await worker.get_by_test_id("key").filter(has_text="分享我的手机号").click()
    await worker.get_by_test_id("confirm-ok").click()
    await expect(worker.get_by_test_id("log")).to_contain_text("欢迎您，华山村网格员1")
    await worker.get_by_test_id("attach").click()
    await worker.get_by_test_id("attach-photo-landslide").click()
    await worker.get_by_test_id("attach-send").click()
    await expect(worker.get_by_test_id("log")).to_contain_text("YH-330824106-")
    await worker.get_by_test_id("key").filter(has_text="发送位置").click()
    await worker.get_by_test_id("location-send").click()
    await worker.get_by_test_id("inline").filter(has_text="✅").click()
    accept = officer.get_by_test_id("inline").filter(has_text="受理")
    await expect(accept).to_be_visible()
    if os.environ.get("CUNSHAO_PICTURE"):
        await page.wait_for_timeout(1500)
        await page.screenshot(path=PICTURE)
    await accept.click()
    await expect(worker.get_by_test_id("log")).to_contain_text("已受理")
    await expect(county.get_by_test_id("log")).not_to_contain_text("YH-")
    await it_is_mended_and_closed(page)


async def it_is_mended_and_closed(page: Page) -> None:
    """The rest of the loop: given to the village's head on the third phone, mended, checked, and answered."""
    worker, officer, head = (phone(page, number) for number in range(3))
    await head.get_by_test_id("person-picker").click()
    await page.get_by_test_id("person-search").fill("华山村负责人")
    await page.get_by_test_id("person").filter(has_text="华山村负责人").first.click()
    await pressed(officer, "华山村负责人")
    await pressed(head, "整改完成")
    await head.get_by_test_id("attach").click()
    await head.get_by_test_id("attach-photo-culvert").click()
    await head.get_by_test_id("attach-send").click()
    await expect(head.get_by_test_id("log")).to_contain_text("整改后照片 1 张")
    await head.get_by_test_id("key").filter(has_text="发送位置").click()
    await head.get_by_test_id("location-send").click()
    await pressed(head, "已清除")
    await pressed(officer, "✅ 销号")
    await pressed(worker, "满意")
    await expect(officer.get_by_test_id("log")).to_contain_text("上报人满意")


async def pressed(phone: Locator, words: str) -> None:
    """The newest button with these words."""
    await phone.get_by_test_id("inline").filter(has_text=words).last.click()


async def test_the_clock_walks_to_the_reminder_and_the_language_switches(page: Page) -> None:
    worker, officer = phone(page, 0), phone(page, 1)
    await worker.get_by_test_id("start").click()
    await worker.get_by_test_id("key").filter(has_text="分享我的手机号").click()
    await worker.get_by_test_id("confirm-ok").click()
    await worker.get_by_test_id("attach").click()
    await worker.get_by_test_id("attach-photo-culvert").click()
    await worker.get_by_test_id("attach-send").click()
    await worker.get_by_test_id("key").filter(has_text="发送位置").click()
    await worker.get_by_test_id("location-send").click()
    await worker.get_by_test_id("inline").filter(has_text="✅").click()
    await expect(officer.get_by_test_id("inline").filter(has_text="受理")).to_be_visible()
    await page.get_by_test_id("push-1h").click()
    await expect(officer.get_by_test_id("log")).to_contain_text("待核实 · 限")
    await page.get_by_test_id("lang").click()
    await expect(worker.get_by_test_id("log")).to_contain_text("Welcome")
    await expect(worker.get_by_test_id("key").filter(has_text="Report a hazard")).to_be_visible()
