"""What a person copies to read data from Python, curl, the command line or a DB-API program."""

import json
import shlex
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A few lines under a title."""

    title: str
    text: str


def snippets(url: str, dataset: str) -> tuple[Snippet, ...]:
    """Ready lines with the real address and a dataset the person sees; the token stays in the environment.

    Example:
        >>> [snippet.title for snippet in snippets("http://127.0.0.1:8080", "shop.orders")]
        ['pandas', 'curl', 'Command line', 'DB-API']
    """
    sql = f"SELECT * FROM {dataset} LIMIT 10"
    body = json.dumps({"sql": sql, "format": "csv"}, ensure_ascii=False)
    address = json.dumps(url)
    return (
        Snippet(
            title="pandas",
            text=(
                "import veil  # reads VEIL_TOKEN\n\n"
                f"with veil.connect({address}) as conn:\n"
                f"    df = conn.scan_as_pandas({json.dumps(dataset, ensure_ascii=False)}, max_records=100_000)"
            ),
        ),
        Snippet(
            title="curl",
            text=(
                f"curl --fail {shlex.quote(url + '/api/v1/query')} \\\n"
                '  -H "Authorization: Bearer $VEIL_TOKEN" \\\n'
                "  -H 'Content-Type: application/json' \\\n"
                f"  -d {shlex.quote(body)}"
            ),
        ),
        Snippet(
            title="Command line",
            text=f"export VEIL_URL={shlex.quote(url)}\nveil query {shlex.quote(sql)} -f csv",
        ),
        Snippet(
            title="DB-API",
            text=(
                "import veil\n\n"
                f"with veil.connect({address}) as conn:\n"
                "    cursor = conn.cursor()\n"
                f"    cursor.execute({json.dumps(sql, ensure_ascii=False)})\n"
                "    for row in cursor:\n"
                "        print(row)"
            ),
        ),
    )
