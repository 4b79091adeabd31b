"""What can be wrong with a request itself, before anybody asks what it wants.

VeilError
├── RequestInvalid         400  a body, key, value or parameter that cannot be used
├── NotThere               404  a thing that the address names and that is not there
├── MediaTypeUnsupported   415  a body in a form that is not read here
├── ClientLeft             499  nobody is there to read the answer
├── ProtocolTooOld         505  a connection on which a failed stream would look whole
└── LimitExceeded
    └── TooMany            429  a limit on how often or how much at once
"""

from catalog.errors import LimitExceeded, VeilError


class RequestInvalid(VeilError):
    """The body, a key, a value or a query parameter cannot be used."""

    code = "request_invalid"
    status = 400
    title = "This request cannot be used as it stands"


class NotThere(VeilError):
    """What the address names is not there."""

    code = "not_there"
    status = 404
    title = "There is no such thing"


class MediaTypeUnsupported(VeilError):
    """The body is in a form that is not read here."""

    code = "media_type_unsupported"
    status = 415
    title = "This content type is not read here"


class ClientLeft(VeilError):
    """The client closed its connection while its query ran."""

    code = "client_left"
    status = 499
    title = "The client went away"


class ProtocolTooOld(VeilError):
    """HTTP/1.0 marks the end of a body by closing, so a cut result would look whole."""

    code = "protocol_too_old"
    status = 505
    title = "Results need HTTP/1.1"


class TooMany(LimitExceeded):
    """Too often, or too much at once."""

    status = 429
