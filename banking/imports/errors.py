"""What is wrong with a file from another bank, or with what is to become of it."""

from fintrust.core.errors import Conflict, Invalid, Problem, TooLarge, Unprocessable


class ImportFileTooLarge(TooLarge):
    """This file is larger than the bank reads."""

    code, field = "import-file-too-large", "file"


class ImportFileEmpty(Invalid):
    """There is nothing in this file."""

    code, field = "import-file-empty", "file"


class ImportFormatUnknown(Unprocessable):
    """This file is neither CSV nor OFX nor a camt.053 statement."""

    code, field = "import-format-unknown", "file"


class ImportFileBroken(Unprocessable):
    """This file cannot be read to its end."""

    code, field = "import-file-broken", "file"


class ImportFileDeclares(Unprocessable):
    """A file that declares a document type of its own is not read."""

    code, field = "import-file-declares", "file"


class ImportTooManyLines(Unprocessable):
    """This file has more lines than one import takes."""

    code, field = "import-too-many-lines", "file"


class ImportsWaiting(Conflict):
    """Too many of your files wait already; finish or remove one."""

    code, field = "imports-waiting", "file"


class ImportNotReady(Conflict):
    """This import is not waiting for your word."""

    code = "import-not-ready"


class ImportChanged(Conflict):
    """The preview has changed since you saw it; look again."""

    code, field = "import-changed", "revision"


class ImportColumnsUnclear(Invalid):
    """The columns do not say yet when and how much."""

    code, field = "import-columns-unclear", "roles"


class OutsideAccountFull(Conflict):
    """This outside account has as many lines as one may have."""

    code = "outside-account-full"


class OutsideAccountsExhausted(Conflict):
    """You have as many outside accounts as one customer may have."""

    code = "outside-accounts-exhausted"


class OutsideNameMissing(Invalid):
    """Write a name of 1 to 80 characters."""

    code, field = "outside-name-missing", "name"


# What a reader of files finds wrong with a whole file, by its code.
BY_FILE_CODE: dict[str, type[Problem]] = {
    kind.code: kind
    for kind in (
        ImportFileBroken,
        ImportFileDeclares,
        ImportFileEmpty,
        ImportFormatUnknown,
        ImportTooManyLines,
    )
}
