"""A seven of our own drawing, in each form that the service takes."""

# 40×40, dark on light.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAACgAAAAoCAAAAACpleexAAAAyUlEQVR42tWUQRKDMAhFn53eiJ4pnknPBGdKFzrRCKjtqmXFTP48+MBkqNyLB78v"
    "fG6pBc+ypfU0tGWfE7VOgXBqzAszs33vWhDtn0aDInbpWgFRDVz3tmWmA5LNbwU2YiZU6YaTCZehlp0um6PNQLGr6zHMoMh+g8SVBdg5SXoMOqx1"
    "qEFhXoB2txOV1lo8MCAmQG4CPTEDchPoiAtQpiPPb2Y9L7+u5LycR0ccE2DfY9rhsUcBLSGQcNdy/kmdyZKjiGL4gz/8DRXx7HhwNPVbAAAAAElF"
    "TkSuQmCC"
)

_ROWS = """
..........
.########.
.########.
.......##.
......##..
.....##...
....##....
...##.....
...##.....
..........
"""
# 10×10, light on dark.
ARRAY = [[255 if pixel == "#" else 0 for pixel in row] for row in _ROWS.split()]
# 28×28 as one row, the array twice as large.
_PADDED = ["." * 10] * 2 + _ROWS.split() + ["." * 10] * 2
PIXELS = [255 if pixel == "#" else 0 for row in _PADDED for _ in "12" for x in f"..{row}.." for pixel in x * 2]
