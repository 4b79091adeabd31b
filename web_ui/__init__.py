"""The desk of administrators, analysts and auditors, and the place where the whole server is put together.

Rule: pages ask the same parts as the API; no rule of access is written here.

Reading order: settings, parts, app, server, session, then pages/ (one module a page).
"""
