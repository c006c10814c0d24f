"""Reads the files of a multipart/form-data body."""

from io import BytesIO

from multipart import MultipartError, MultipartParser, parse_options_header

from lambda_fn.errors import InvalidRequest, TooLarge


def files(content: bytes, content_type: str, max_files: int) -> list[bytes]:
    """The files in order. Names of fields and files don't matter.

    Raises:
        InvalidRequest: no boundary, damaged, empty, or with a field that is not a file.
        TooLarge: more than `max_files` parts.
    """
    boundary = parse_options_header(content_type)[1].get("boundary", "")
    if not boundary:
        raise InvalidRequest("invalid_multipart", "Content-Type is multipart/form-data without a boundary")
    try:
        parser = MultipartParser(
            BytesIO(content),
            boundary,
            len(content),
            strict=True,
            part_limit=max_files + 1,
            spool_limit=len(content) + 1,  # never to disk
            memory_limit=len(content) + 1,
        )
        parts = list(parser)
        if not parts:
            raise InvalidRequest("empty", "the form holds no file")
        if len(parts) > max_files:
            raise TooLarge("too_many_images", f"more than {max_files} files in one request")
        for part in parts:
            if part.filename is None:
                raise InvalidRequest("unknown_field", "the form has a field that is not a file")
        return [part.raw for part in parts]
    except MultipartError:
        raise InvalidRequest("invalid_multipart", "the body is not valid multipart/form-data") from None
