"""The errors of the service. HTTP codes live in `http_errors.py` only.

ServiceError
├── UploadTooLargeError      the body is larger than the limit
├── UploadTimeoutError       the body did not arrive in time
├── UnsupportedUploadError   the body is neither a picture nor a form with pictures
├── EmptyUploadError         no picture in the body
├── BusyError                every grading place is taken; come back later
├── ModelNotReadyError       the model is still loading, or could not be loaded
├── ForeignOriginError       another web site tried to use this service through a browser
├── NotSignedInError         who asks is not known, or not any more
├── NotAllowedError          who asks is known, and has no role that may
├── TooManyTriesError        too many wrong passwords; come back later
├── AccountError             a name, password, role, link or key cannot be used or given
├── NotFoundError            no such record, picture, lot or line
├── ConflictError            somebody else was quicker, or what is asked for was done already
├── LotError                 a lot cannot be opened so: lanes or crop do not fit the line
├── ReviewError              an answer to a fruit cannot be: no such class, or marks on no view of it
├── StatementError           a statement cannot be made so: a price or currency that is none
├── ExportError              a corrected set cannot be written: its folder is taken, or there is nothing to learn
├── BadFruitError            a posted fruit is no record of schema fruit/1
├── ProtocolError            a message to a line that does not follow the protocol
├── LineConfigError          the file of a line has faults
├── LineConnectionError      a client found no line at an address
├── ReplayError              what is to be replayed on a line cannot be
├── LedgerError              the counts of a line do not add up
├── PreviewError             the picture of a fruit on a line cannot be drawn now
├── CompanyError             the file of the company that packs is missing, or has faults
├── LabelError               a label cannot be made
│   ├── LabelDataError       what it is to carry is too long, of wrong characters, or has a wrong check digit
│   ├── SsccExhaustedError   every pallet number of a company prefix is given out
│   └── LabelFontError       no font on this computer can write its text
└── StorageError             the data folder cannot be used
    ├── StorageFullError     the disk is full: nothing was accepted
    ├── RowRefusedError      the database does not take a row as it is: trying again is no use
    └── SchemaError          the database belongs to another program or a newer version
"""

from __future__ import annotations


class ServiceError(Exception):
    """Base of every error the service raises on purpose."""


class UploadTooLargeError(ServiceError):
    """The body is larger than the limit; the message states both in bytes."""


class UploadTimeoutError(ServiceError):
    """The body did not arrive within the time allowed."""


class UnsupportedUploadError(ServiceError):
    """The declared content type is not one the service takes."""


class EmptyUploadError(ServiceError):
    """The body holds no picture, or more pictures than allowed."""


class BusyError(ServiceError):
    """All grading places are taken. `retry_after_s`: seconds after which a new try makes sense."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ModelNotReadyError(ServiceError):
    """Grading is not possible yet (loading) or at all (the model could not be loaded)."""


class ForeignOriginError(ServiceError):
    """A browser sent a changing request on behalf of another web site."""


class NotSignedInError(ServiceError):
    """A request needs a sign-in or an API key, and came with none that is valid."""


class NotAllowedError(ServiceError):
    """The role of the caller may not do this."""


class TooManyTriesError(ServiceError):
    """Too many wrong passwords. `retry_after_s`: seconds after which the next one is looked at."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class AccountError(ServiceError):
    """An account, link or key cannot be made or changed. `problem`: a word for the pages, such as `name_taken`."""

    def __init__(self, problem: str, message: str) -> None:
        super().__init__(message)
        self.problem = problem


class NotFoundError(ServiceError):
    """The record or file asked for does not exist."""


class ReviewError(ServiceError):
    """An answer of the review does not fit its fruit; the message names the field, expected and actual."""


class ExportError(ServiceError):
    """A corrected set cannot be written; the message says why, and what was left out."""


class BadFruitError(ServiceError):
    """A fruit that was sent is no record of schema `fruit/1`; the message says which one and which field."""


class ConflictError(ServiceError):
    """What is asked for does not fit what is there now; the message says expected and actual."""


class LotError(ServiceError):
    """A lot does not fit its line; the message names the field, expected and actual."""


class StatementError(ServiceError):
    """A statement cannot be made as it was asked for. `field`: what is wrong; the message says expected and actual."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


class ProtocolError(ServiceError):
    """A message to a line is malformed. `field`: the part that is wrong."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


class LineConfigError(ServiceError):
    """The file of a line cannot be used; one fault a line, each with file and line number."""


class LineConnectionError(ServiceError):
    """A client found no line at an address, or was refused; the message says where and why."""


class ReplayError(ServiceError):
    """A folder, video or simulation cannot be replayed on a line; the message says expected, found, and where."""


class LedgerError(ServiceError):
    """A fruit of a line was counted twice or not at all; the message says which sum is wrong."""


class PreviewError(ServiceError):
    """The picture of a fruit cannot be drawn now; grading is not concerned."""


class CompanyError(ServiceError):
    """`company.toml` cannot be used; one fault a line, each with file and line number."""


class LabelError(ServiceError):
    """A label cannot be made."""


class LabelDataError(LabelError):
    """A value that a label, a code or an event cannot carry. `field`: which; the message says expected and actual."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


class SsccExhaustedError(LabelError):
    """A company prefix has no more pallet numbers under this extension digit."""


class LabelFontError(LabelError):
    """No font on this computer can write the text of a label; the message says what to install."""


class StorageError(ServiceError):
    """The data folder or the database cannot be used."""


class StorageFullError(StorageError):
    """There is not enough free space; nothing of the request was accepted."""


class RowRefusedError(StorageError):
    """A row breaks a rule of the database, such as one about a lot that does not exist."""


class SchemaError(StorageError):
    """The database was made by another program, or by a newer version of this one."""
