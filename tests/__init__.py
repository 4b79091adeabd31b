"""The tests mirror the rooms; `journeys` tells whole stories, from a file on disk to a person's screen."""
