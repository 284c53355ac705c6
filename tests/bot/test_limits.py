"""Telegram's limits honoured ahead of time, on a monotonic clock that a test moves."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from math import floor

import pytest

from bot.limits import Bucket, Limits


class Seconds:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def time() -> Seconds:
    return Seconds()


def greedy(limits: Limits, time: Seconds, seconds: float, step: float = 0.001) -> list[float]:
    """The moments at which a sender goes that always has something for somebody new."""
    end, went = time.at + seconds, list[float]()
    while time.at < end:
        for _ in range(limits.room()):
            limits.take(f"p{len(went)}")
            went.append(time.at)
        time.at += step
    return went


def most_in_a_second(moments: list[float]) -> int:
    return max(bisect_left(moments, start + 1.0) - at for at, start in enumerate(moments))


@pytest.mark.parametrize("rate", [1, 2.5, 5, 30, 100, 1000])
def test_no_second_sees_more_than_the_rate(rate: float, time: Seconds) -> None:
    limits = Limits(rate, 4, time)
    time.at += 60  # a long rest saves nothing up
    went = greedy(limits, time, 5.0)
    assert most_in_a_second(went) <= rate
    assert len(went) >= 5.0 * floor(rate) * 0.9, "the limit is used, not feared"


def test_a_sender_that_looks_rarely_stays_inside_as_well(time: Seconds) -> None:
    went = greedy(Limits(30, 4, time), time, 5.0, step=0.37)
    assert most_in_a_second(went) <= 30


def test_a_sender_that_looks_a_little_late_loses_nothing_of_the_limit(time: Seconds) -> None:
    went = greedy(Limits(30, 4, time), time, 10.0, step=0.1)
    assert len(went) >= 10 * 30 * 0.98
    assert most_in_a_second(went) <= 30


def test_one_chat_gets_its_burst_and_then_one_a_second(time: Seconds) -> None:
    limits = Limits(30, 4, time)
    went: list[float] = []
    for _ in range(10_000):
        if "p1" not in limits.resting() and limits.room():
            limits.take("p1")
            went.append(time.at - 1000.0)
        time.at += 0.001
    assert len([at for at in went if at < 0.5]) == 4
    gaps = [after - before for before, after in pairwise(went[4:])]
    assert min(gaps) > 0.99


def test_one_chat_resting_holds_up_no_other(time: Seconds) -> None:
    limits = Limits(30, 1, time)
    limits.take("p1")
    assert set(limits.resting()) == {"p1"}
    assert limits.resting()["p1"] == pytest.approx(1.0)
    time.at += 0.1
    assert limits.room() > 0


def test_retry_after_is_waited_for_to_the_second(time: Seconds) -> None:
    limits = Limits(30, 4, time)
    limits.take("p1")
    limits.limited("p1", 7)
    assert limits.resting()["p1"] == pytest.approx(7)
    time.at += 6.99
    assert "p1" in limits.resting()
    time.at += 0.02
    assert limits.resting() == {}
    assert not limits.bulk_rests()


def test_a_longer_wait_is_not_shortened_by_a_shorter_one(time: Seconds) -> None:
    limits = Limits(30, 4, time)
    limits.limited("p1", 60)
    limits.limited("p1", 1)
    assert limits.resting()["p1"] == pytest.approx(60)


def test_two_chats_limited_within_a_second_let_broadcasts_rest(time: Seconds) -> None:
    limits = Limits(30, 4, time)
    limits.limited("p1", 3)
    time.at += 0.9
    limits.limited("p2", 5)
    assert limits.bulk_rests()
    time.at += 4.99
    assert limits.bulk_rests()
    time.at += 0.02
    assert not limits.bulk_rests()


def test_two_chats_limited_far_apart_say_nothing_about_the_token(time: Seconds) -> None:
    limits = Limits(30, 4, time)
    limits.limited("p1", 3)
    time.at += 1.1
    limits.limited("p2", 3)
    assert not limits.bulk_rests()


def test_one_chat_limited_twice_says_nothing_about_the_token(time: Seconds) -> None:
    limits = Limits(30, 4, time)
    limits.limited("p1", 1)
    limits.limited("p1", 1)
    assert not limits.bulk_rests()


def test_what_writes_in_no_chat_counts_for_the_token_only(time: Seconds) -> None:
    limits = Limits(30, 1, time)
    before = limits.room()
    limits.take(None)
    assert limits.room() == before - 1
    assert limits.resting() == {}


def test_readers_who_rested_long_are_forgotten(time: Seconds) -> None:
    limits = Limits(1000, 2, time)
    for number in range(500):
        limits.take(f"p{number}")
    time.at += 5
    assert limits.resting() == {}
    assert len(limits._chats) == 0


def test_a_bucket_waits_exactly_for_its_next_token(time: Seconds) -> None:
    bucket = Bucket(2.0, 1.0, time.at)
    bucket.take(time.at)
    assert bucket.wait(time.at) == pytest.approx(0.5)
    time.at += bucket.wait(time.at)
    assert bucket.wait(time.at) == pytest.approx(0.0)
