"""The living panel: a study once more, with every year that is complete by now, beside its frozen window.

What belongs here: which years are complete, the study of that window, its steps on a lake of its own, and the effect
by last year. What does not: anything of a result itself; the steps are the study's own.
"""
