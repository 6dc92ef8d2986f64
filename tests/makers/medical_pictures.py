"""Small DICOM, NIfTI and HEIC files."""

from __future__ import annotations

import gzip
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image


def dicom(values: np.ndarray, polarity: str = "MONOCHROME2", bits: int = 12, **tags: Any) -> bytes:
    """A DICOM file of grey values (H, W) or frames (n, H, W)."""
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, "1.2.3"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
    made.Rows, made.Columns = values.shape[-2:]
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, polarity
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, bits, bits - 1
    made.PixelRepresentation = int(values.dtype.kind == "i")
    if values.ndim == 3:
        made.NumberOfFrames = len(values)
    for name, value in tags.items():
        setattr(made, name, value)
    made.PixelData = values.tobytes()
    written = io.BytesIO()
    pydicom.dcmwrite(written, made, enforce_file_format=True)
    return written.getvalue()


def nifti(volume: np.ndarray, packed: bool = False, **header: Any) -> bytes:
    """A NIfTI file of a volume (x, y, z)."""
    nibabel = pytest.importorskip("nibabel")
    made = nibabel.Nifti1Image(volume, np.eye(4))
    for name, value in header.items():
        made.header[name] = value
    return gzip.compress(made.to_bytes()) if packed else made.to_bytes()


def heic(pixels: np.ndarray, **more: Any) -> bytes:
    """A HEIC file without loss worth speaking of."""
    pillow_heif = pytest.importorskip("pillow_heif")
    written = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(pixels)).save(written, quality=95, **more)
    return written.getvalue()


def claiming(kind: str, width: int, height: int) -> bytes:
    """A small file of a kind, "DICOM", "NIfTI" or "HEIC", whose header claims so many pixels."""
    if kind == "DICOM":
        return dicom(np.zeros((8, 8), np.uint16), Rows=height, Columns=width)
    if kind == "NIfTI":
        content = bytearray(nifti(np.zeros((8, 8, 3), np.uint8)))
        content[42:46] = np.array([width, height], "<i2").tobytes()
        return bytes(content)
    content = bytearray(heic(np.zeros((64, 64, 3), np.uint8)))
    at = content.find(b"ispe")
    content[at + 8 : at + 16] = np.array([width, height], ">u4").tobytes()
    return bytes(content)
