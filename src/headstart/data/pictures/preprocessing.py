"""What a network wants done to a picture before it sees it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from headstart.data.base.preprocessing import BasePreprocessing, short_hash
from headstart.data.pictures.depth import Depth
from headstart.errors import ParameterError

FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "lanczos": Image.Resampling.LANCZOS,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "box": Image.Resampling.BOX,
    "hamming": Image.Resampling.HAMMING,
}
LONGEST = 16


@dataclass(frozen=True)
class Preprocessing(BasePreprocessing):
    """Resize, centre crop, scale and normalise, exactly as the network's own preprocessing does.

    Resize and crop give the same 8-bit pixels as transformers' image processors with the PIL backend. A picture more
    than 16 times as long as it is wide is first cut to that length around its middle, so that a strip of one pixel by
    a million cannot fill the memory.

    Parameters
    ----------
    resize : int or (int, int)
        Length of the shorter side after the resize, the other side following in proportion; or the exact height and
        width. In pixels.
    crop : (int, int) or None
        Height and width of the centre crop after the resize. None takes what the resize gives, which for a shorter
        side means the square of that side in the middle.
    mean, std : tuple of float
        Of each channel, after ``scale``.
    scale : float, default=1/255
        What 8-bit values are multiplied with.
    channels : int, default=3
        1 when the network takes grey pictures.
    resample : str, default="bilinear"
        One of nearest, bilinear, bicubic, lanczos, box, hamming.
    depth : Depth, optional
        What was white in the deep pictures that the network learned from, and which page of each was meant; new
        pictures are read alike. None: each set of pictures decides for itself.

    Examples
    --------
    >>> preprocessing = Preprocessing(256, (224, 224), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    >>> canvas = preprocessing.canvas(np.zeros((300, 600, 3), dtype=np.uint8))
    >>> canvas.shape, preprocessing.centre(canvas).shape, preprocessing.array(canvas).shape
    ((256, 512, 3), (224, 224, 3), (3, 224, 224))
    """

    resize: int | tuple[int, int]
    crop: tuple[int, int] | None
    mean: tuple[float, ...]
    std: tuple[float, ...]
    scale: float = 1 / 255
    channels: int = 3
    resample: str = "bilinear"
    depth: Depth | None = None

    resized_by: ClassVar[str | None] = "image_size"

    def __post_init__(self) -> None:
        sides = (self.resize,) if isinstance(self.resize, int) else self.resize
        if not all(isinstance(side, int) and 1 <= side <= 16384 for side in (*sides, *(self.crop or ()))):
            raise ParameterError(
                f"Expected sides from 1 to 16384 pixels, found resize={self.resize}, crop={self.crop}."
            )
        if self.resample not in FILTERS:
            raise ParameterError(f"Expected resample in {sorted(FILTERS)}, found {self.resample!r}.")
        if self.channels not in (1, 3) or {len(self.mean), len(self.std)} != {self.channels}:
            raise ParameterError(
                f"Expected 1 or 3 channels with a mean and a standard deviation each, found channels={self.channels}, "
                f"mean={self.mean}, std={self.std}."
            )
        if not all(value > 0 for value in self.std):
            raise ParameterError(f"Expected standard deviations above 0, found {self.std}.")

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the network's input, in pixels."""
        if self.crop is not None:
            return self.crop
        return (self.resize, self.resize) if isinstance(self.resize, int) else self.resize

    @property
    def enough(self) -> int:
        """Shortest side, in pixels, that a JPEG may be decoded at: twice what is needed, to leave the resize enough."""
        return 2 * (self.resize if isinstance(self.resize, int) else max(self.resize))

    def windows(self, canvas: np.ndarray) -> np.ndarray:
        """The only window of a picture, its centre, as (1, H, W, 3)."""
        return self.centre(canvas)[None]

    def pieces(self, canvas: np.ndarray) -> list[np.ndarray]:
        """The canvas itself, alone."""
        return [canvas]

    def some_piece(self, canvas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The canvas itself."""
        return canvas

    def canvas(self, rgb: np.ndarray | Image.Image) -> np.ndarray:
        """Resize a picture, without cropping it.

        Parameters
        ----------
        rgb : ndarray of shape (H, W, 3), uint8, or PIL.Image.Image of mode RGB

        Returns
        -------
        ndarray of shape (h, w, 3), uint8
            The caller's own array where nothing has to change.
        """
        width, height = (rgb.shape[1], rgb.shape[0]) if isinstance(rgb, np.ndarray) else rgb.size
        if isinstance(self.resize, int) and max(width, height) > LONGEST * min(width, height):
            rgb, width, height = _middle(rgb, width, height)
        new_height, new_width = self.canvas_size(height, width)
        if (new_height, new_width) == (height, width):
            return rgb if isinstance(rgb, np.ndarray) else np.asarray(rgb)
        image = Image.fromarray(rgb) if isinstance(rgb, np.ndarray) else rgb
        return np.asarray(image.resize((new_width, new_height), FILTERS[self.resample]))

    def centre(self, canvas: np.ndarray) -> np.ndarray:
        """Crop the middle out of a canvas, with zeros around it where the canvas is smaller than the crop.

        Parameters
        ----------
        canvas : ndarray of shape (h, w, 3), uint8

        Returns
        -------
        ndarray of shape (H, W, 3), uint8
            A view of the canvas where it is large enough. (H, W) is ``size``.
        """
        crop_height, crop_width = self.size
        height, width = canvas.shape[:2]
        if height < crop_height or width < crop_width:
            above, left = ceil(max(crop_height - height, 0) / 2), ceil(max(crop_width - width, 0) / 2)
            padded = np.zeros((max(height, crop_height), max(width, crop_width), *canvas.shape[2:]), canvas.dtype)
            padded[above : above + height, left : left + width] = canvas
            top = (height - crop_height) // 2 + above
            start = (width - crop_width) // 2 + left
            return padded[top : top + crop_height, start : start + crop_width]
        top, left = (height - crop_height) // 2, (width - crop_width) // 2
        return canvas[top : top + crop_height, left : left + crop_width]

    def array(self, canvas: np.ndarray) -> np.ndarray:
        """The network's input for one canvas: cropped, scaled, normalised, channels first.

        This is the reference, equal to transformers' bit by bit; batches are converted faster elsewhere.

        Returns
        -------
        ndarray of shape (channels, H, W), float32
        """
        pixels = self.centre(canvas)
        if self.channels == 1:
            pixels = np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).convert("L"))[:, :, None]
        scaled = (pixels.astype(np.float64) * self.scale).astype(np.float32)
        normal = (scaled - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(normal.transpose(2, 0, 1))

    def whole(self, picture: np.ndarray) -> np.ndarray:
        """A picture at the network's size, (H, W, 3) in uint8: squeezed if need be, nothing cropped."""
        height, width = self.size
        if picture.shape[:2] == (height, width):
            return picture
        return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR))

    @property
    def words(self) -> str:
        """What a network that wants it takes, in words."""
        height, width = self.size
        return f"{height} x {width} pixels, colour; larger and smaller pictures are resized, grey ones made colour"

    def detailed(self, factor: float) -> Preprocessing:
        """The same with canvases that are so many times larger, for crops."""
        return self.resized(ceil(factor * min(self.size)))

    def resized(self, side: int) -> Preprocessing:
        """The same for another input size, with resize and crop in the same proportion.

        Parameters
        ----------
        side : int
            Shorter side of the new input, in pixels.

        Examples
        --------
        >>> Preprocessing(256, (224, 224), (0.5,) * 3, (0.5,) * 3).resized(160).resize
        183
        """
        factor = side / min(self.size)

        def scaled(length: int) -> int:
            return max(1, round(length * factor))

        def both(sides: tuple[int, int]) -> tuple[int, int]:
            return scaled(sides[0]), scaled(sides[1])

        resize = scaled(self.resize) if isinstance(self.resize, int) else both(self.resize)
        return dataclasses.replace(self, resize=resize, crop=None if self.crop is None else both(self.crop))

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain JSON types."""
        settings = {
            key: list(value) if isinstance(value, tuple) else value for key, value in dataclasses.asdict(self).items()
        }
        del settings["depth"]
        return settings if self.depth is None else {**settings, "depth": self.depth.to_dict()}

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Preprocessing:
        """Read what :meth:`to_dict` wrote.

        Examples
        --------
        >>> preprocessing = Preprocessing((32, 32), None, (0.0,) * 3, (1.0,) * 3, resample="bicubic")
        >>> Preprocessing.from_dict(preprocessing.to_dict()) == preprocessing
        True
        """
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(settings) - known)
        if unknown:
            raise ParameterError(f"Expected preprocessing settings {sorted(known)}, found also {unknown}.")
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
        depth = values.pop("depth", None)
        return cls(**values, depth=None if depth is None else Depth.from_dict(depth))

    def canvas_key(self) -> str:
        """Short hash of what decides a canvas alone: two networks that resize alike share their canvases."""
        return short_hash([self.resize, self.resample])

    def canvas_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the canvas of a picture of this height and width."""
        if not isinstance(self.resize, int):
            return self.resize
        longer = int(self.resize * max(height, width) / min(height, width))
        return (longer, self.resize) if width <= height else (self.resize, longer)


def _middle(rgb: np.ndarray | Image.Image, width: int, height: int) -> tuple[np.ndarray | Image.Image, int, int]:
    """The middle of a very long picture, at most 16 times as long as it is wide."""
    new_width, new_height = min(width, LONGEST * height), min(height, LONGEST * width)
    left, top = (width - new_width) // 2, (height - new_height) // 2
    if isinstance(rgb, np.ndarray):
        rgb = np.ascontiguousarray(rgb[top : top + new_height, left : left + new_width])
    else:
        rgb = rgb.crop((left, top, left + new_width, top + new_height))
    return rgb, new_width, new_height
