"""All transforms by name, listed openly."""

from collections.abc import Mapping

from catalog.errors import PolicyInvalid
from catalog.names import nearest
from policy_engine.transforms.dates import DateShift, DateTrunc
from policy_engine.transforms.emptying import Constant, Null, Redact, Zero
from policy_engine.transforms.encryption import Encrypt, Fpe
from policy_engine.transforms.generalizing import Bucket, Generalize, Round
from policy_engine.transforms.hashing import Hash
from policy_engine.transforms.masking import Mask
from policy_engine.transforms.partial_masks import MaskCcn, MaskEmail, MaskIp, MaskPhone
from policy_engine.transforms.perturbing import Perturb
from policy_engine.transforms.safe_harbour import PhiAge, PhiDate, PhiDob, PhiZip3
from policy_engine.transforms.spec import Transform
from policy_engine.transforms.text_redaction import RedactText
from policy_engine.transforms.tokenize import Tokenize

TRANSFORMS: tuple[Transform, ...] = (
    *(Round(), Bucket(), DateTrunc(), Generalize(), PhiAge(), PhiZip3(), PhiDob(), PhiDate()),
    *(Perturb(), DateShift(), MaskCcn(), MaskEmail(), MaskIp(), MaskPhone(), RedactText()),
    *(Encrypt(), Fpe(), Tokenize(), Hash(), Mask(), Redact(), Constant(), Zero(), Null()),
)
"""Weakest first: what takes away least comes first."""

BY_NAME: Mapping[str, Transform] = {
    name: transform for transform in TRANSFORMS for name in (transform.name, *transform.aliases)
}


def find(name: str) -> Transform:
    """The transform of a name or alias; raises PolicyInvalid naming the nearest."""
    transform = BY_NAME.get(name.lower())
    if transform is None:
        near = nearest(name, BY_NAME)
        known = ", ".join(f"`{known.name}`" for known in TRANSFORMS)
        raise PolicyInvalid(
            f"there is no transform `{name}`", hint=f"did you mean `{near}`?" if near else f"there are {known}"
        )
    return transform
