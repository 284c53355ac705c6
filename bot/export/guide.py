"""CHECK.md: how somebody without us finds out whether a bundle is whole and unaltered, and what its fields mean."""

from __future__ import annotations

from pathlib import Path

from models.hazard.dossier import Dossier

REDACTED = (
    "为保护举报人，部分记录隐去了办理人编号、随机盐和可能暴露身份的内容（见各条 redacted 字段）。"
    "这些记录的哈希是原始哈希，本案卷内无法重算；但每条的 previous 等于上一条的 hash，链条首尾完整，"
    "增删、调换任何一条都会断链。有权机关可要求县级管理员用 --reveal 导出全文，两份的 hash 应逐条一致。"
)

TEXT = Path(__file__).with_name("CHECK.md")


def text(dossier: Dossier) -> str:
    """The guide for this bundle."""
    hidden = any("redacted" in entry for chain in dossier.chains for entry in chain.entries)
    return TEXT.read_text("utf-8").format(number=dossier.number, redacted=f"- {REDACTED}\n" if hidden else "")
