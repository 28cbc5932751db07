"""Sweeps: random designs by the thousand, every engine fitted, one row a fit, none lost.

`plan` states what is drawn, `planfile` reads it, `lottery` draws model by model, `station` fits
one in a worker, `crew` hands the models out to cores or to a cluster, `folder` keeps the rows.
"""
