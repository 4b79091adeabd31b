"""What a person copies to read data from Python, a notebook, curl, the command line or a DB-API program."""

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
        ['pandas', 'Jupyter', 'curl', 'Command line', 'DB-API']
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
            title="Jupyter",
            text=(
                "import getpass, os\n"
                "import veil\n\n"
                'os.environ["VEIL_TOKEN"] = getpass.getpass("Token: ")  # stays out of the notebook\n'
                f"conn = veil.connect({address})\n"
                f"conn.query({json.dumps(sql, ensure_ascii=False)})  # shows rows, and what is masked for you"
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


def asked_snippets(url: str, dataset: str, columns: tuple[str, ...], purpose: str = "") -> tuple[Snippet, ...]:
    """Ready lines that read just these columns, stating the purpose where the access is bound to one.

    Example:
        >>> asked_snippets("http://127.0.0.1:8080", "shop.orders", ("card",))[1].text.splitlines()[-1]
        "veil query 'SELECT card FROM shop.orders LIMIT 10'"
    """
    sql = f"SELECT {', '.join(columns) or '*'} FROM {dataset} LIMIT 10"
    stated = f", purpose={json.dumps(purpose, ensure_ascii=False)}" if purpose else ""
    return (
        Snippet(
            title="pandas",
            text=(
                "import veil  # reads VEIL_TOKEN\n\n"
                f"with veil.connect({json.dumps(url)}{stated}) as conn:\n"
                f"    df = conn.query({json.dumps(sql, ensure_ascii=False)}).to_pandas()"
            ),
        ),
        Snippet(
            title="Command line",
            text=f"export VEIL_URL={shlex.quote(url)}\nveil query {shlex.quote(sql)}"
            + (f" --purpose {shlex.quote(purpose)}" if purpose else ""),
        ),
    )
