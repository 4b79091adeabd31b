"""The journal: what happened, chained, sealed, searched, archived and passed on."""
