"""A sample filter, which is a SQL condition on a row, as Stata and as R say it; on the same rows, missing values too.

SQL keeps a row where the condition is true and not where it is unknown. R reasons with missing values as SQL does. In
Stata a missing value is larger than every number, so each comparison also demands its variables, and NOT is first
driven down to the comparisons. What is beyond comparisons, arithmetic, IN, BETWEEN and IS NULL is not translated.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:e[-+]?\d+)?|\.\d+)|(?P<text>'(?:[^']|'')*')|(?P<quoted>\"[^\"]+\")"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign><>|!=|<=|>=|[-=<>+*/(),]))",
    re.IGNORECASE,
)
_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_WORDS = {"and", "or", "not", "in", "between", "is", "null", "true", "false"}


class NotTranslatedError(ValueError):
    """The condition uses what has no plain counterpart in Stata and R."""


@dataclass(frozen=True)
class Value:
    """A number, a text or a column, or arithmetic on them. kind: "number", "text", "column", or an operator."""

    kind: str
    text: str = ""
    parts: tuple["Value", ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads, each once."""
        own = (self.text,) if self.kind == "column" else ()
        return tuple(dict.fromkeys((*own, *(name for part in self.parts for name in part.columns))))


@dataclass(frozen=True)
class Test:
    """left sign right; for sign "null" whether left is missing, for "not null" whether it is not."""

    sign: str
    left: Value
    right: Value | None = None


@dataclass(frozen=True)
class Group:
    """Conditions joined by "and" or "or"."""

    word: str
    parts: tuple["Condition", ...]


Condition = Test | Group


def parse_condition(text: str) -> Condition:
    """The condition with NOT, IN and BETWEEN resolved into comparisons.

    Raises
    ------
    NotTranslatedError : it uses anything else.
    """
    parser = _Parser(_tokens(text))
    condition = parser.disjunction()
    if parser.kind:
        raise NotTranslatedError(f"{parser.text!r} is not translated")
    return condition


def in_stata(condition: Condition, names: Mapping[str, str], texts: frozenset[str]) -> str:
    """As a Stata expression; a comparison with a missing value is not true.

    Parameters
    ----------
    names : column -> variable. texts : columns that hold text, where the data do; others hold numbers.
    """
    return _written(condition, lambda test: _stata_test(test, names, texts), {"and": " & ", "or": " | "})


def in_r(condition: Condition, names: Mapping[str, str], texts: frozenset[str]) -> str:
    """As an R expression on the columns of a data frame; NA where SQL says unknown."""
    return _written(condition, lambda test: _r_test(test, names, texts), {"and": " & ", "or": " | "})


def _written(condition: Condition, test: Callable[[Test], str], words: Mapping[str, str]) -> str:
    if isinstance(condition, Test):
        return test(condition)
    return words[condition.word].join(
        f"({_written(part, test, words)})" if isinstance(part, Group) else _written(part, test, words)
        for part in condition.parts
    )


def _stata_test(test: Test, names: Mapping[str, str], texts: frozenset[str]) -> str:
    read = ", ".join(names[name] for name in (*test.left.columns, *(test.right.columns if test.right else ())))
    left = _value(test.left, names, texts, test.right)
    if test.right is None:
        return f"missing({read})" if test.sign == "null" else f"!missing({read})"
    sign = {"=": "==", "<>": "!="}.get(test.sign, test.sign)
    known = f" & !missing({read})" if read else ""
    return f"({left} {sign} {_value(test.right, names, texts, test.left)}{known})"


def _r_test(test: Test, names: Mapping[str, str], texts: frozenset[str]) -> str:
    left = _value(test.left, names, texts, test.right)
    if test.right is None:
        return f"is.na({left})" if test.sign == "null" else f"!is.na({left})"
    sign = {"=": "==", "<>": "!="}.get(test.sign, test.sign)
    return f"({left} {sign} {_value(test.right, names, texts, test.left)})"


