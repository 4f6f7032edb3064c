"""One archive that a data editor can check without the licensed files, and the check itself.

write.py makes it, verify.py runs it again; contents.py is the record that both read.
"""
