"""The whole loop at random: whoever presses whatever whenever, nothing is closed without proof and a second person.

A machine draws steps: somebody of two townships and their county tries any deed on any case, at any time. After every
step the rows are looked at, not the rules. That it would notice a broken rule is tested as well.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal, response
from models.hazard import closing, holding, rules
from models.hazard.rules import FIVE, Deed, Measure, Part
from models.hazard.tables import Hazard, Proof
from models.people import actions as people
from models.people.rules import Me
from models.people.tables import Account
from models.refused import Refused
from models.report import actions as reports
from models.report import intake
from models.report.rules import ENDED, OPEN, Form, Severity, Status
from models.report.tables import Photo, Report
from models.task import actions as tasks
from models.task.rules import Status as TaskStatus
from models.task.tables import Task
from tests.cast import ZONE
from tests.hazard.deals import DEALS, EVER, PLACES, a_photo
from tests.village import CAST, MORNING, people_the_village

T = TypeVar("T")
PEOPLE = ("bob", "lena", "nina", "olga", "oscar", "charlie", "otto", "carol")
MOST_CASES = 3
CHANGING = ("report", "hazard", "task", "journal_head")


class Direct(aiosqlite.Connection):
    """A connection that works in this thread: changing threads takes two thirds of the time of so small a database."""

    async def _execute(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return fn(*args, **kwargs)


class County:
    """One database with its people, and a loop to drive it by. What an example did is rolled back at its end."""

    def __init__(self, path: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.engine = create_async_engine("sqlite+aiosqlite://", async_creator=partial(self._connect, path))
        event.listen(self.engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        self.ids = self.run(self._people())

    @staticmethod
    async def _connect(path: Path) -> Direct:
        connection = Direct(lambda: sqlite3.connect(path, check_same_thread=False, isolation_level=None), 64)
        await connection
        await connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(what)

    def session(self) -> AsyncSession:
        return AsyncSession(self.engine, expire_on_commit=False)

    async def _people(self) -> dict[str, int]:
        async with self.session() as session, session.begin():
            ids = await people_the_village(session)
            for name in PEOPLE:
                session.add(Account(chat_id=CAST[name][0], person_id=ids[name], joined_at=MORNING))
        return ids

    def close(self) -> None:
        self.run(self.engine.dispose())
        self.loop.close()


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[County]:
    """The county in a file of its own."""
    path = tmp_path_factory.mktemp("loop") / "cunshao.sqlite"
    opened = County(Path(shutil.copy(sqlite_template, path)))
    yield opened
    opened.close()


# What brings a case on from each step.
GOES_ON: dict[Status, tuple[Deed, ...]] = {
    Status.SUBMITTED: (Deed.SETTLE, Deed.ACCEPT),
    Status.REGISTERED: (Deed.ASSIGN,),
    Status.TRANSFERRED: (Deed.RECEIVE,),
    Status.ASSIGNED: (Deed.HAND_IN,),
    Status.FIXED: (Deed.FIVE, Deed.PLATE, Deed.CLOSE),
    Status.CLOSED: (Deed.ANSWER, Deed.REVISIT, Deed.RECHECK),
}
REPORTERS = ("bob", "lena", "nina", "charlie", "olga")
WAYS = ("plain", "on the spot", "confidential")
PERSON, CASE, PICK = some.sampled_from(PEOPLE), some.integers(0, 2), some.integers(0, 7)


class Walk(RuleBasedStateMachine):
    """One county, a few cases, and people who do as they like."""

    def __init__(self, county: County) -> None:
        super().__init__()
        self.county, self.now = county, MORNING
        self.cases: list[int] = []
        self.there: dict[str, Me] = {}
        self.session = county.session()
        county.run(self.session.begin().__aenter__())

    def teardown(self) -> None:
        try:
            self.county.run(self._end())
        finally:
            self.county.run(self.session.rollback())
            self.county.run(self.session.close())

    async def _end(self) -> None:
        """What need not be asked after every step."""
        for case in self.cases:
            assert await journal.verify(self.session, "report", case) is None
        assert await holding.unheld(self.session) == []

    def case(self, number: int) -> int:
        return self.cases[number % len(self.cases)]

    async def _attempt(self, what: Callable[[AsyncSession], Awaitable[Any]]) -> bool:
        """One transaction: as fresh as a handler's, and undone when a rule says no."""
        self.session.expunge_all()
        try:
            async with self.session.begin_nested():
                await what(self.session)
        except Refused:
            return False
        return True

    async def _meet(self) -> None:
        """Who is in the roster now."""
        found = {name: await people.person(self.session, self.county.ids[name]) for name in PEOPLE}
        self.there = {name: me for name, me in found.items() if me is not None}

    async def _rows(self) -> list[Any]:
        return [[*(await self.session.exec(text(f"SELECT * FROM {name}"))).all()] for name in CHANGING]  # type: ignore[call-overload]

    async def _try(self, name: str, deed: str, case: int, pick: int) -> None:
        me = self.there.get(name)
        if me is None:
            return
        self.session.expunge_all()
        before = (await holding.peek(self.session, case)).case
        rows = await self._rows()
        if not await self._attempt(
            lambda session: DEALS[deed](session, self.now, me, case, pick, self.cases, [*self.county.ids.values()])
        ):
            assert await self._rows() == rows, "a refusal changes nothing"
            return
        parts = {before.reporter_id, before.rectifier_id, before.visitor_id}
        over = [seat for seat in me.seats if before.place_path.startswith(seat.path)]
        assert me.id in parts or over, f"{name} of another township did {deed}"
        if before.confidential:
            assert me.id in parts or name == "carol", f"{name} below the county did {deed} with a confidential case"

    # Steps

    @initialize(
        who=some.sampled_from(REPORTERS), way=some.sampled_from(WAYS), severity=some.sampled_from([*Severity]),
        stage=some.sampled_from([*GOES_ON]),
    )  # fmt: skip
    def a_case_has_come_so_far(self, who: str, way: str, severity: Severity, stage: Status) -> None:
        """Most paths begin somewhere on the way: what is rare there would else hardly ever be tried."""
        self.county.run(self._begin(who, way, severity, stage))

    async def _begin(self, who: str, way: str, severity: Severity, stage: Status) -> None:
        await self._meet()
        await self._report(who, severity, way)
        for nth in range(9):  # Lena mends it, or Nina
            case = (await holding.peek(self.session, self.cases[0])).case
            if case.status is stage:
                return
            await self._go_on(self.cases[0], 3 * nth, {Status.REGISTERED: 1 + int(who == "lena")}.get(case.status, 0))

    @rule(who=some.sampled_from(REPORTERS), severity=some.sampled_from([*Severity]), way=some.sampled_from(WAYS))
    def somebody_reports_another(self, who: str, severity: Severity, way: str) -> None:
        if len(self.cases) < MOST_CASES:
            self.county.run(self._report(who, severity, way))

    async def _report(self, who: str, severity: Severity, way: str) -> None:
        me = self.there.get(who)
        if me is None:
            return
        async with self.session.begin_nested():
            case = await intake.begin(self.session, self.now, EVER, ZONE, me)
            self.cases.append(case)
            await intake.add_photo(self.session, self.now, case, a_photo())
            found = await self.session.get_one(Report, case)
            spot = PLACES[0]
            found.latitude, found.longitude, found.place_source = spot.latitude, spot.longitude, spot.source
            found.confidential, found.on_spot = way == "confidential", way == "on the spot"
            if way == "on the spot":
                await intake.add_photo(self.session, self.now, case, a_photo(), after_round=1)
            await self.session.flush()
            grade = Severity.G if way == "on the spot" else severity
            await reports.submit(self.session, self.now, EVER, me, case, "A1", ("A1",), grade)

    @rule(who=PERSON, deed=some.sampled_from([*DEALS]), case=CASE, pick=PICK)
    def anybody_tries_anything(self, who: str, deed: str, case: int, pick: int) -> None:
        self.county.run(self._try(who, deed, self.case(case), pick))

    @rule(who=PERSON, case=CASE, nth=PICK, pick=PICK)
    def anybody_tries_what_comes_next(self, who: str, case: int, nth: int, pick: int) -> None:
        self.county.run(self._next(who, self.case(case), nth, pick))

    async def _next(self, who: str, case: int, nth: int, pick: int) -> None:
        deeds = GOES_ON.get((await holding.peek(self.session, case)).case.status, (Deed.ACCEPT,))
        await self._try(who, deeds[nth % len(deeds)], case, pick)

    @rule(case=CASE, nth=some.integers(0, 99), pick=PICK)
    def somebody_does_what_their_card_offers(self, case: int, nth: int, pick: int) -> None:
        self.county.run(self._offered(self.case(case), nth, pick, frozenset(Deed) - {Deed.NUDGE}))

    @rule(case=CASE, nth=some.integers(0, 99), pick=PICK)
    def the_case_goes_on(self, case: int, nth: int, pick: int) -> None:
        self.county.run(self._go_on(self.case(case), nth, pick))

    async def _go_on(self, case: int, nth: int, pick: int) -> None:
        status = (await holding.peek(self.session, case)).case.status
        await self._offered(case, nth, pick, frozenset(GOES_ON.get(status, ())))

    async def _offered(self, case: int, nth: int, pick: int, deeds: frozenset[Deed]) -> None:
        loaded = (await holding.peek(self.session, case)).case
        offers = [(name, deed) for deed in Deed if deed in deeds for name, me in self.there.items()
                  if deed in rules.deeds(me, loaded)]  # fmt: skip
        if offers:
            await self._try(*offers[nth % len(offers)], case, pick)

    @rule(hours=some.sampled_from([0.1, 5, 24, 24 * 8, 24 * 31]))
    def time_passes(self, hours: float) -> None:
        self.now += timedelta(hours=hours)
        self.county.run(self._tick())

    async def _tick(self) -> None:
        for case in await closing.visits_due(self.session, self.now):
            await self._attempt(lambda session, case=case: closing.begin_visit(session, self.now, EVER, case))  # type: ignore[misc]
        for task in await tasks.due(self.session, self.now):
            await self._attempt(lambda session, task=task: response.fire(session, self.now, EVER, task))  # type: ignore[misc]

    @rule(who=some.sampled_from(["lena", "nina", "oscar"]), really=some.integers(0, 3))
    def somebody_leaves_the_roster(self, who: str, really: int) -> None:
        if really == 0:
            self.county.run(self._leave(who))

    async def _leave(self, who: str) -> None:
        carol, person = self.there["carol"], self.county.ids[who]
        await self._attempt(lambda session: response.ended(session, self.now, EVER, carol, person))
        await self._meet()

    # What must be true whatever they did

    @invariant()
    def the_loop_holds(self) -> None:
        self.county.run(self._look())

    async def _look(self) -> None:
        self.session.expunge_all()
        for report in (await self.session.exec(select(Report))).all():
            case = report.id or 0
            hazard = await self.session.get(Hazard, case)
            await self._held(report)
            if report.status is Status.CLOSED:
                assert hazard is not None
                await self._proven(report, hazard)

    async def _held(self, report: Report) -> None:
        """Every open case has exactly one holder and a next step, and what has ended waits on nobody."""
        waiting = select(Task).where(Task.subject_id == report.id, Task.status == TaskStatus.OPEN)
        main = (await self.session.exec(waiting.where(col(Task.kind).in_(holding.MAIN)))).all()
        assert report.status in (*OPEN, *ENDED)
        assert report.rectifier_id != report.reporter_id or report.status is Status.CLOSED, "报办分离"
        assert len(main) == int(report.status in OPEN), f"{report.status}: {[task.kind for task in main]}"
        for task in main:
            assert task.next_at is not None
            if task.kind in (holding.FIX, holding.RECEIVE) and report.rectifier_id is not None:
                assert task.person_id == report.rectifier_id
                assert await people.person(self.session, report.rectifier_id) is not None

    async def _proven(self, report: Report, hazard: Hazard) -> None:
        """销号 has photos of the round, a measure and a place, and three people (the fast lane two)."""
        shots = select(func.count()).where(Photo.report_id == report.id, Photo.form != Form.VOICE)
        assert (await self.session.exec(shots.where(Photo.after_round == hazard.round))).one() > 0
        proof = (
            await self.session.exec(select(Proof).where(Proof.report_id == report.id, Proof.round == hazard.round))
        ).one()
        assert proof.handed_in_at is not None
        assert proof.measure is not None
        assert proof.by_id == report.rectifier_id
        assert hazard.closer_id not in (None, report.reporter_id, report.rectifier_id)
        if proof.measure is Measure.ON_SPOT:
            assert (report.on_spot, report.severity, report.rectifier_id) == (True, Severity.G, report.reporter_id)
            return
        assert report.rectifier_id != report.reporter_id
        assert proof.distance is not None
        assert proof.distance <= EVER.hazard.near
        if report.severity in (Severity.M, Severity.E):
            assert set(hazard.five) == set(FIVE)
            assert hazard.plated_at is not None


