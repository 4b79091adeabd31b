"""How policies are written, and looked at before they hold: plans, previews, and whom one looks as."""
