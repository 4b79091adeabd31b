"""Forms of transforms in databases, held against the Python reference on real servers."""
