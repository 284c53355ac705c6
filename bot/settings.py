"""The environment as typed values; a wrong one stops the start with one sentence naming the variable and the mend."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.policy import Policy

PREFIX = "CUNSHAO_"
PROXIES = ("http", "https", "socks5", "socks5h")
DEFAULT_POLICY = Path(__file__).with_name("policy.toml")


class Unfit(Exception):
    """The configuration cannot be used; the message is one sentence for the person who starts the bot."""


class Settings(BaseSettings):
    """All CUNSHAO_ variables of the contract."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,  # a compose file passes on empty what nobody set
        extra="ignore",
        frozen=True,
    )

    bot_token: SecretStr | None = None
    bot_token_file: Path | None = None
    bot_api_url: str = "https://api.telegram.org"
    database_url: str | None = None
    data_dir: Path = Path("data")
    policy: Path = DEFAULT_POLICY
    timezone: str = "Asia/Shanghai"
    locale: Literal["zh_CN", "en"] = "zh_CN"
    send_rate: Annotated[float, Field(gt=0, le=1000)] = 30
    paid_broadcast: bool = False
    proxy: str | None = None
    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    webhook_port: Annotated[int, Field(ge=0, le=65535)] = 8081
    heartbeat_url: SecretStr | None = None

    @field_validator("timezone")
    @classmethod
    def known_zone(cls, name: str) -> str:
        """A zone of the time zone database."""
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("write a name of the time zone database, such as Asia/Shanghai") from None
        return name

    @field_validator("proxy")
    @classmethod
    def known_proxy(cls, value: str | None) -> str | None:
        """An address httpx can go through."""
        if value is not None and (urlsplit(value).scheme not in PROXIES or not urlsplit(value).hostname):
            raise ValueError("write a whole address that begins with http://, https:// or socks5://")
        return value

    @field_validator("data_dir")
    @classmethod
    def folder(cls, value: Path) -> Path:
        """A folder, there already or to be made."""
        if value.exists() and not value.is_dir():
            raise ValueError("that is a file: name a folder")
        return value

    @field_validator("bot_api_url", "webhook_url", "heartbeat_url")
    @classmethod
    def web_address(cls, value: str | SecretStr | None) -> str | SecretStr | None:
        """An address that somebody can call; an empty one is none."""
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not text:
            return None
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("write a whole address that begins with https://")
        return value

    @model_validator(mode="after")
    def guarded_webhook(self) -> Settings:
        """A webhook without a secret would believe anybody, and one beside /metrics would show it to anybody."""
        if not self.webhook_url:
            return self
        if not self.webhook_secret:
            raise ValueError(
                "CUNSHAO_WEBHOOK_URL is set without CUNSHAO_WEBHOOK_SECRET: set a long random secret beside it"
            )
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", self.webhook_secret.get_secret_value()):
            raise ValueError("CUNSHAO_WEBHOOK_SECRET: write 1 to 256 of the characters A-Z a-z 0-9 _ -")
        if self.webhook_port == self.http_port != 0:
            raise ValueError(
                "CUNSHAO_WEBHOOK_PORT is the port of health and metrics (CUNSHAO_HTTP_PORT): give it one of its own"
            )
        return self

    def token(self) -> str:
        """The bot's token, from the variable or the file. Unfit when neither gives one."""
        if self.bot_token is not None and self.bot_token.get_secret_value().strip():
            return _token(self.bot_token.get_secret_value(), "CUNSHAO_BOT_TOKEN")
        if self.bot_token_file is not None:
            try:
                return _token(self.bot_token_file.read_text(encoding="utf-8"), "CUNSHAO_BOT_TOKEN_FILE")
            except OSError as error:
                raise Unfit(
                    f"CUNSHAO_BOT_TOKEN_FILE cannot be read ({error.strerror}): name a readable file."
                ) from None
        raise Unfit("CUNSHAO_BOT_TOKEN is not set: put the token from @BotFather there, or try `python -m bot demo`.")

    def zone(self) -> ZoneInfo:
        """The zone of the screens."""
        return ZoneInfo(self.timezone)

    def photos(self) -> Path:
        """The folder in which photos and voice notes are kept, a folder for each report."""
        return self.data_dir / "photos"

    def database(self) -> str:
        """The database's address for SQLAlchemy's async engines; by default a SQLite file in the data folder."""
        url = self.database_url or f"sqlite:///{self.data_dir / 'cunshao.sqlite'}"
        for plain, driver in (("postgresql://", "postgresql+psycopg://"), ("sqlite:///", "sqlite+aiosqlite:///")):
            if url.startswith(plain):
                return driver + url.removeprefix(plain)
        raise Unfit("CUNSHAO_DATABASE_URL must begin with sqlite:/// or postgresql://")


def _token(text: str, name: str) -> str:
    """A token as @BotFather gives it; Unfit, without showing it, for anything else."""
    if not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", text.strip()):
        raise Unfit(f"{name} holds no token: copy it whole from @BotFather, such as 123456:ABC-DEF.")
    return text.strip()


def load() -> Settings:
    """The settings of this process. Unfit with one sentence that names the variable and what to write instead."""
    try:
        return Settings()
    except ValidationError as error:
        raise Unfit("; ".join(_sentence(PREFIX, problem) for problem in error.errors())) from None


def load_policy(path: Path) -> Policy:
    """The policy file, typed. Unfit names the key and what is wrong with it."""
    try:
        with path.open("rb") as file:
            return Policy.model_validate(tomllib.load(file))
    except OSError as error:
        raise Unfit(f"CUNSHAO_POLICY: {path} cannot be read ({error.strerror}): name a readable TOML file.") from None
    except tomllib.TOMLDecodeError as error:
        raise Unfit(f"CUNSHAO_POLICY: {path} is no TOML: {error}.") from None
    except ValidationError as error:
        raise Unfit(f"CUNSHAO_POLICY: {path}: " + "; ".join(_sentence("", p) for p in error.errors())) from None


def _sentence(prefix: str, problem: object) -> str:
    assert isinstance(problem, dict)
    name = ".".join(str(part) for part in problem["loc"])
    name = f"{prefix}{name.upper()}" if prefix and not name.upper().startswith(prefix) else name
    what = (
        "is not a known key: remove it or mend its spelling"
        if problem["type"] == "extra_forbidden"
        else problem["msg"].removeprefix("Value error, ")
    )
    return f"{name}: {what}" if name != prefix else str(what)
