"""Campaigns: many backups of phones that change, misbehave and are pulled out, held against a model.

`hurry` lets time pass faster, `world` is a phone with a memory of all it ever held, `runs` makes backups that
may be interrupted or killed, `checks` says what must be true afterwards, `campaign` draws it all from a seed.
`scripts/campaign` runs many; the state machine test is driven by Hypothesis instead of a seed.
"""
