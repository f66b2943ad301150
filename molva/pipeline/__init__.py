"""collect → match → store → label → detect → digest → deliver: the steps, each resumable alone.

The only package that turns one room's values into another's. Every step keeps its state in the
store, so it may be killed anywhere and started again: nothing is lost and nothing told twice.

    collect   polls sources, matches brands, keeps each page with its cursor
    label     gives every new revision its sentiment and causes
    tell      looks for spikes, writes digests, sends what the outbox holds
"""
