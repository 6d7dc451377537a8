"""A statement on its way out: the same answer for the pages, the API and the console."""

from django.http import StreamingHttpResponse

from banking.statements.formats import Format, file_name, written
from banking.statements.statement import Statement


def download(statement: Statement, format: Format) -> StreamingHttpResponse:
    """The statement as a file, sent while it is read. What cannot be written is said before."""
    answer = StreamingHttpResponse(written(statement, format), content_type=format.media_type)
    answer["Content-Disposition"] = f'attachment; filename="{file_name(statement, format)}"'
    answer["Cache-Control"] = "private, no-store"  # a shared computer keeps no copy of it
    return answer
