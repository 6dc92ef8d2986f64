"""Finding things: discs and squares are learned from ten marked pictures and found in new ones."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageDraw

from headstart import Boxes, TransferDetector

rng = np.random.default_rng(0)


def drawn():
    """A noisy picture with one disc and one square, and their boxes."""
    picture = Image.fromarray(rng.integers(0, 90, (96, 96, 3), dtype=np.uint8))
    pen, corners, places = ImageDraw.Draw(picture), [], rng.permutation(4)[:2]
    for kind, place in zip(["disc", "square"], places, strict=True):
        size = int(rng.integers(24, 36))
        left, top = (48 * np.array(divmod(place, 2)) + rng.integers(0, 48 - size, 2)).tolist()
        box, colour = [left, top, left + size, top + size], tuple(rng.integers(120, 256, 3).tolist())
        (pen.ellipse if kind == "disc" else pen.rectangle)(box, fill=colour)
        corners.append(box)
    return np.asarray(picture), Boxes(np.array(corners), np.array(["disc", "square"]))


pictures, boxes = zip(*(drawn() for _ in range(10)), strict=True)
detector = TransferDetector("starter:pictures", image_size=96).fit(np.stack(pictures), list(boxes))
new = np.stack([drawn()[0] for _ in range(6)])

figure, axes = plt.subplots(2, 3, figsize=(9, 6.4), layout="constrained")
for axis, picture, found in zip(axes.flat, new, detector.predict(new), strict=True):
    axis.imshow(picture)
    axis.axis("off")
    for (left, top, right, bottom), label, score in zip(found.corners, found.labels, found.scores, strict=True):
        if score > 0.5:
            colour = "yellow" if label == "disc" else "cyan"
            axis.add_patch(plt.Rectangle((left, top), right - left, bottom - top, fill=False, ec=colour, lw=2.5))
            axis.text(left, top - 2, f"{label} {score:.0%}", color="black", backgroundcolor=colour, fontsize=8)
figure.suptitle("Found in new pictures, from 10 that were marked")
figure.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "drawn_shapes.png", dpi=120)
