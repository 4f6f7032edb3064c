"""`[alerts]` of `resilience.toml`: where alerts go beside the log. Secrets stand in environment variables only."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from resilience_pipeline.errors import OptionError
from resilience_pipeline.toml_file import Section, read_toml

SECURITY = ("starttls", "tls", "none")
#: bodies that chat services take
FORMATS = ("text", "wecom", "dingtalk", "feishu")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Email:
    """A mail server and who writes to whom; the password is in the environment variable `password_from`."""

    host: str
    port: int
    security: str
    sender: str
    to: tuple[str, ...]
    user: str | None = None
    password_from: str | None = None


@dataclass(frozen=True)
class Webhook:
    """An address that takes JSON by POST; `url_from` and `token_from` name environment variables."""

    url: str | None = None
    url_from: str | None = None
    token_from: str | None = None
    form: str = "text"


@dataclass(frozen=True)
class Channels:
    """Where alerts go beside the log.

    Parameters
    ----------
    page : address of Dagster's UI as the readers of alerts reach it; None = alerts hold no link.
    timeout_seconds : how long a channel may take in all before it is given up.
    """

    email: Email | None = None
    webhook: Webhook | None = None
    page: str | None = None
    timeout_seconds: int = 10


def load_channels(path: Path) -> Channels:
    """The channels of the file; none where it names none. An OptionError says what is wrong, never a secret."""
    if not path.exists():
        return Channels()
    alerts = read_toml(path, OptionError)[0].section("alerts")
    alerts.allow("email", "webhook", "page", "timeout_seconds")
    timeout = alerts.get("timeout_seconds", int, Channels.timeout_seconds)
    if not 1 <= timeout <= 30:
        alerts.fail("timeout_seconds", "is out of range", "1 to 30", str(timeout), "write a number in this range")
    return Channels(
        email=_email(alerts.section("email")) if "email" in alerts.values else None,
        webhook=_webhook(alerts.section("webhook")) if "webhook" in alerts.values else None,
        page=alerts.optional("page"),
        timeout_seconds=timeout,
    )


def secret(name: str) -> str:
    """The value of an environment variable; an OptionError names the variable where it is not set."""
    value = os.environ.get(name, "")
    if not value:
        raise OptionError(
            what=f"the environment variable {name} that [alerts] names is not set",
            remedy="set it where Dagster is started, or in .env",
        )
    return value


def is_loopback(host: str | None) -> bool:
    """Whether the host is this machine."""
    return host in _LOOPBACK


def _email(section: Section) -> Email:
    _refuse_secrets(section, "password")
    section.allow("host", "port", "security", "from", "to", "user", "password_from")
    security = section.choice("security", SECURITY, "starttls")
    host, password = section.get("host", str), section.optional("password_from")
    if password and security == "none" and not is_loopback(host):
        section.fail(
            "security", "would send the password in clear", "starttls | tls", "none", "use one of the expected values"
        )
    to = section.texts("to")
    if not to:
        section.fail("to", "names nobody", 'a list such as ["me@example.org"]', "nothing", "name who gets the alerts")
    port = section.get("port", int, {"starttls": 587, "tls": 465, "none": 25}[security])
    return Email(host, port, security, section.get("from", str), to, section.optional("user"), password)


def _webhook(section: Section) -> Webhook:
    _refuse_secrets(section, "token")
    section.allow("url", "url_from", "token_from", "format")
    url, url_from = section.optional("url"), section.optional("url_from")
    if (url is None) == (url_from is None):
        section.fail(
            "url",
            "or url_from is needed, one of them",
            "an address, or the name of an environment variable that holds it",
            "both" if url else "neither",
            "write url where the address is no secret, url_from where it is",
        )
    if url is not None and urlsplit(url).scheme not in ("http", "https"):
        section.fail("url", "is no web address", "https://...", "another kind", "write an http or https address")
    return Webhook(url, url_from, section.optional("token_from"), section.choice("format", FORMATS, "text"))


def _refuse_secrets(section: Section, key: str) -> None:
    if key in section.values:
        section.fail(
            key,
            "must not stand in a file",
            f"{key}_from, the name of an environment variable",
            f"a {key}, not repeated here",
            f"take the line out, change the {key} if others can read the file, and name the variable in {key}_from",
        )
