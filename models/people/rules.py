"""Who may see and do what, by post and region; phones and names of divisions. Pure: small facts in, decisions out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import phonenumbers

from models.refused import Refused


class Role(StrEnum):
    """The posts of the roster (contract: roles)."""

    GRID_WORKER = "grid_worker"
    VILLAGE_LEAD = "village_lead"
    TOWNSHIP_OFFICER = "township_officer"
    COUNTY_ADMIN = "county_admin"


class Level(IntEnum):
    """Levels of the tree of divisions; the value is the length of an official code."""

    PROVINCE = 2
    CITY = 4
    COUNTY = 6
    TOWNSHIP = 9
    VILLAGE = 12
    GRID = 15


# Where a post may be held.
SEATS: dict[Role, tuple[Level, ...]] = {
    Role.GRID_WORKER: (Level.VILLAGE, Level.GRID),
    Role.VILLAGE_LEAD: (Level.VILLAGE,),
    Role.TOWNSHIP_OFFICER: (Level.TOWNSHIP,),
    Role.COUNTY_ADMIN: (Level.COUNTY,),
}

# Which posts a post may hand out and end, inside its own region.
APPOINTS: dict[Role, tuple[Role, ...]] = {
    Role.GRID_WORKER: (),
    Role.VILLAGE_LEAD: (),
    Role.TOWNSHIP_OFFICER: (Role.GRID_WORKER, Role.VILLAGE_LEAD, Role.TOWNSHIP_OFFICER),
    Role.COUNTY_ADMIN: tuple(Role),
}

OFFICERS = (Role.TOWNSHIP_OFFICER, Role.COUNTY_ADMIN)


@dataclass(frozen=True)
class Seat:
    """One post held: the role and the region, `path` being the region's stored path such as "/330824/330824106/"."""

    role: Role
    region_code: str
    path: str
    region_name: str


@dataclass(frozen=True)
class Me:
    """A person as far as permissions go."""

    id: int
    name: str
    seats: tuple[Seat, ...]

    def holds(self, *roles: Role) -> bool:
        """Whether one of these posts is held anywhere."""
        return any(seat.role in roles for seat in self.seats)

    def seat(self, *roles: Role) -> Seat:
        """The first seat with one of these roles. Refused when there is none."""
        for seat in self.seats:
            if seat.role in roles:
                return seat
        raise Refused("people.not_your_post")


def sees(me: Me, path: str) -> bool:
    """A region sees itself and everything below it, along the stored path (contract: roster files)."""
    return any(path.startswith(seat.path) for seat in me.seats)


def decides(me: Me, path: str, *roles: Role) -> bool:
    """Whether one of these posts is held over this place."""
    return any(seat.role in roles and path.startswith(seat.path) for seat in me.seats)


def may_appoint(me: Me, role: Role, path: str) -> bool:
    """Whether this person may give or end such a post at this place."""
    return any(role in APPOINTS[seat.role] and path.startswith(seat.path) for seat in me.seats)


def may_change(me: Me, seats: Sequence[Seat]) -> bool:
    """Whether this person may correct somebody's name or phone: only with a say over every post they hold.

    The phone is the way in, so whoever could change that of somebody with a higher post elsewhere would take it over.
    """
    return bool(seats) and all(may_appoint(me, seat.role, seat.path) for seat in seats)


def appointable(me: Me) -> list[Role]:
    """The posts this person may hand out somewhere, the commonest first."""
    return [role for role in Role if any(role in APPOINTS[seat.role] for seat in me.seats)]


def areas(me: Me, role: Role | None = None) -> list[Seat]:
    """Where this person is an officer (and may give `role`); a region inside another counts as the wider one."""
    seats = [seat for seat in me.seats if seat.role in OFFICERS and (role is None or role in APPOINTS[seat.role])]
    wider = {seat.path for seat in seats}
    tops = [seat for seat in seats if not any(seat.path != path and seat.path.startswith(path) for path in wider)]
    return list({seat.path: seat for seat in tops}.values())


def level_of(code: str) -> Level:
    """Level by length of the code (contract: roster files). Refused for other lengths or characters."""
    try:
        return Level(len(code)) if code.isascii() and code.isdigit() else Level(0)
    except ValueError:
        raise Refused("people.bad_code", code=code) from None


