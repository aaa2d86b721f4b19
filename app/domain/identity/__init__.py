"""Who an event names, and whom an identifier belongs to."""
