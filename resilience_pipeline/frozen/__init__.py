"""What studies read: staged tables, or, once frozen, tables staged from pinned deliveries alone.

What belongs here: the pins and the steps between staging and grid. What does not: how a file is read or staged.
"""
