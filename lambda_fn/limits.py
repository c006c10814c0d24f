"""What one request may carry. Each limit is checked before the work that it bounds; past most, the answer is 413."""

# Lambda's own limit on an event: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
BODY_BYTES = 6 * 1024 * 1024
# The gateway says the same of a body that never reaches the function (infra_cdk/api/gateway_responses.py).
TOO_LARGE = (
    "the request is larger than the service takes in one call (6 MB, base64 included); send whole numbers 0 to 255 "
    "instead of fractions, PNG files instead of arrays, gzip (Content-Encoding), UINT8 as binary tensors (about 6,000 "
    "images), or several smaller calls"
)
# What a gzip body may unzip to: 8,192 images of 28×28 as floats in compact JSON are 41 MiB.
UNZIPPED_BYTES = 48 * 1024 * 1024
# Numbers or arrays in it; those images have 6.7 million. Parsed JSON takes many times the memory of its text.
VALUES = 8 * 1024 * 1024
# Inputs (images, texts) of a request, and so parts of a form; the default of the setting MAX_IMAGES.
INPUTS = 8192
# Pixels of one image file, and of all files of a request together.
PIXELS = 16_777_216
PIXELS_OF_BATCH = 4 * PIXELS
# Scans of a progressive JPEG. Encoders write about ten; each makes the decoder pass over the whole image again.
JPEG_SCANS = 100
# Levels of JSON: simdjson's own limit, named here for the message.
NESTING = 1024
# A file behind a link: its size, and the time for fetching it, from resolving the name to the last byte.
LINK_BYTES = 6 * 1024 * 1024
LINK_SECONDS = 3.0
LINK_CHARACTERS = 2048
# Kept free before Lambda ends an invocation, for the step under way and for the answer.
RESERVED_SECONDS = 1.0
