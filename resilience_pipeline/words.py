"""Counts in words, wherever a message or a note says how many there are."""


def many(number: int, noun: str) -> str:
    """`1 column`, `3 columns`, `3,085 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
