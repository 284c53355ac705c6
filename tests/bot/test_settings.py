"""A wrong value stops the start with one sentence that names the variable, or the key of the policy file."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from bot.settings import DEFAULT_POLICY, Unfit, load, load_policy
from tests.village import policy_file


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test sets."""
    for name in list(os.environ):
        if name.upper().startswith("CUNSHAO_"):
            monkeypatch.delenv(name)


def is_one_sentence(error: Unfit) -> bool:
    """For the person who starts the bot: no trace, no pydantic, no link to its manual."""
    words = str(error)
    return "\n" not in words and "://errors." not in words and "type=" not in words and len(words) < 300


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEZONE", "Mars/Olympus"),
        ("TIMEZONE", "../etc/passwd"),
        ("LOCALE", "fr"),
        ("SEND_RATE", "0"),
        ("SEND_RATE", "-1"),
        ("SEND_RATE", "1001"),
        ("SEND_RATE", "fast"),
        ("PAID_BROADCAST", "perhaps"),
        ("HTTP_PORT", "65536"),
        ("HTTP_PORT", "http"),
        ("WEBHOOK_URL", "https://bot.example/hook"),
        ("WEBHOOK_URL", "bot.example"),
        ("BOT_API_URL", "nonsense"),
        ("PROXY", "nonsense"),
        ("PROXY", "ftp://proxy.example"),
        ("DATA_DIR", __file__),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"CUNSHAO_{name}", value)
    with pytest.raises(Unfit, match=f"CUNSHAO_{name}") as caught:
        load()
    assert is_one_sentence(caught.value)
    assert caught.value.__suppress_context__, "no trace behind the sentence"


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUNSHAO_LOCALE", "fr")
    monkeypatch.setenv("CUNSHAO_HTTP_PORT", "x")
    with pytest.raises(Unfit, match=r"CUNSHAO_LOCALE.*CUNSHAO_HTTP_PORT"):
        load()


def test_no_token_is_said_with_the_way_out() -> None:
    with pytest.raises(Unfit, match=r"CUNSHAO_BOT_TOKEN is not set.*python -m bot demo"):
        load().token()


def test_a_token_of_blanks_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUNSHAO_BOT_TOKEN", "  ")
    with pytest.raises(Unfit, match="CUNSHAO_BOT_TOKEN"):
        load().token()


def test_the_token_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("42:secret\n")
    monkeypatch.setenv("CUNSHAO_BOT_TOKEN_FILE", str(tmp_path / "token"))
    assert load().token() == "42:secret"
    monkeypatch.setenv("CUNSHAO_BOT_TOKEN_FILE", str(tmp_path / "nothing"))
    with pytest.raises(Unfit, match="CUNSHAO_BOT_TOKEN_FILE cannot be read"):
        load().token()


def test_the_token_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUNSHAO_BOT_TOKEN", "42:unsaid")
    monkeypatch.setenv("CUNSHAO_WEBHOOK_SECRET", "hidden")
    assert "unsaid" not in repr(load())
    assert "hidden" not in str(load())


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("postgresql://a:b@db/c", "postgresql+psycopg://a:b@db/c"),
        ("sqlite:///x.sqlite", "sqlite+aiosqlite:///x.sqlite"),
        (None, "sqlite+aiosqlite:///data/cunshao.sqlite"),
    ],
)
def test_the_databases_address(monkeypatch: pytest.MonkeyPatch, given: str | None, made: str) -> None:
    if given is not None:
        monkeypatch.setenv("CUNSHAO_DATABASE_URL", given)
    assert load().database() == made


@pytest.mark.parametrize("text", ["", "hello", "987654", "987654:AB C"])
def test_what_is_no_token_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    (tmp_path / "token").write_text(text)
    monkeypatch.setenv("CUNSHAO_BOT_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(Unfit, match="CUNSHAO_BOT_TOKEN_FILE holds no token") as caught:
        load().token()
    assert not text or text not in str(caught.value)


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PROXY", "BOT_API_URL", "BOT_TOKEN_FILE", "DATABASE_URL", "TIMEZONE", "HTTP_PORT", "POLICY", "LOCALE"):
        monkeypatch.setenv(f"CUNSHAO_{name}", "")
    settings = load()
    assert (settings.proxy, settings.timezone, settings.http_port) == (None, "Asia/Shanghai", 8080)
    assert load_policy(settings.policy)


@pytest.mark.parametrize("address", ["mysql://a@b/c", "cunshao.sqlite", "postgres://a@b/c", "sqlite://x.sqlite"])
def test_another_database_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("CUNSHAO_DATABASE_URL", address)
    with pytest.raises(Unfit, match="CUNSHAO_DATABASE_URL must begin with sqlite:/// or postgresql://"):
        load().database()


def test_unknown_variables_of_others_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUNSHAO_SOMETHING_ELSE", "1")
    assert load().send_rate == 30


# --- the policy file --------------------------------------------------------------------------------------------------


def test_the_shipped_policy_is_fit() -> None:
    policy = load_policy(DEFAULT_POLICY)
    assert policy.sending.lease == timedelta(seconds=60)
    assert {"report.verify", "person.unreachable"} <= policy.ladder.keys()


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("inbox.retries", 0, "inbox.retries: .*greater than or equal to 1"),
        ("inbox.retries", 11, "inbox.retries: .*less than or equal to 10"),
        ("inbox.retries", "four", "inbox.retries: "),
        ("sending.chat_burst", 0, "sending.chat_burst: "),
        ("sending.lease", "60", "sending.lease: .*write it like"),
        ("sending.lease", 60, "sending.lease: .*write it like"),
        ("sending.give_up", "1 day", "sending.give_up: .*write it like"),
        ("report.join_within", "-10m", "report.join_within: .*write it like"),
        ('ladder."report.verify".again', "10s", "ladder.report.verify: .*at least 1m"),
        ('ladder."report.verify".due', "soon", "ladder.report.verify.due: .*write it like"),
    ],
)
def test_an_impossible_value_is_named(tmp_path: Path, key: str, value: object, words: str) -> None:
    with pytest.raises(Unfit, match=f"CUNSHAO_POLICY: .*{words}") as caught:
        load_policy(policy_file(tmp_path, {key: value}))
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[media]", "[media]\nretry = 3", "media.retry: is not a known key"),
        ("[media]", "[medai]", "medai: is not a known key"),
        ("[inbox]", "[inbox]\nlaese = '3s'", "inbox.laese: is not a known key"),
        ('after = "2h",  to = "holder"', 'after = "2h",  to = "mayor"', "ladder.report.verify.rungs.1.to: "),
        ('after = "2h",  to = "holder"', 'after = "10m",  to = "holder"', "ladder.report.verify: .*must grow"),
        ('after = "2h",  to = "holder"', 'after = "2h",  whom = "holder"', "rungs.1.whom: is not a known key"),
        ("[media]", "[media", "is no TOML"),
    ],
)
def test_a_slip_of_the_pen_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = DEFAULT_POLICY.read_text("utf-8")
    assert old in text
    path = tmp_path / "policy.toml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(Unfit, match=f"CUNSHAO_POLICY: .*{words}"):
        load_policy(path)


def test_a_policy_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unfit, match=r"CUNSHAO_POLICY: .*nothing\.toml cannot be read"):
        load_policy(tmp_path / "nothing.toml")
