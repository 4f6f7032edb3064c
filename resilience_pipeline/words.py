"""Small matters of wording that every message and note shares."""


def many(number: int, noun: str) -> str:
    """`1 column`, `3 columns`, `3,085 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def printable(text: str) -> str:
    """The text as UTF-8 can write it: the name of a file may hold bytes that are no text."""
    return text.encode(errors="backslashreplace").decode()
