"""Row filters: what may be written in them, what it means, and how it is bound to who asks.

Reading order: functions, grammar (what may be written), sets, meaning (what a filter asks for), names (what its columns
are in a dataset), truths (whether it can be TRUE at all), binding (to a subject), filters (all of it, for the room).
"""
