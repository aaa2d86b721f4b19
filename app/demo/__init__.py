"""A year of a shop that does not exist: the same seed gives the same year. Knows nothing of the service; writes events of the wire."""
