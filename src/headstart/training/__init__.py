"""The one epoch loop, schedules, checkpoints, devices."""
