"""What one request may carry. Each is checked before the work that it bounds, and the refusal names it.

Past these a request is answered 413, so that no body, however it is made, takes the memory or the time of others.
"""

# Lambda takes no larger event: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
BODY_BYTES = 6 * 1024 * 1024
# What a body of gzip may grow to: 8,192 pictures of 28×28 as floats in compact JSON are 41 MiB. And how many numbers or
# arrays it may hold; those pictures have 6.7 million. A parsed one takes many times its text.
UNZIPPED_BYTES = 48 * 1024 * 1024
VALUES = 8 * 1024 * 1024
# Pictures of a request, whatever they come in, and so the parts of a form; the default of the setting MAX_IMAGES.
IMAGES = 8192
# Of one picture file, and of all files of a request together.
PIXELS = 16_777_216
PIXELS_OF_BATCH = 4 * PIXELS
# Scans of a progressive JPEG. Encoders write about ten; each makes the decoder pass over the whole picture once more.
JPEG_SCANS = 100
# Levels of arrays and objects in JSON: simdjson's own limit, told here for the message.
NESTING = 1024
# A picture behind a link: its bytes, and all that fetching takes, from the name's resolution to the last byte.
LINK_BYTES = 6 * 1024 * 1024
LINK_SECONDS = 3.0
LINK_CHARACTERS = 2048
# Before Lambda ends an invocation, so much is kept for the step that is under way and for the answer.
RESERVED_SECONDS = 1.0
