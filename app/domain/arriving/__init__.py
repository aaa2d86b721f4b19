"""What arrives, taken apart and checked: events, hits, rows of files, webhooks; and the keys and seals that let it in."""
