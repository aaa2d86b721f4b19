"""Measurements that `make bench` takes: each a ratio within one run, since absolute numbers are those of one machine."""
