"""The functions that transforms need inside the engine, each total; a world knows them before it is locked."""

from catalog.sources.functions import EngineFunction
from policy_engine.transforms.ciphers import encrypted_column, fpe_number_column, fpe_text_column
from policy_engine.transforms.text_redaction import redacted_column

FUNCTIONS: tuple[EngineFunction, ...] = (
    EngineFunction(name="veil_encrypt", takes=("BLOB", "VARCHAR"), returns="VARCHAR", body=encrypted_column),
    EngineFunction(name="veil_fpe_text", takes=("BLOB", "VARCHAR"), returns="VARCHAR", body=fpe_text_column),
    EngineFunction(
        name="veil_fpe_number",
        takes=("BLOB", "VARCHAR", "VARCHAR", "VARCHAR"),
        returns="VARCHAR",
        body=fpe_number_column,
    ),
    EngineFunction(name="veil_redact_text", takes=("VARCHAR", "VARCHAR"), returns="VARCHAR", body=redacted_column),
)

FUNCTIONS_PLACE = f"{__name__}:FUNCTIONS"
"""Where a worker process finds them."""
