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
# Numbers, arrays and keys in it; those images have 6.7 million. Parsed JSON takes many times the memory of its text.
VALUES = 7_000_000
# Inputs (images, texts) of a request, and so parts of a form; the default of the setting MAX_IMAGES.
INPUTS = 8192
# Pixels of one image file, and bytes of the decoded pixels of all files of a request: 1 a pixel for grey, 3 for
# colours, 4 with transparency, twice as many with 16 bits.
PIXELS = 16_777_216
PIXEL_BYTES = 4 * PIXELS
# Scans of a progressive JPEG. Encoders write about ten; each makes the decoder pass over the whole image again.
JPEG_SCANS = 24
# Searches for the digit in one request: one for an image that is not in the model's form, and a second one, from near
# by, where the digit is small. A search takes up to half a millisecond.
SEARCHES = 1024
# Levels of JSON: simdjson's own limit, named here for the message.
NESTING = 1024
# A file behind a link: its size, and the time for fetching it, from resolving the name to the last byte.
LINK_BYTES = 6 * 1024 * 1024
LINK_SECONDS = 3.0
LINK_CHARACTERS = 2048
# Kept free before Lambda ends an invocation, for the step under way and for the answer.
RESERVED_SECONDS = 1.0
