"""Questions over journeys: functions from resident frames to answers."""
