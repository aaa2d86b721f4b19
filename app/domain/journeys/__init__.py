"""From events to journeys: channels, machines, sessions, touches, stage models, entries."""