# The tests

BUDGET = settings(
    max_examples=14, stateful_step_count=30, deadline=None, suppress_health_check=[*HealthCheck], database=None,
)  # fmt: skip


def test_every_deed_is_tried() -> None:
    assert set(Deed) <= set(DEALS)


@pytest.mark.slow
def test_no_path_closes_without_proof_and_a_second_person(county: County) -> None:
    run_state_machine_as_test(partial(Walk, county), settings=BUDGET)  # type: ignore[arg-type]  # any maker will do


def _everybody(me: Me, case: rules.Case) -> None:
    """A rule that lets everybody through."""


BROKEN: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "anybody closes": lambda patch: patch.setitem(rules.DEEDS, Deed.CLOSE, (Part.ANYBODY, (Status.FIXED,))),
    "officers of any place lead": lambda patch: patch.setitem(rules.PLAYS, Part.LEADER, _everybody),
    "the reporter mends": lambda patch: patch.setattr(rules, "may_get", lambda _case, _person: None),
    "no proof is wanted": lambda patch: patch.setattr(rules, "missing", lambda _proof, _near: None),
    "nobody holds what is mended": lambda patch: patch.delitem(holding.HOLDING, Status.FIXED),
}


@pytest.mark.slow
@pytest.mark.parametrize("rule_of", BROKEN)
def test_a_broken_rule_is_found_within_the_same_budget(
    county: County, rule_of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    BROKEN[rule_of](monkeypatch)
    seen = settings(BUDGET, phases=[Phase.generate], derandomize=True, verbosity=Verbosity.quiet)
    with pytest.raises((AssertionError, KeyError)):
        run_state_machine_as_test(partial(Walk, county), settings=seen)  # type: ignore[arg-type]
