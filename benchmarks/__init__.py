"""What Veil costs, measured side by side with doing without it; `make bench` prints one JSON line per figure."""
