"""The image and the compose file, read as text: what a build would need is there, and what must not be is not."""

from __future__ import annotations

import re
from pathlib import Path

from bot.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text("utf-8")
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
INSIDE = {"bot", "handlers", "locales", "models", "schedules", "LICENSE", "pyproject.toml", "requirements.txt"}


def instructions(name: str) -> list[str]:
    """The Dockerfile's instructions of one kind, continued lines joined."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return [line.split(maxsplit=1)[1] for line in joined.splitlines() if line.startswith(f"{name} ")]


def test_the_image_holds_the_program_and_nothing_else() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert kept == INSIDE
    assert all((ROOT / name).exists() for name in kept)


def test_the_image_runs_as_nobody_special_on_a_root_it_cannot_write() -> None:
    assert instructions("USER") == ["cunshao"]
    assert instructions("VOLUME") == ["/data"]
    assert instructions("CMD") == ['["python", "-m", "bot", "run"]']
    assert "read_only: true" in COMPOSE
    assert "cap_drop: [ALL]" in COMPOSE


def test_the_health_check_asks_the_port_that_is_set() -> None:
    (check,) = instructions("HEALTHCHECK")
    assert "/healthz" in check
    assert "CUNSHAO_HTTP_PORT" in check
    code = re.search(r'"-c", "(.+)"\]', check)
    assert code is not None
    compile(code[1], "HEALTHCHECK", "exec")


def test_both_ports_are_named_alike_everywhere() -> None:
    """Health and metrics stay on the machine; the webhook's port is the one that a proxy forwards to."""
    ports = {str(Settings.model_fields[name].default) for name in ("http_port", "webhook_port")}
    assert set(" ".join(instructions("EXPOSE")).split()) == ports
    assert re.findall(r'"(127\.0\.0\.1:)(\d+):(\d+)"', COMPOSE) == [
        ("127.0.0.1:", port, port) for port in sorted(ports)
    ]


def test_the_example_names_every_variable_and_no_other() -> None:
    named = set(re.findall(rf"^(?:# )?({PREFIX}[A-Z_]+)=", EXAMPLE, re.MULTILINE))
    assert named == {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def test_no_secret_stands_in_a_file() -> None:
    assert re.findall(r"^(CUNSHAO_BOT_TOKEN|CUNSHAO_WEBHOOK_SECRET|POSTGRES_PASSWORD)=.+", EXAMPLE, re.MULTILINE) == []
    assert re.findall(r"(?:PASSWORD|TOKEN|SECRET): (?!\$\{)", COMPOSE + DOCKERFILE) == []
