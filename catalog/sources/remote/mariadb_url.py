"""The URL of a MariaDB or MySQL source."""

from urllib.parse import parse_qsl, unquote, urlsplit

from catalog.errors import SettingsInvalid

_CONNECT_SECONDS = 10
_OPTIONS = frozenset({"ssl_ca", "ssl_cert", "ssl_key"})


def arguments(source: str, url: str) -> dict[str, object]:
    """What a URL says, as the driver is told it; raises SettingsInvalid.

    Example:
        >>> arguments("shop", "mariadb://veil@db.example/shop")["port"]
        3306
    """
    try:
        parts = urlsplit(url)
        port, options = parts.port or 3306, dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        parts, port, options = urlsplit(""), 0, {}
    if parts.scheme not in ("mariadb", "mysql") or not parts.hostname or not options.keys() <= _OPTIONS:
        raise SettingsInvalid(
            f"the URL of source `{source}` is none that is understood",
            hint="write mariadb://account@host:3306/database, then `?ssl_ca=FILE` to ask for encryption",
        )
    return {
        "host": parts.hostname,
        "port": port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": unquote(parts.path.lstrip("/")) or None,
        "charset": "utf8mb4",
        "connect_timeout": _CONNECT_SECONDS,
        **({"ssl_verify_cert": True, "ssl_verify_identity": True} if "ssl_ca" in options else {}),
        **options,
    }
