"""Where alerts go is said in the settings file; what is secret never is."""

import pytest

from resilience_pipeline.alerts.settings import Channels, Email, Webhook, load_channels
from resilience_pipeline.errors import OptionError

EMAIL = """
[alerts.email]
host = "smtp.example.org"
from = "pipeline@example.org"
to = ["me@example.org"]
password_from = "SMTP_PASSWORD"
"""


def load(tmp_path, text: str) -> Channels:
    file = tmp_path / "resilience.toml"
    file.write_text(text)
    return load_channels(file)


def test_without_a_word_alerts_go_to_the_log_only(tmp_path):
    assert load_channels(tmp_path / "none.toml") == Channels()
    assert load(tmp_path, "[options]\n") == Channels()


def test_email_and_webhook_are_read(tmp_path):
    channels = load(tmp_path, EMAIL + '[alerts.webhook]\nurl_from = "HOOK"\nformat = "wecom"\n')
    assert channels.email == Email(
        "smtp.example.org", 587, "starttls", "pipeline@example.org", ("me@example.org",), None, "SMTP_PASSWORD"
    )
    assert channels.webhook == Webhook(url_from="HOOK", form="wecom")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (EMAIL + 'password = "hunter2"\n', "must not stand in a file"),
        (EMAIL + 'security = "none"\n', "password in clear"),
        (EMAIL.replace('"me@example.org"', ""), "names nobody"),
        ('[alerts.webhook]\nurl = "https://x"\ntoken = "hunter2"\n', "must not stand in a file"),
        ("[alerts.webhook]\n", "one of them"),
        ('[alerts.webhook]\nurl = "file:///etc/hunter2"\n', "is no web address"),
        ("[alerts]\ntimeout_seconds = 300\n", "out of range"),
        ("[alerts]\nslack = true\n", "is not a key"),
    ],
)
def test_what_cannot_be_is_named_and_no_secret_is_repeated(tmp_path, text, says):
    with pytest.raises(OptionError) as refused:
        load(tmp_path, text)
    assert says in str(refused.value)
    assert "hunter2" not in str(refused.value)
