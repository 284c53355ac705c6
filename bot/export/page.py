"""index.html of a bundle: the case as an inspector reads and prints it, in Chinese, without a script or an address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

import segno

from bot.export.words import (
    FIVES,
    GRADES,
    MEASURES,
    PLATES,
    REASONS,
    SOURCES,
    STATUSES,
    kind_name,
    yes_no,
)  # fmt: skip
from handlers.hazard.deeds import Tongue, say
from locales import catalogue
from models.hazard.dossier import Chain, Dossier, Exhibit
from models.report.rules import Form

STYLE = Path(__file__).with_name("page.css").read_text("utf-8")
SATISFIED = {True: "满意", False: "没解决", None: ""}


@dataclass(frozen=True)
class Shown:
    """What became of a photo in the bundle: its state, in Chinese what that means, its file and whether it is seen."""

    exhibit: Exhibit
    state: str
    note: str
    file: str | None = None
    picture: bool = False

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong with it: what was kept back on purpose is not wrong."""
        return self.state in ("kept", "reduced", "withheld")


def index(dossier: Dossier, shown: Sequence[Shown], now: datetime, zone: ZoneInfo) -> str:
    """The whole page."""
    told = Telling(dossier, zone)
    parts = [
        *_head(told), *_warnings(dossier, shown), "<h2>基本情况</h2>", _table(told.found()),
        *_section("办理情况", told.handled()), *_section("五落实", told.five()),
        *_photos(told, shown), "<h2>办理经过</h2>", *_story(told, shown), "<h2>记录链</h2>", *_chains(dossier),
        _foot(told.time(now)),
    ]  # fmt: skip
    title = f"隐患案卷 {escape(dossier.number)}"
    return (
        f'<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


class Telling:
    """The facts of a case in the field's words."""

    def __init__(self, dossier: Dossier, zone: ZoneInfo) -> None:
        self.dossier, self.zone = dossier, zone
        self.report, self.hazard = dossier.report, dossier.hazard
        self.tongue = Tongue(catalogue("zh_CN"), self.time, most=2000)

    def time(self, moment: datetime | None) -> str:
        """A moment on the county's wall clock."""
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M}" if moment else ""

    def found(self) -> list[tuple[str, str]]:
        """What was found, by whom and where."""
        report = self.report
        reporter = "（保密，不显示）" if self.dossier.hidden else report["reporter"] or ""
        words = "（保密，不显示）" if self.dossier.hidden else report["words"] or "无"
        answers = {"danger": "有人受伤或被困", "exposed": "有人居住或活动", "growing": "正在恶化"}
        return [
            ("类别", kind_name(report["kind"], category=True)), ("种类", kind_name(report["kind"])),
            ("等级", GRADES.get(report["severity"], "未定")), ("状态", STATUSES[report["status"]]),
            ("乡镇", report["township"]), ("村", report["village"]),
            ("上报人", reporter), ("上报时间", self.time(report["submitted_at"] or report["created_at"])),
            ("位置", self.place()), ("紧急情形", "、".join(v for k, v in answers.items() if report[k]) or "无"),
            ("情况描述", words), ("重复并入", "、".join(self.dossier.joined) or report["duplicate_of"] or "无"),
        ]  # fmt: skip

    def place(self) -> str:
        """Where it is, and how sure that is."""
        report = self.report
        source = SOURCES.get(report["place_source"], "不明")
        if report["latitude"] is None:
            return source
        accuracy = f"，精度 {report['accuracy']:.0f} 米" if report["accuracy"] else ""
        words = f"，{report['place_words']}" if report["place_words"] else ""
        return f"北纬 {report['latitude']:.6f}，东经 {report['longitude']:.6f}（WGS-84，{source}{accuracy}）{words}"

    def handled(self) -> list[tuple[str, str]]:
        """What was done about it; nothing before somebody did."""
        report, hazard = self.report, self.hazard
        if not report["decided_at"]:
            return []
        if report["reject_reason"]:
            reason = report["reject_words"] or REASONS[report["reject_reason"]]
            return [("核实人", report["decided_by"]), ("驳回时间", self.time(report["decided_at"])), ("原因", reason)]
        level = {"county_admin": "县", "township_officer": "乡镇"}.get(hazard.get("desk", ""), "")
        return [
            ("核实人", report["decided_by"] or ""), ("核实时间", self.time(report["decided_at"])),
            ("牵头", level), ("交办时间", self.time(self.assigned_at())),
            ("整改责任人", report["rectifier"] or ""), ("部门", hazard.get("department") or ""),
            ("整改期限", self.time(hazard.get("due_at"))), ("延期次数", str(hazard.get("extended", 0))),
            *self.mended(),
            ("验收人", hazard.get("closer") or ""), ("销号时间", self.time(hazard.get("closed_at"))),
            ("上报人评价", SATISFIED[hazard.get("satisfied")]),
            ("反弹次数", str(hazard.get("reopened", 0))),
            ("挂牌", f"{PLATES[hazard['plate']]}（{self.time(hazard['plated_at'])}）" if hazard.get("plate") else ""),
            ("当场整改", yes_no(report["on_spot"])),
        ]  # fmt: skip

    def assigned_at(self) -> datetime | None:
        """When it was given to who has it; the row's own moment is the one its time runs from, anew after 退回整改."""
        given = [step.at for step in self.dossier.steps if step.verb == "assigned" and not step.joined]
        return given[-1] if given and self.hazard.get("assigned_at") else None

    def mended(self) -> list[tuple[str, str]]:
        """The proof of the last round of mending."""
        done = [proof for proof in self.dossier.proofs if proof["handed_in_at"]]
        if not done:
            return []
        last = done[-1]
        measure = "：".join(part for part in (MEASURES.get(last["measure"], ""), last["words"]) if part)
        distance = f"{last['distance']:.0f} 米" if last["distance"] is not None else "不明"
        excuse = f"（{last['excuse']}）" if last["excuse"] else ""
        done_at = self.time(last["handed_in_at"])
        return [("整改完成时间", done_at), ("整改措施", measure), ("整改照片距隐患点", distance + excuse)]

    def five(self) -> list[tuple[str, str]]:
        """责任, 措施, 资金, 时限, 预案 of a major one."""
        five = self.hazard.get("five") or {}
        return [(label, five[name]) for name, label in FIVES.items() if five.get(name)]


