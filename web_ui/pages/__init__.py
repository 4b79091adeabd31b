"""One module a page: it asks the rooms below as the person who looks, and hands values to a template."""
