"""A Jupyter notebook that asks a question again, as whoever opens it and under the rules of that moment."""

import json
from collections.abc import Mapping, Sequence

from proxy.governance import Request
from web_ui.pages.query_form import QueryForm

_IMPORTS = {"datetime.": "import datetime\n", "Decimal(": "from decimal import Decimal\n"}
"""What written values may need."""


def notebook(form: QueryForm, request: Request, url: str) -> str:
    """The notebook as a file's text, in nbformat 4.5; it holds no rows and no token."""
    cells = [
        _cell("markdown", "why", [f"# A query of {url}\n", "\n", "Asked anew, it shows what you may see by then.\n"]),
        _cell("markdown", "token", ["`VEIL_TOKEN` in the environment holds your token; the page Connect makes one.\n"]),
        _cell("code", "ask", _lines(form, request, url)),
        _cell("code", "access", ["result.explain()\n"]),
    ]
    told = {"language_info": {"name": "python"}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    whole = {"cells": cells, "metadata": told, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _lines(form: QueryForm, request: Request, url: str) -> list[str]:
    settings = {"database": form.database, "purpose": form.purpose}
    named = "".join(f", {name}={_text(value)}" for name, value in settings.items() if value)
    values = request.parameters if isinstance(request.parameters, Mapping) else list(request.parameters)
    written = f", {values!r}" if values else ""
    imports = [line for needed, line in _IMPORTS.items() if needed in written]
    return [
        *imports,
        "import veil  # reads VEIL_TOKEN\n",
        "\n",
        f"sql = {_block(form.sql)}\n",
        f"with veil.connect({_text(url)}{named}) as conn:\n",
        f"    result = conn.query(sql{written})\n",
        "    frame = result.to_pandas()\n",
        "frame\n",
    ]


def _block(sql: str) -> str:
    """SQL as it was written, where Python reads it so."""
    return _text(sql) if '"""' in sql or "\\" in sql or sql.endswith('"') else f'"""{sql}"""'


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cell(kind: str, name: str, source: Sequence[str]) -> dict[str, object]:
    more: dict[str, object] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "id": name, "metadata": {}, "source": list(source), **more}
