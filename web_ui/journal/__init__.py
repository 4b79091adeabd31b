"""The journal as people and programs read it: as far as each may, whole for whoever may verify it."""
