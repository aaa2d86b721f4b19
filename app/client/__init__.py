"""What the command line asks of a running collector, with its progress on the terminal."""
