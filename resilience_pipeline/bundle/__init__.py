"""One archive that a data editor can check without the licensed files, and the check itself.

write.py makes it, verify.py makes it again; record.py is what both know of a lake, contents.py the files they compare.
"""
