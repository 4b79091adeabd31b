"""Access that is asked for: what approving would do, who decides, and the policies that come of it."""