def _head(told: Telling) -> Iterator[str]:
    dossier, report = told.dossier, told.report
    code = segno.make(dossier.number, error="m", micro=False).svg_inline(border=2, dark="#1c2430", omitsize=True)
    grave = " grave" if report["severity"] in ("E", "M") else ""
    tags = [f'<span class="tag">{STATUSES[report["status"]]}</span>']
    tags.append(f'<span class="tag{grave}">{GRADES.get(report["severity"], "等级未定")}</span>')
    tags += ['<span class="tag grave">保密</span>'] if report["confidential"] else []
    tags += ['<span class="tag grave">挂牌督办</span>'] if told.hazard.get("plate") else []
    where = escape(f"{report['county']} {report['township']} {report['village']}")
    yield (
        f'<header><div><h1>隐患案卷：{escape(kind_name(report["kind"]))}</h1><div class="number">'
        f'{escape(dossier.number)}</div><div>{where}</div><div class="tags">{"".join(tags)}</div></div>'
        f'<div class="qr">{code}编号二维码</div></header>'
    )


def _foot(now: str) -> str:
    return (
        f"<footer>导出时间 {now}。本页由 case.json、journal.json 生成，以这两个文件为准；"
        '核对方法见 <a href="CHECK.md">CHECK.md</a>。</footer>'
    )


def _warnings(dossier: Dossier, shown: Sequence[Shown]) -> Iterator[str]:
    """What an inspector must not overlook, before everything else."""
    wrong = [f"{chain.number} 的记录链第 {chain.flaw.nth} 条不完整或被改动。" for chain in dossier.chains if chain.flaw]
    labels = _labels(shown)
    wrong += [
        f"照片 {labels[each.exhibit.id]}（{escape(each.exhibit.number)} 第 {each.exhibit.nth} 张）：{each.note}。"
        for each in shown
        if each.state in ("altered", "missing", "reduced_altered")
    ]
    if wrong:
        yield '<div class="warn"><p class="bad">注意</p>' + "".join(f"<p>{line}</p>" for line in wrong) + "</div>"
    if dossier.hidden:
        yield (
            '<div class="note"><p>本案为保密举报。案卷不含举报人姓名、原话、语音和照片原件，相应记录隐去办理人；'
            "这些记录的哈希无法在本案卷内重算，前后衔接仍可核对。</p></div>"
        )


