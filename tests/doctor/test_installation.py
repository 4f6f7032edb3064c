"""The doctor compares what is installed with what the release asks for and was tested with."""

from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import pytest

from resilience_pipeline.doctor import installation
from resilience_pipeline.report import plots

ASKED = [
    "polars<3,>=2",
    "numpy>=2",
    "colorama; sys_platform == 'win32'",
    'moderndid<0.3,>=0.2; extra == "estimators"',
    'ruff; extra == "dev"',
]
GOOD = {"resilience-pipeline": "1", "polars": "2.1", "numpy": "2.4", "moderndid": "0.2.1"}


def found(installed, *, python="3.11.7", constraints="polars==2.1\nnumpy==2.4\nabsent==1\n", tmp_path=None):
    def asked(name):
        if name not in installed:
            raise PackageNotFoundError(name)
        return SimpleNamespace(version=installed[name], requires=ASKED, metadata={"Requires-Python": ">=3.11,<3.15"})

    pins = tmp_path / "constraints.txt"
    pins.write_text(f"# pins\n{constraints}")
    return list(installation.examine(python=python, asked=asked, constraints=pins))


def test_what_is_asked_for_and_was_tested_is_well(tmp_path):
    findings = found(GOOD, tmp_path=tmp_path)
    assert {finding.level for finding in findings} == {"ok"}
    assert [finding.message for finding in findings[:4]] == [
        "Python 3.11.7",
        "2 packages, each of a version that this release asks for",
        "the extra estimators is installed: the estimators cs and drdid",
        "every package is the one of constraints.txt",
    ]


@pytest.mark.parametrize(
    ("installed", "more", "level", "words"),
    [
        ({}, {}, "error", "resilience-pipeline is not installed, only its source lies here"),
        (GOOD, {"python": "3.10.2"}, "error", "Python 3.10.2 is not one of >=3.11,<3.15"),
        (GOOD | {"polars": "1.9"}, {}, "error", "missing or of a wrong version: polars 1.9 (<3,>=2)"),
        ({k: v for k, v in GOOD.items() if k != "numpy"}, {}, "error", "numpy is not installed"),
        (GOOD | {"moderndid": "0.1"}, {}, "error", "extra estimators is installed with wrong versions: moderndid 0.1"),
        ({k: v for k, v in GOOD.items() if k != "moderndid"}, {}, "ok", "extra estimators is not installed; only"),
        (
            GOOD | {"polars": "2.0"},
            {},
            "warning",
            "1 package of another version than constraints.txt says: polars 2.0 (==2.1)",
        ),
    ],
)
def test_what_differs_is_named(tmp_path, installed, more, level, words):
    assert [f.level for f in found(installed, tmp_path=tmp_path, **more) if words in f.message] == [level]


def test_a_missing_chinese_font_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(plots, "chinese_font", lambda: None)
    last = found(GOOD, tmp_path=tmp_path)[-1]
    assert (last.level, last.remedy) == ("warning", "install Noto Sans CJK SC")
