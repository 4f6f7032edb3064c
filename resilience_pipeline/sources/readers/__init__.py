"""Readers that several sources share: one delivered file in, text cells with their positions out.

Nothing here knows a publisher or an indicator; nothing converts a number.
"""
