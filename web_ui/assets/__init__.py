"""The third-party scripts of the pages: what is fetched from npm when Veil is built, and bundled into static/vendor.

Rule: nothing of it is committed, each package is held against its pinned hash, and every page works without it.

Reading order: packages.toml, editor.js, htmx.js, npm, bundle, backend.
"""
