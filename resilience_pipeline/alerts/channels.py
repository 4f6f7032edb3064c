"""Send an alert by e-mail and webhook. A channel that stalls is given up in time and never holds its caller.

No error's own words are passed on, since they may repeat an address or a server's answer; only its kind and code.
"""

import json
import smtplib
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import EmailMessage
from time import monotonic
from urllib.parse import urlsplit

from resilience_pipeline.alerts.message import Alert
from resilience_pipeline.alerts.settings import Channels, Email, Webhook, is_loopback, secret
from resilience_pipeline.errors import OptionError

_BODIES: dict[str, Callable[[str], dict[str, object]]] = {
    "text": lambda text: {"text": text},
    "wecom": lambda text: {"msgtype": "text", "text": {"content": text}},
    "dingtalk": lambda text: {"msgtype": "text", "text": {"content": text}},
    "feishu": lambda text: {"msg_type": "text", "content": {"text": text}},
}
#: Bytes of a text that a chat takes; a longer one it refuses as a whole.
_LONGEST = {"wecom": 2_048, "dingtalk": 20_000, "feishu": 20_000}
_MORE = "\n… `resilience status` says the rest"
#: Where these chats, which answer 200 whatever happened, say what did; 0 = they took the message.
_CODES = ("errcode", "code")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to another host."""

    def redirect_request(self, *arguments: object, **named: object) -> None:
        return None


def send(alert: Alert, channels: Channels) -> dict[str, str]:
    """Send to every channel at once.

    Returns
    -------
    channel -> "sent", or why it was not, after `timeout_seconds` at the latest.
    """
    outcomes: dict[str, str] = {}
    threads = []
    if (email := channels.email) is not None:
        threads.append(_begin("email", lambda: _mail(alert, email, channels.timeout_seconds), outcomes))
    if (webhook := channels.webhook) is not None:
        threads.append(_begin("webhook", lambda: _post(alert, webhook, channels.timeout_seconds), outcomes))
    until = monotonic() + channels.timeout_seconds
    for thread in threads:
        thread.join(max(0.0, until - monotonic()))
    late = f"given up after {channels.timeout_seconds} seconds without an answer"
    return {thread.name: outcomes.get(thread.name, late) for thread in threads}


def _begin(name: str, deliver: Callable[[], None], outcomes: dict[str, str]) -> threading.Thread:
    """A daemon thread: one that hangs in a slow server ends with the process and keeps nobody."""

    def run() -> None:
        try:
            deliver()
            outcomes[name] = "sent"
        except OptionError as error:
            outcomes[name] = f"not sent: {error.what}; {error.remedy}"
        except (OSError, smtplib.SMTPException, ValueError) as error:
            outcomes[name] = f"not sent: {_kind_of(error)}"

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread


def _mail(alert: Alert, email: Email, timeout: int) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = " ".join(alert.subject.split()), email.sender, email.to
    message.set_content(alert.text)
    password = secret(email.password_from) if email.password_from else None
    trusted = ssl.create_default_context()
    if email.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(email.host, email.port, timeout=timeout, context=trusted)
    else:
        server = smtplib.SMTP(email.host, email.port, timeout=timeout)
    with server:
        if email.security == "starttls":
            server.starttls(context=trusted)
        if password is not None:
            server.login(email.user or email.sender, password)
        server.send_message(message)


def _post(alert: Alert, webhook: Webhook, timeout: int) -> None:
    url = webhook.url or secret(str(webhook.url_from))
    address = urlsplit(url)
    if address.scheme not in ("http", "https"):
        raise OptionError(what="the webhook's address is no web address", remedy="write an http or https address")
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if webhook.token_from:
        if address.scheme == "http" and not is_loopback(address.hostname):
            raise OptionError(what="the webhook's token would go in clear", remedy="use an https address")
        headers["Authorization"] = f"Bearer {secret(webhook.token_from)}"
    text = _cut(f"{alert.subject}\n\n{alert.text}", _LONGEST.get(webhook.form))
    body = json.dumps(_BODIES[webhook.form](text)).encode()
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310 -- http(s) only
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout) as answer:
        refused = _refusal(answer.read(4096))
    if refused is not None and webhook.form in _LONGEST:
        raise OptionError(
            what=f"the chat took the call and refused the message, code {refused}",
            remedy="its documentation lists the codes; often the address is an old one, or the robot wants a keyword "
            "(each message begins with `resilience`)",
        )


def _cut(text: str, longest: int | None) -> str:
    raw = text.encode()
    if longest is None or len(raw) <= longest:
        return text
    return raw[: longest - len(_MORE.encode())].decode(errors="ignore") + _MORE


def _refusal(answer: bytes) -> int | None:
    """The code with which a chat refused; None where it took the message or its answer is of another kind."""
    try:
        said = json.loads(answer)
    except ValueError:
        return None
    codes = [said.get(name) for name in _CODES] if isinstance(said, dict) else []
    return next((code for code in codes if isinstance(code, int) and code != 0), None)


def _kind_of(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server answered {error.smtp_code}"
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return type(reason).__name__