def _value(value: Value, names: Mapping[str, str], texts: frozenset[str], other: Value | None) -> str:
    if value.kind == "column":
        return names[value.text]
    if value.kind == "number":
        return value.text
    if value.kind == "text":
        if other is not None and other.kind == "column" and other.text not in texts:
            if not value.text.isdigit():
                raise NotTranslatedError(f"{other.text} holds numbers, not {value.text!r}")
            return value.text.lstrip("0") or "0"  # a code kept as a number
        if re.search(r'["`$\\]', value.text):
            raise NotTranslatedError(f"the text {value.text!r} has signs that Stata or R would act on")
        return f'"{value.text}"'
    if len(value.parts) == 1:
        return f"(-{_value(value.parts[0], names, texts, None)})"
    left, right = (_value(part, names, texts, None) for part in value.parts)
    return f"({left} {value.kind} {right})"


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, place = [], 0
    text = text.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise NotTranslatedError(f"{text[place:]!r} is not translated")
        kind = str(found.lastgroup)
        word = found[kind]
        if kind == "name" and word.lower() in _WORDS:
            kind, word = "word", word.lower()
        elif kind == "quoted":
            kind, word = "name", word[1:-1]
        elif kind == "text":
            word = word[1:-1].replace("''", "'")
        elif word == "!=":
            word = "<>"
        tokens.append((kind, word))
        place = found.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens: or, and, not, comparison, sum, product, term."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens, self._place = tokens, 0

    @property
    def kind(self) -> str:
        return self._tokens[self._place][0] if self._place < len(self._tokens) else ""

    @property
    def text(self) -> str:
        return self._tokens[self._place][1] if self._place < len(self._tokens) else "the end"

    def disjunction(self) -> Condition:
        return self._joined("or", self._conjunction)

    def _conjunction(self) -> Condition:
        return self._joined("and", self._negation)

    def _joined(self, word: str, part: Callable[[], Condition]) -> Condition:
        parts = [part()]
        while self._took("word", word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Group(word, tuple(parts))

    def _negation(self) -> Condition:
        if self._took("word", "not"):
            return _negated(self._negation())
        start = self._place
        if self._took("sign", "("):  # of a condition, or of arithmetic
            try:
                inner = self.disjunction()
                self._demand("sign", ")")
            except NotTranslatedError:
                self._place = start
            else:
                return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        left = self._sum()
        if self._took("word", "is"):
            negative = self._took("word", "not")
            self._demand("word", "null")
            if left.kind != "column":
                raise NotTranslatedError("IS NULL of more than a column is not translated")
            return Test("not null" if negative else "null", left)
        negative = self._took("word", "not")
        if self._took("word", "between"):
            low = self._sum()
            self._demand("word", "and")
            found: Condition = Group("and", (Test(">=", left, low), Test("<=", left, self._sum())))
        elif self._took("word", "in"):
            self._demand("sign", "(")
            values = [self._sum()]
            while self._took("sign", ","):
                values.append(self._sum())
            self._demand("sign", ")")
            tests = tuple(Test("=", left, value) for value in values)
            found = tests[0] if len(tests) == 1 else Group("or", tests)
        elif self.kind == "sign" and self.text in _OPPOSITE and not negative:
            sign = self.text
            self._place += 1
            return Test(sign, left, self._sum())
        else:
            raise NotTranslatedError(f"{self.text!r} is not translated")
        return _negated(found) if negative else found

    def _sum(self) -> Value:
        return self._chain(("+", "-"), self._product)

    def _product(self) -> Value:
        return self._chain(("*", "/"), self._term)

    def _chain(self, signs: tuple[str, ...], part: Callable[[], Value]) -> Value:
        value = part()
        while self.kind == "sign" and self.text in signs:
            sign = self.text
            self._place += 1
            value = Value(sign, parts=(value, part()))
        return value

    def _term(self) -> Value:
        kind, text = self.kind, self.text
        if kind in ("number", "text", "name"):
            self._place += 1
            if kind == "name" and self.kind == "sign" and self.text == "(":
                raise NotTranslatedError(f"{text}() is not translated")
            return Value("column" if kind == "name" else kind, text)
        if self._took("sign", "-"):
            return Value("-", parts=(self._term(),))
        if self._took("sign", "("):
            value = self._sum()
            self._demand("sign", ")")
            return value
        raise NotTranslatedError(f"{text!r} is not translated")

    def _took(self, kind: str, text: str) -> bool:
        if (self.kind, self.text) == (kind, text):
            self._place += 1
            return True
        return False

    def _demand(self, kind: str, text: str) -> None:
        if not self._took(kind, text):
            raise NotTranslatedError(f"{self.text!r} is not translated")


def _negated(condition: Condition) -> Condition:
    if isinstance(condition, Group):
        return Group("or" if condition.word == "and" else "and", tuple(map(_negated, condition.parts)))
    if condition.right is None:
        return replace(condition, sign="not null" if condition.sign == "null" else "null")
    return replace(condition, sign=_OPPOSITE[condition.sign])
