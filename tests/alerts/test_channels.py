"""An alert goes out by mail and webhook; a server that fails or stalls is named in time, and no secret gets out."""

import smtplib
import time

import pytest

from resilience_pipeline.alerts.channels import send
from resilience_pipeline.alerts.message import Alert, overdue_alert, run_alert
from resilience_pipeline.alerts.settings import Channels, Email, Webhook
from tests.alerts.servers import silent_server, web_server

ALERT = Alert("resilience: sources.wind blocked; old results stand", "wind.xlsx, sheet 1, row 7: 缺数")


def test_a_webhook_gets_the_text_and_the_token_from_the_environment(monkeypatch):
    monkeypatch.setenv("HOOK_TOKEN", "hunter2")
    with web_server() as (url, received):
        outcome = send(ALERT, Channels(webhook=Webhook(url=f"{url}/in", token_from="HOOK_TOKEN", form="feishu")))
    assert outcome == {"webhook": "sent"}
    text = f"{ALERT.subject}\n\n{ALERT.text}"
    assert received == [("/in", "Bearer hunter2", {"msg_type": "text", "content": {"text": text}})]


@pytest.mark.parametrize(
    ("form", "answer", "says"),
    [
        ("wecom", b'{"errcode": 0, "errmsg": "ok"}', "sent"),
        ("feishu", b'{"code": 0, "StatusCode": 0}', "sent"),
        ("text", b"ok", "sent"),
        ("text", b'{"code": 7}', "sent"),
        ("wecom", b'{"errcode": 93000, "errmsg": "hunter2"}', "refused the message, code 93000"),
        ("dingtalk", b'{"errcode": 310000, "errmsg": "keywords not in content"}', "code 310000"),
        ("feishu", b'{"code": 19024, "msg": "Key Words Not Found"}', "code 19024"),
    ],
)
def test_a_chat_that_answers_200_and_refuses_all_the_same_has_not_got_the_alert(form, answer, says):
    with web_server(answer=answer) as (url, _):
        (said,) = send(ALERT, Channels(webhook=Webhook(url=url, form=form))).values()
    assert says in said
    assert said == "sent" or said.startswith("not sent")
    assert "hunter2" not in said


def test_a_long_alert_is_cut_to_what_the_chat_takes():
    long = Alert("resilience: blocked", "第七行缺数" * 1000)
    with web_server() as (url, received):
        send(long, Channels(webhook=Webhook(url=url, form="wecom")))
    text = received[0][2]["text"]["content"]
    assert 2000 < len(text.encode()) <= 2048
    assert text.endswith("`resilience status` says the rest")


def test_a_redirect_is_not_followed_so_the_token_stays_with_its_server(monkeypatch):
    monkeypatch.setenv("HOOK_TOKEN", "hunter2")
    with web_server() as (other, elsewhere), web_server(302, (("Location", other),)) as (url, _):
        outcome = send(ALERT, Channels(webhook=Webhook(url=url, token_from="HOOK_TOKEN")))
    assert outcome == {"webhook": "not sent: the server answered 302"}
    assert elsewhere == []


@pytest.mark.parametrize(
    ("webhook", "says"),
    [
        (Webhook(url_from="HOOK_URL"), "gaierror"),
        (Webhook(url="http://hooks.example.org/x", token_from="HOOK_URL"), "token would go in clear"),
        (Webhook(url_from="NOT_SET"), "NOT_SET that [alerts] names is not set"),
        (Webhook(url_from="NO_ADDRESS"), "no web address"),
    ],
)
def test_why_a_webhook_failed_is_said_without_its_address(monkeypatch, webhook, says):
    monkeypatch.setenv("HOOK_URL", "https://nowhere.invalid/hunter2")
    monkeypatch.setenv("NO_ADDRESS", "hunter2")
    (said,) = send(ALERT, Channels(webhook=webhook)).values()
    assert says in said
    assert "hunter2" not in said


def test_servers_that_stall_are_given_up_in_time():
    with silent_server() as port:
        channels = Channels(
            email=Email("127.0.0.1", port, "none", "a@example.org", ("b@example.org",)),
            webhook=Webhook(url=f"http://127.0.0.1:{port}"),
            timeout_seconds=1,
        )
        begun = time.monotonic()
        outcome = send(ALERT, channels)
        took = time.monotonic() - begun
    assert took < 3
    assert all("given up" in said or "timed out" in said.lower() or "Timeout" in said for said in outcome.values())
    assert set(outcome) == {"email", "webhook"}


def test_a_mail_goes_to_everybody_over_a_secured_line(monkeypatch):
    spoken = []

    class Server:
        def __init__(self, host, port, timeout):
            spoken.append(("connect", host, port, timeout))

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def starttls(self, context):
            spoken.append(("starttls", context.check_hostname))

        def login(self, user, password):
            spoken.append(("login", user, password))

        def send_message(self, message):
            spoken.append((message["Subject"], message["To"], message.get_content().strip()))

    monkeypatch.setattr(smtplib, "SMTP", Server)
    monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
    email = Email("smtp", 587, "starttls", "me", ("a@example.org", "b@example.org"), "user", "SMTP_PASSWORD")
    assert send(ALERT, Channels(email=email)) == {"email": "sent"}
    assert spoken == [
        ("connect", "smtp", 587, 10),
        ("starttls", True),
        ("login", "user", "hunter2"),
        (ALERT.subject, "a@example.org, b@example.org", ALERT.text),
    ]


def test_a_refused_password_is_said_without_the_servers_words(monkeypatch):
    def refuse(*_, **__):
        raise smtplib.SMTPAuthenticationError(535, b"no user with password hunter2")

    monkeypatch.setattr(smtplib, "SMTP", refuse)
    email = Email("smtp", 25, "none", "me", ("a@example.org",))
    assert send(ALERT, Channels(email=email)) == {"email": "not sent: the mail server answered 535"}


def test_an_alert_says_what_is_blocked_where_what_to_do_and_that_old_results_stand():
    message = "2-7.xlsx, sheet 1, row 7: 缺数\n  remedy:   download it again"
    alert = run_alert(
        "abc",
        "everything",
        blocked={"sources.city_yearbook": message},
        waiting=213,
        failed={"cut.xlsx": "it is cut short", "\udcff.xls": "it is empty"},
        page="http://ui/runs/abc",
    )
    assert alert.subject == (
        "resilience: sources.city_yearbook blocked and cut.xlsx, \\udcff.xls not taken in; old results stand"
    )
    for words in (
        "sources.city_yearbook is blocked:\n  2-7.xlsx, sheet 1, row 7: 缺数\n    remedy:   download it again",
        "every table keeps its last good version",
        "blocked: 213 tables.",
        "cut.xlsx is not taken in: it is cut short",
        "http://ui/runs/abc",
    ):
        assert words in alert.text


def test_an_overdue_source_is_named_with_its_cadence():
    alert = overdue_alert({"city_yearbook": "yearly; edition t appears around the end of year t"})
    assert alert.subject == "resilience: a delivery of city_yearbook is overdue"
    assert "edition t appears around the end of year t" in alert.text