def _table(pairs: Sequence[tuple[str, str]]) -> str:
    """Facts, two to a row."""
    cells = [f"<th>{label}</th><td>{escape(value).replace(chr(10), '<br>')}</td>" for label, value in pairs]
    if len(cells) % 2:
        cells[-1] = cells[-1].replace("<td>", '<td colspan="3">', 1)
    rows = ["".join(cells[place : place + 2]) for place in range(0, len(cells), 2)]
    return '<table class="facts">' + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


def _section(title: str, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """A headed table of what is known; nothing when nothing is."""
    known = [(label, value) for label, value in pairs if value]
    return [f"<h2>{title}</h2>", _table(known)] if known else []


def _labels(shown: Sequence[Shown]) -> dict[int, str]:
    """How the photos are called on the page, by their ids: 前1, 前2 … 后1 …"""
    counts: Counter[str] = Counter()
    labels = {}
    for each in shown:
        side = "前" if each.exhibit.round is None else "后"
        counts[side] += 1
        labels[each.exhibit.id] = f"{side}{counts[side]}"
    return labels


def _photos(told: Telling, shown: Sequence[Shown]) -> Iterator[str]:
    labels = _labels(shown)
    rounds = sorted({each.exhibit.round for each in shown if each.exhibit.round is not None})
    for side in (None, *rounds):
        some = [each for each in shown if each.exhibit.round == side]
        title = "整改前照片" if side is None else f"整改后照片（第 {side} 轮）" if len(rounds) > 1 else "整改后照片"
        yield f"<h2>{title}</h2>"
        figures = "".join(_figure(told, each, labels[each.exhibit.id]) for each in some)
        yield f'<div class="photos">{figures}</div>' if some else '<p class="soft">没有照片。</p>'


def _figure(told: Telling, each: Shown, label: str) -> str:
    what = {Form.PHOTO: "照片", Form.FILE: "图片文件", Form.VOICE: "语音"}[each.exhibit.form]
    label = f"{label} {what} · 收到 {told.time(each.exhibit.received_at)}"
    of = f" · {each.exhibit.number}" if each.exhibit.number != told.dossier.number else ""
    by = f" · {escape(each.exhibit.by)}" if each.exhibit.by else ""
    if each.file and each.picture:
        seen = f'<a href="{escape(each.file)}"><img src="{escape(each.file)}" alt="{label}"></a>'
    elif each.file:
        seen = f'<div class="none"><a href="{escape(each.file)}">打开文件</a></div>'
    else:
        seen = '<div class="none">没有文件</div>'
    bad = "" if each.whole else ' class="bad"'
    digest = f"<br><code>SHA-256 {each.exhibit.sha256}</code>" if each.exhibit.sha256 else ""
    said = f"{label}{by}{of}<br><span{bad}>{escape(each.note)}</span>{digest}"
    return f"<figure>{seen}<figcaption>{said}</figcaption></figure>"


def _story(told: Telling, shown: Sequence[Shown]) -> Iterator[str]:
    labels = _labels(shown)
    yield '<table><tr><th>时间</th><th>事项</th><th class="shots">照片</th><th>记录</th></tr>'
    for step in told.dossier.steps:
        mark = '<span class="soft">（并入的上报）</span>' if step.joined else ""
        photos = "、".join(labels[shot.id] for shot in step.shots if shot.id in labels)
        nth = f"第{step.nth}条" if step.nth and not step.joined else ""
        yield (
            f'<tr><td class="time">{told.time(step.at)}</td><td>{say(told.tongue, step)}{mark}</td>'
            f'<td>{photos}</td><td class="nth">{nth}</td></tr>'
        )
    yield "</table>"
    if told.dossier.joined:
        yield f'<p class="soft">另有 {len(told.dossier.joined)} 条上报并入本案，各有自己的记录链。</p>'


def _chains(dossier: Dossier) -> Iterator[str]:
    yield "<table><tr><th>编号</th><th>条数</th><th>导出时自查</th><th>链头</th></tr>"
    for chain in dossier.chains:
        head = chain.head["hash"] if chain.head else "无"
        yield (
            f'<tr><td class="time">{escape(chain.number)}</td><td>{len(chain.entries)}</td><td>{_checked(chain)}</td>'
            f"<td><code>{head}</code></td></tr>"
        )
    yield "</table>"


def _checked(chain: Chain) -> str:
    hidden = sum("redacted" in entry for entry in chain.entries)
    kept_back = f"，其中 {hidden} 条隐去部分内容" if hidden else ""
    if chain.flaw is not None:
        return f'<span class="bad">第 {chain.flaw.nth} 条不完整或被改动</span>'
    return "完好" + kept_back
