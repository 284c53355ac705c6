"""The field's own terms in files that leave us, in Chinese: the same words as on the screens, and the headings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.hazard import show
from handlers.kit import case, progress
from locales import catalogue
from locales.content import categories, kind
from models.report.rules import PlaceSource


def _chinese(labels: Mapping[Any, str]) -> dict[str, str]:
    """Labels of the screens, by their codes."""
    words = catalogue("zh_CN")
    return {str(code): words(label) for code, label in labels.items()}


GRADES = _chinese(case.GRADES)
REASONS = _chinese(case.REASONS)
STATUSES = _chinese(case.STEPS)
MEASURES = _chinese(progress.MEASURES) | {"other": ""}
PLATES = _chinese(show.PLATES)
FIVES = _chinese(show.FIVES)
SOURCES = {
    PlaceSource.PHONE.value: "手机定位",
    PlaceSource.VENUE.value: "地图选点",
    PlaceSource.EXIF.value: "照片信息",
    PlaceSource.VILLAGE.value: "只知道村",
}


def kind_name(code: str | None, *, category: bool = False) -> str:
    """The kind's name, or that of its category; the code itself for one of an older list."""
    if code is None:
        return "未定"
    if category:
        return next((each.zh for each in categories() if each.letter == code[:1]), code)
    try:
        return kind(code).zh
    except LookupError:
        return code


def yes_no(value: bool | None) -> str:
    """是, 否, or nothing."""
    return "" if value is None else "是" if value else "否"
