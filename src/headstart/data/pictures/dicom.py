"""Pictures in DICOM files: window, polarity, frames, and whose they are (extra ``dicom``)."""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np

from headstart.data.base.reasons import BadPicture, why_too_large

MAX_PIXELS = 89_478_485
_DEFLATED = "1.2.840.10008.1.2.1.99"
#: Most bytes that a deflated file may become.
_MOST = 1 << 28
_COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "YBR_PARTIAL_420", "PALETTE COLOR")
_TAGS = (
    *("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelData", "FloatPixelData"),
    *("DoubleFloatPixelData", "RescaleSlope", "RescaleIntercept", "RescaleType", "ModalityLUTSequence", "WindowCenter"),
    *("WindowWidth", "VOILUTFunction", "VOILUTSequence", "PresentationLUTShape", "PixelAspectRatio", "SOPClassUID"),
    *(f"{c}PaletteColorLookupTable{part}" for c in ("Red", "Green", "Blue") for part in ("Descriptor", "Data")),
)


def is_dicom(content: bytes) -> bool:
    """Whether bytes carry the mark of a DICOM file."""
    return content[128:132] == b"DICM"


def pixels_of_dicom(content: bytes, page: int = 1) -> np.ndarray:
    """One frame of a DICOM file as 8-bit grey (H, W) or RGB (H, W, 3).

    The stored values become the modality's (slope and intercept, or its table), these are seen through the file's first
    window or table of interest, and MONOCHROME1, where 0 is white, is turned. Without a window the file's own values
    from the smallest to the largest are spread over 0 to 255, so that 12 bits are not black.

    Parameters
    ----------
    content : bytes
    page : int, default=1
        Which frame.

    Raises
    ------
    BadPicture
        Without pydicom, for compression that nothing here can undo, for frames that are not there, and for damage.

    References
    ----------
    DICOM PS3.3, sections C.11.1 (modality), C.11.2 (value of interest) and C.7.6.3.1.2 (polarity).
    """
    found = _read(content, _TAGS)
    pages = _whole(found, "NumberOfFrames", 1)
    if page > pages:
        raise BadPicture(f"it has {'1 frame' if pages == 1 else f'{pages} frames'}, frame {page} was asked for")
    height, width = _whole(found, "Rows", 0), _whole(found, "Columns", 0)
    if height * width > MAX_PIXELS:
        raise BadPicture(why_too_large((width, height)))
    kind = str(found.get("PhotometricInterpretation", "")).strip()
    stored = _decoded(found, page, pages)
    if stored.ndim not in (2, 3) or not stored.size:
        raise BadPicture(f"it holds no picture (values of shape {stored.shape})")
    if kind in _COLOURS:
        return _colours(found, stored, kind)
    if stored.ndim == 3 or kind not in ("MONOCHROME1", "MONOCHROME2"):
        raise BadPicture(
            f"its values are {kind or 'of no kind that it names'}; MONOCHROME1, MONOCHROME2 and RGB are read"
        )
    shares = _through_window(found, _modality(found, stored))
    turned = kind == "MONOCHROME1" or str(found.get("PresentationLUTShape", "")) == "INVERSE"
    return np.rint(255 * (1 - shares if turned else shares)).astype(np.uint8)


def frames_of_dicom(content: bytes) -> int:
    """How many frames a DICOM file says that it has."""
    return max(1, _whole(_read(content, ("NumberOfFrames",), pixels=False), "NumberOfFrames", 1))


def size_of_dicom(content: bytes) -> tuple[int, int]:
    """Width and height of a frame, by the header."""
    found = _read(content, ("Rows", "Columns"), pixels=False)
    return _whole(found, "Columns", 0), _whole(found, "Rows", 0)


def patient_of(content: bytes) -> str | None:
    """Whose picture it is (PatientID); None where the file does not say."""
    return str(_read(content, ("PatientID",), pixels=False).get("PatientID", "") or "").strip() or None


def _read(content: bytes, tags: tuple[str, ...], pixels: bool = True) -> Any:
    """The named parts of a DICOM file."""
    try:
        import pydicom
    except ImportError:
        raise BadPicture("it is a DICOM file; to read it: pip install 'headstart[dicom]'") from None
    if _DEFLATED.encode() in content[:2048]:
        content = _inflated(content)
    return pydicom.dcmread(io.BytesIO(content), stop_before_pixels=not pixels, specific_tags=list(tags))


