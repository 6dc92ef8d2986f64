"""Boxes of a detector that was exported as ONNX beside the detector's own, box by box.

    python benchmarks/exported_boxes.py DATA/vehicles_openimages [NETWORK ...]

Detectors on each network ("none": edges and colours) learn from 60 pictures; boxes are compared on 50 photos of
the part ``valid`` and on the 50 made-up pictures that an export is compared on. No draw: the same every time.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from headstart import TransferDetector
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.models.detection_model import DetectionModel
from headstart.models.exporting.comparing import asked, difference_of_boxes
from headstart.models.exporting.made_inputs import COUNT, made_inputs
from headstart.models.exporting.whole import whole_of


def main() -> None:
    root, *networks = sys.argv[1:]
    learned, other = (recognise(root, Reading(boxes=f"{root}/{part}.json")).dataset() for part in ("train", "valid"))
    for name in networks or ["starter:pictures", "none"]:
        detector = TransferDetector(None if name == "none" else name)
        detector.fit(learned.inputs[range(60)], learned.y[:60])
        model = DetectionModel(detector, {})
        with tempfile.TemporaryDirectory() as place:
            whole = whole_of(model, {})
            file = Path(place) / "model.onnx"
            file.write_bytes(whole.proto.SerializeToString())
            made = made_inputs(model.kind, whole, model, COUNT)
            for kind, pictures in (("photos", other.inputs[range(COUNT)]), ("made up", made)):
                start = time.process_time()
                found = asked(file, whole.feed(pictures))
                took = (time.process_time() - start) / COUNT
                apart, n = difference_of_boxes(model, pictures, found), sum(len(scores) for _, _, scores in found)
                print(f"{name}, {kind}: {n} boxes, at most {apart:.1e} apart, {took:.2f} s a picture", flush=True)


if __name__ == "__main__":
    main()
