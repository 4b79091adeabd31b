"""Batches on their way to a person: answer counts and ends them, cells and wire write them, meter adds them up."""