def _inflated(content: bytes) -> bytes:
    """The bytes, which pydicom inflates whole, refused where they would fill the memory."""
    if len(content) * 1032 > _MOST:  # zlib's largest ratio
        opened = zlib.decompressobj(-zlib.MAX_WBITS)
        start = content.find(_DEFLATED.encode())
        for skip in range(start, min(start + 512, len(content))):
            try:
                if len(opened.decompress(content[skip:], _MOST)) >= _MOST:
                    raise BadPicture("it is packed so that it would fill the memory")
                break
            except zlib.error:
                opened = zlib.decompressobj(-zlib.MAX_WBITS)
    return content


def _whole(found: Any, name: str, otherwise: int) -> int:
    """A whole number of a file, where it says one."""
    value = found.get(name)
    try:
        return otherwise if value is None or value == "" else int(value)
    except (TypeError, ValueError):
        raise BadPicture(f"its {name} is {str(value)[:40]!r}, no number") from None


def _decoded(found: Any, page: int, pages: int) -> np.ndarray:
    """Stored values of one frame."""
    from pydicom.pixels import pixel_array

    if not any(name in found for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise BadPicture("it is a DICOM file without a picture (a report, a plan, or its pixels were taken out)")
    try:
        return np.asarray(pixel_array(found, index=page - 1))
    except (RuntimeError, NotImplementedError, AttributeError) as error:
        syntax = getattr(getattr(found, "file_meta", None), "TransferSyntaxUID", None)
        if syntax is not None and getattr(syntax, "is_compressed", False) and "plugin" in str(error):
            raise BadPicture(
                f"it is compressed as {syntax.name}; to read it: pip install pylibjpeg pylibjpeg-libjpeg "
                "pylibjpeg-openjpeg"
            ) from error
        raise BadPicture(f"the DICOM file is damaged ({str(error).splitlines()[0][:120]})") from error


def _colours(found: Any, stored: np.ndarray, kind: str) -> np.ndarray:
    if kind == "PALETTE COLOR":
        from pydicom.pixels import apply_color_lut

        stored = np.asarray(apply_color_lut(stored, found))
    bits = 16 if stored.dtype.itemsize == 2 else 8
    if kind != "PALETTE COLOR":
        bits = _whole(found, "BitsStored", 8)
    return np.rint(np.clip(stored * (255.0 / ((1 << min(bits, 16)) - 1)), 0, 255)).astype(np.uint8)


def _modality(found: Any, stored: np.ndarray) -> np.ndarray:
    """What the stored values mean, for instance Hounsfield units, in float64."""
    from pydicom.pixels import apply_modality_lut

    values = np.asarray(apply_modality_lut(stored, found), np.float64)
    if not np.isfinite(values).all():
        raise BadPicture("it holds NaN or infinite values")
    return values


def _through_window(found: Any, values: np.ndarray) -> np.ndarray:
    """Values as shares of white, from 0 to 1."""
    if found.get("VOILUTSequence"):
        from pydicom.pixels import apply_voi

        table = found.VOILUTSequence[0].LUTDescriptor
        said = np.asarray(apply_voi(values.astype(np.int64), found), np.float64)
        return np.clip(said / max((1 << int(table[2])) - 1, 1), 0, 1)
    centre, width = (_first(found, name) for name in ("WindowCenter", "WindowWidth"))
    if centre is not None and width is not None and width > 0:
        form = str(found.get("VOILUTFunction", "") or "LINEAR").strip()
        if form == "SIGMOID":
            return 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -700, 700)))
        if form == "LINEAR_EXACT":
            return np.clip((values - centre) / width + 0.5, 0, 1)
        if width == 1:
            return (values > centre - 0.5).astype(np.float64)
        return np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _first(found: Any, name: str) -> float | None:
    """A number of a file, the first where there are several."""
    value = found.get(name)
    value = value[0] if value is not None and not isinstance(value, str | float | int) and len(value) else value
    try:
        number = None if value is None or value == "" else float(value)
    except (TypeError, ValueError):
        return None
    return number if number is None or np.isfinite(number) else None
