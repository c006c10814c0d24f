"""The codes of the warnings about an image, beside low_confidence. The contract says what each means."""

BLANK = "blank"
COLOUR = "colour"
INVERTED = "inverted"
RESIZED = "resized"
RECENTRED = "recentred"
LOW_CONTRAST = "low_contrast"
CLUTTERED = "cluttered"
UNCLEAR = "unclear"

# With these a person should look, however sure the model is.
DOUBTFUL = {BLANK, UNCLEAR}