def parent_of(code: str) -> str | None:
    """The code of the division above, by prefix; None for a province."""
    levels = sorted(Level)
    place = levels.index(level_of(code))
    return code[: levels[place - 1]] if place else None


def county_of(path: str) -> str:
    """The stored path of the county a place lies in: "/330824/330824106/330824106200/" → "/330824/"."""
    return "/".join(["", *(code for code in path.strip("/").split("/") if len(code) <= Level.COUNTY), ""])


def short_name(name: str) -> str:
    """How people call a division: 华山村委会 → 华山村, 江滨社区居委会 → 江滨社区."""
    for long, short in _SHORT:
        if name.endswith(long):
            return name.removesuffix(long) + short
    return name


# Endings of official names and what people say instead.
_SHORT = (
    ("村民委员会", "村"),
    ("村委会", "村"),
    ("社区居民委员会", "社区"),
    ("社区居委会", "社区"),
)


def plain_phone(text: str) -> str:
    """A phone as written anywhere → "+8613812345678". Only spelling: nothing is said about whether it exists."""
    digits = re.sub(r"[^\d+]", "", text.strip())
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if not digits.startswith("+"):
        digits = "+" + digits if len(digits) == 13 and digits.startswith("86") else "+86" + digits
    return digits


def masked_phone(plain: str) -> str:
    """A phone as it stands where nobody asked for it: 138****5678."""
    digits = plain.removeprefix("+86")
    return f"{digits[:3]}****{digits[-4:]}"


def real_phone(text: str) -> str:
    """A phone that can exist → its plain form. Refused otherwise."""
    plain = plain_phone(text)
    try:
        if phonenumbers.is_valid_number(phonenumbers.parse(plain)):
            return plain
    except phonenumbers.NumberParseException:
        pass
    raise Refused("people.bad_phone")


def sample_phone(text: str) -> str:
    """Like `real_phone`, but lets in the invented numbers of the demo, which begin with 100 and exist nowhere."""
    plain = plain_phone(text)
    return plain if re.fullmatch(r"\+86100\d{8}", plain) else real_phone(text)


def own_contact(sender_id: int, contact_user_id: int | None, forwarded: bool) -> bool:
    """Joining is by one's own contact only; a forwarded or foreign one proves nothing (contract: in the chat)."""
    return contact_user_id == sender_id and not forwarded


def clean_name(text: str) -> str:
    """A person's name on one line. Refused when empty, too long, or not a name at all."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= 40 or any(ch.isdigit() for ch in name[:1]) or any(ch in "<>@/" for ch in name):
        raise Refused("people.bad_name")
    return name


def contact_name(first: str, last: str | None) -> str:
    """The name of a phone book's contact; a Chinese family name stands first and without a space."""
    parts = [last or "", first] if last and _is_chinese(first + last) else [first, last or ""]
    return ("" if last and _is_chinese(first + last) else " ").join(part.strip() for part in parts).strip()


def _is_chinese(text: str) -> bool:
    return all("\u3400" <= ch <= "\u9fff" or ch in "· " for ch in text)


def name_and_phone(text: str) -> tuple[str, str]:
    """Name and phone typed in one line, in either order. Refused when one of them is not there."""
    plain = unicodedata.normalize("NFKC", text)
    found = re.search(r"\+?\d[\d\s-]{5,}\d", plain)
    name = (plain[: found.start()] + " " + plain[found.end() :]).strip(" ,;:、\t\n") if found else ""
    if found is None or not name:
        raise Refused("people.name_and_phone")
    return clean_name(name), found[0]


class Lost(StrEnum):
    """Why somebody cannot be reached, as far as Telegram tells."""

    BLOCKED = "blocked"
    DELETED = "deleted"
    OTHER = "other"


def why_lost(reason: str | None) -> Lost:
    """Telegram's words about an unreachable chat, sorted."""
    text = (reason or "").lower()
    if "blocked" in text or "kicked" in text:
        return Lost.BLOCKED
    return Lost.DELETED if "deactivated" in text or "not found" in text else Lost.OTHER
