"""Boxes in four forms: the same answer from each, and every trap either right or refused by name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boxed_pictures as maker
import numpy as np
import pytest
from PIL import Image, ImageOps

from headstart import read_dataset
from headstart.data.boxes.boxes import Boxes
from headstart.data.clips.clips import Clips
from headstart.data.reading.inspecting import inspected
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.data.sets.dataset import Dataset
from headstart.errors import BadPictures, DataError, ParameterError

N = 6
Edit = Callable[[dict[str, Any]], None]


def read(pictures: Path, boxes: Path, **more: Any) -> Dataset:
    return recognise(pictures, Reading(boxes=boxes, **more)).dataset()


def made(root: Path, form: str, n: int = N) -> tuple[Path, Path, list[Boxes]]:
    pictures, boxes = maker.scenes(n)
    return root / "images", maker.write(root, form, pictures, boxes), boxes


def edited(root: Path, change: Edit) -> tuple[Path, Path]:
    """A COCO file with a change."""
    pictures, place, _ = made(root, "coco")
    content = json.loads(place.read_text())
    change(content)
    place.write_text(json.dumps(content))
    return pictures, place


def same(found: Dataset, boxes: list[Boxes]) -> None:
    assert len(found) == len(boxes)
    for one, other in zip(found.y, boxes, strict=True):
        np.testing.assert_allclose(one.corners, other.corners, atol=1e-9)
        assert one.labels.tolist() == other.labels.tolist()


@pytest.mark.parametrize("form", maker.FORMS)
def test_every_form_gives_the_same_boxes_and_empty_pictures_are_examples(form: str, tmp_path: Path) -> None:
    pictures, place, boxes = made(tmp_path, form)
    found = read(pictures, place)
    same(found, boxes)
    assert found.task == "detection" and found.classes == maker.CLASSES and not len(found.y[1])
    assert inspected(found).n_per_class() == {
        name: sum(int((one.labels == name).sum()) for one in boxes) for name in maker.CLASSES
    }


@pytest.mark.parametrize("form", maker.FORMS)
def test_pictures_that_are_named_and_not_there_are_named_and_none_there_is_refused(form: str, tmp_path: Path) -> None:
    pictures, place, _ = made(tmp_path, form)
    (pictures / "000.png").unlink()
    found = read(pictures, place)
    with pytest.raises(BadPictures, match=r"000(\.png)?: there is no such file"):
        from headstart.data.inputs.registry import simple_of
        from headstart.data.sets.screen import screen

        screen(found, simple_of(found.kind).preprocessing)
    assert [name for name, _ in inspected(found).dropped] == ["000.png" if form != "yolo" else "000"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (pictures / "002.png").rename(elsewhere / "another.png")
    with pytest.raises(DataError, match=r"found none of the 6 there: 000(\.png)?, 001.*there are another\.png"):
        read(elsewhere, place)


@pytest.mark.parametrize("form", maker.FORMS)
def test_parts_by_folders_of_pictures(form: str, tmp_path: Path) -> None:
    pictures, place, boxes = made(tmp_path, form)
    for i in range(N):
        part = pictures / ("train2017" if i < 4 else "test")
        part.mkdir(exist_ok=True)
        (pictures / f"{i:03d}.png").rename(part / f"{i:03d}.png")
    found = read(pictures, place)
    assert dict(zip(*np.unique(found.parts, return_counts=True), strict=True)) == {"train": 4, "test": 2}
    assert sum(len(one) for one in found.y) == sum(len(one) for one in boxes)


def test_equal_names_in_two_parts_are_told_apart_by_folder_or_refused(tmp_path: Path) -> None:
    for part, seed in (("train", 0), ("valid", 1)):
        pictures, boxes = maker.scenes(3, seed)
        maker.write(tmp_path / part, "yolo", pictures, boxes)
    shutil.copy(tmp_path / "train" / "data.yaml", tmp_path / "data.yaml")
    (tmp_path / "train" / "data.yaml").unlink()
    (tmp_path / "valid" / "data.yaml").unlink()
    found = read(tmp_path, tmp_path)
    assert found.parts is not None and found.parts.tolist() == ["train"] * 3 + ["val"] * 3
    same(found, [*maker.scenes(3, 0)[1], *maker.scenes(3, 1)[1]])
    flat = tmp_path / "flat.csv"
    flat.write_text(maker.table(["000.png"], maker.scenes(1)[1]))
    with pytest.raises(DataError, match=r"one picture called '000.png'.*found train/images/000.png and valid/"):
        read(tmp_path, flat)


def test_a_json_for_each_part_says_the_parts_and_one_alone_says_none(tmp_path: Path) -> None:
    pictures, boxes = maker.scenes(6)
    names = maker.write_pictures(tmp_path / "images", pictures)
    for part, rows in (("train", range(4)), ("valid", range(4, 6))):
        content = maker.coco([names[i] for i in rows], [boxes[i] for i in rows], [(64, 48)] * len(rows))
        (tmp_path / f"instances_{part}2017.json").write_text(json.dumps(content))
    (tmp_path / "captions_train2017.json").write_text("{}")
    found = read(tmp_path / "images", tmp_path)
    assert found.parts is not None and found.parts.tolist() == ["train"] * 4 + ["val"] * 2
    alone = read(tmp_path / "images", tmp_path / "instances_train2017.json")
    assert alone.parts is None and len(alone) == 4 and alone.unlabelled == 2


def test_parts_by_image_sets_by_a_column_and_by_lists_of_files(tmp_path: Path) -> None:
    pictures, place, _ = made(tmp_path / "voc", "voc")
    sets = tmp_path / "voc" / "ImageSets" / "Main"
    sets.mkdir(parents=True)
    (sets / "train.txt").write_text("000\n001\n002\n003\n")
    (sets / "test.txt").write_text("004\n005")
    wanted = ["train"] * 4 + ["test"] * 2
    assert read(pictures, place).parts.tolist() == wanted
    (sets / "val.txt").write_text("005")
    with pytest.raises(DataError, match=r"each picture in one part, found '005' in test and val"):
        read(pictures, place)
    pictures, place, _ = made(tmp_path / "table", "table")
    first, *rows = place.read_text().split()
    parts = ["test" if row[:3] in ("004", "005") else "train" for row in rows]
    place.write_text("\n".join([f"{first},set", *(f"{row},{part}" for row, part in zip(rows, parts, strict=True))]))
    assert read(pictures, place).parts.tolist() == wanted
    pictures, place, _ = made(tmp_path / "yolo", "yolo")
    (tmp_path / "yolo" / "train.txt").write_text("".join(f"./images/00{i}.png\n" for i in range(4)))
    (tmp_path / "yolo" / "rest.txt").write_text("/home/somebody/images/004.png\nC:\\a\\images\\005.png")
    more = "train: train.txt\nval: rest.txt\nnames: [disc, square]\n"
    (tmp_path / "yolo" / "data.yaml").write_text(more)
    assert read(pictures, place).parts.tolist() == ["train"] * 4 + ["val"] * 2
    (tmp_path / "yolo" / "data.yaml").write_text(more.replace("rest", "lost"))
    with pytest.raises(DataError, match=r"the list 'lost\.txt' that .*data\.yaml names, found none"):
        read(pictures, place)


def test_ids_are_names_and_nothing_else(tmp_path: Path) -> None:
    pictures, place, boxes = made(tmp_path, "coco")
    content = json.loads(place.read_text())
    assert content["annotations"][0]["id"] == 0
    content["images"][0]["id"] = 0
    for one in content["annotations"]:
        one["image_id"] = 0 if one["image_id"] == 7 else one["image_id"]
    content["categories"].insert(0, {"id": 5, "name": "ghost"})
    place.write_text(json.dumps(content))
    found = read(pictures, place)
    same(found, boxes)
    assert "Of the listed class ghost there is no box." in found.notes


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c["annotations"][0].update(category_id=99), r"category of every annotation.*not: 99"),
        (lambda c: c["annotations"][0].update(image_id=99), r"1 annotations of 1 pictures that are not: image_id 99"),
        (lambda c: c["annotations"][0].pop("bbox"), r"as annotations\.0"),
        (lambda c: c["annotations"][0].update(bbox=[1, 2, 3]), r"a list of 4 .* as annotations\.0\.bbox"),
        (lambda c: c["annotations"][0].update(bbox=[1, 2, None, 4]), r"annotations\.0\.bbox\.2.*found null"),
        (lambda c: c["annotations"][0].update(bbox=[1, 2, 1e30, 4]), r"annotations\.0\.bbox\.2"),
        (lambda c: c.pop("categories"), r"a JSON object with images, annotations, categories"),
        (lambda c: c["images"].append(dict(c["images"][0])), r"each picture's id once.*found 7"),
        (lambda c: c["images"].append(c["images"][0] | {"id": 99}), r"each picture once, found 000\.png twice"),
        (lambda c: c["categories"].append({"id": 3, "name": "other"}), r"each category's id once.*found 3 twice"),
        (lambda c: c["categories"].append({"id": 4, "name": "disc"}), r"classes of different names.*'disc' twice"),
        (lambda c: c["images"][0].update(width=640), r"of 640 x 48 pixels .*it has 64 x 48"),
    ],
)
def test_json_that_contradicts_itself_or_the_pictures_is_refused_by_name(
    change: Edit, words: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=words):
        read(*edited(tmp_path, change))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "a JSON object with images, annotations, categories in .*, found a list of 0"),
        ('[{"image_id": 1, "score": 0.5}]', "a list of results with scores"),
        ('{"shapes": [], "imagePath": "a.jpg"}', "found an object with shapes, imagePath"),
        ('{"images": [NaN], "annotations": [], "categories": []}', "NaN, which is no JSON"),
        ("{", "Expecting property name"),
        ("", "Expecting value"),
        ('{"a": ' * 90 + "1" + "}" * 90, "more than 64 levels"),
    ],
)
def test_json_that_is_no_coco_is_refused_with_what_coco_is(text: str, words: str, tmp_path: Path) -> None:
    pictures, place, _ = made(tmp_path, "coco")
    place.write_text(text)
    with pytest.raises(DataError, match=words):
        read(pictures, place)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("form", maker.FORMS)
def test_marks_before_the_text_and_utf_16_are_read(form: str, encoding: str, tmp_path: Path) -> None:
    pictures, place, boxes = made(tmp_path, form)
    for file in [place] if place.is_file() else [*place.iterdir(), *tmp_path.glob("*.yaml")]:
        file.write_text(file.read_text(), encoding=encoding)
    same(read(pictures, place), boxes)


@pytest.mark.parametrize("before", ["C:\\Users\\ann\\pics\\", "/home/ann/pics/", "./", "other/", "IMAGES\\"])
def test_paths_of_other_machines_name_the_pictures_that_are_there(before: str, tmp_path: Path) -> None:
    def rename(content: dict[str, Any]) -> None:
        for one in content["images"]:
            one["file_name"] = before + one["file_name"].upper()

    same(read(*edited(tmp_path, rename)), maker.scenes(N)[1])


def test_boxes_beyond_the_picture_are_cut_and_a_few_that_hold_nothing_left_out_and_said(tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        one = content["annotations"][0]
        content["annotations"] += [one | {"id": 90 + k, "bbox": [60, 40, 10 + k, 30]} for k in range(60)]
        content["annotations"] += [one | {"id": 200, "bbox": [1, 1, 0, 5]}, one | {"id": 201, "bbox": [100, 1, 9, 9]}]
        content["annotations"] += [one | {"id": 202, "bbox": [9, 9, -5, 5]}]

    found = read(*edited(tmp_path, change))
    assert found.y[0].corners.max(axis=0).tolist()[2:] == [64, 48]
    notes = " ".join(found.notes)
    assert "1 box reaches beyond its picture and was cut at its edge" in notes and "59 boxes were there twice" in notes
    assert (
        "3 boxes hold nothing of the picture and were left out (000.png: annotation 200 is 0 wide and 5 high" in notes
    )
    assert "annotation 201 lies outside the picture: 100, 1 to 109, 10" in notes and "-5 wide" in notes


def test_many_boxes_that_hold_nothing_are_another_form_of_numbers(tmp_path: Path) -> None:
    def corners(content: dict[str, Any]) -> None:
        for one in content["annotations"]:
            x, y, _, _ = one["bbox"]
            one["bbox"] = [x + 40, y + 40, -x - 1, -y - 1]

    with pytest.raises(DataError, match=r"boxes that hold something.*that do not: 000\.png: annotation 0 is -\d"):
        read(*edited(tmp_path, corners))


@pytest.mark.parametrize("form", ["coco", "table"])
def test_corners_in_the_place_of_sides_are_refused(form: str, tmp_path: Path) -> None:
    pictures, boxes = maker.scenes(8)
    wrong = [
        Boxes(np.hstack([one.corners[:, :2], one.corners[:, :2] + one.corners[:, 2:]]), one.labels) for one in boxes
    ]
    place = maker.write(tmp_path, form, pictures, wrong)
    with pytest.raises(
        DataError, match=r"inside their pictures, found \d+ of \d+ that reach beyond: 000\.png: .* in 64 x 48"
    ):
        read(tmp_path / "images", place)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0 100 50 20 20", r"shares of the picture from 0 to 1 in line 1 of .*000\.txt, found pixels: 0 100 50 20 20"),
        ("0 0.5 0.5 0.1", "a class and 4 numbers in line 1 .*found 4 numbers"),
        ("0 0.5 0.5 0.1 0.1 0.9", "found 6 numbers. A sixth number is the score"),
        ("2 0.5 0.5 0.1 0.1", r"one of 2 classes \(.*data\.yaml\) in line 1 of .*found the number 2"),
        ("-1 0.5 0.5 0.1 0.1", "found the number -1"),
        ("0.5 0.5 0.5 0.1 0.1", r"found the number 0\.5"),
        ("disc 0.5 0.5 0.1 0.1", "Expected numbers in line 1 .*found 'disc 0.5"),
        ("0 0.5 nan 0.1 0.1", "finite numbers in line 1"),
        ("0 0.5 0.5 0.1 -0.3", "from 0 to 1 in line 1 .*found numbers outside"),
    ],
)
def test_yolo_lines_that_are_none_are_refused_with_file_and_line(line: str, words: str, tmp_path: Path) -> None:
    pictures, place, _ = made(tmp_path, "yolo")
    (place / "000.txt").write_text(line)
    with pytest.raises(DataError, match=words):
        read(pictures, place)


def test_outlines_become_the_boxes_around_them(tmp_path: Path) -> None:
    pictures, place, _ = made(tmp_path, "yolo")
    (place / "000.txt").write_text("1 0.25 0.5 0.5 0.25 0.75 0.5 0.5 0.75\r\n")
    found = read(pictures, place)
    assert found.y[0].corners.tolist() == [[16, 12, 48, 36]]
    assert "1 outline was read as the boxes around them." in found.notes


def test_points_of_a_body_after_the_box_are_passed_over_where_the_yaml_says_so(tmp_path: Path) -> None:
    pictures, place, _ = made(tmp_path, "yolo")
    (tmp_path / "data.yaml").write_text("kpt_shape: [1, 2]\nnames: [disc, square]\n")
    for file in place.iterdir():
        file.write_text("0 0.5 0.5 0.5 0.5 0.4 0.4")
    assert read(pictures, place).y[3].corners.tolist() == [[16, 12, 48, 36]]


def test_a_picture_without_a_label_file_shows_nothing_unless_its_whole_folder_is_without(tmp_path: Path) -> None:
    pictures, place, _ = made(tmp_path, "yolo")
    (place / "000.txt").unlink()
    found = read(pictures, place)
    assert len(found) == N and not len(found.y[0])
    assert any("1 picture has no label file, and counts as without things" in words for words in found.notes)
    shutil.copytree(pictures, pictures / "more")
    found = read(pictures, place)
    assert len(found) == N and found.unlabelled == N


@pytest.mark.parametrize("form", ["coco", "voc", "table"])
def test_a_picture_that_is_not_annotated_takes_no_part(form: str, tmp_path: Path) -> None:
    pictures, place, _ = made(tmp_path, form)
    Image.new("RGB", (64, 48)).save(pictures / "new.png")
    found = read(pictures, place)
    assert len(found) == N and found.unlabelled == 1 and found.without_label.names == ("new.png",)


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("names: []", "Expected names in .*data.yaml"),
        ("names: [a, a]", "different names in .*found 'a' twice"),
        ("nc: 3\nnames: [disc, square]", "Expected nc: 2 as there are names .*found 3"),
        ("names: &a [disc, square]\nother: *a", r"found a reference \(\*\)"),
        ("names: [", "Expected YAML in"),
        ("a: 1", "a data.yaml or classes.txt with the names of the classes .*found .*data.yaml without names"),
        ("names:", "Expected names in .*data.yaml, a list or each with its number, found none"),
        ("names: disc, square", "found 'disc, square'"),
    ],
)
def test_names_of_classes_that_say_nothing_are_refused(yaml: str, words: str, tmp_path: Path) -> None:
    pictures, place, _ = made(tmp_path, "yolo")
    (tmp_path / "data.yaml").write_text(yaml)
    with pytest.raises(DataError, match=words):
        read(pictures, place)


def test_names_of_classes_are_texts_whatever_yaml_takes_them_for(tmp_path: Path) -> None:
    pictures, place, boxes = made(tmp_path, "yolo")
    (tmp_path / "data.yaml").rename(tmp_path / "DATA.YML")
    for text, names in (("names: [no, 007]", ("no", "007")), ("nc: '2'\nnames: {'0': on, 1: 1.10}", ("on", "1.10"))):
        (tmp_path / "DATA.YML").write_text(text)
        found = read(pictures, place)
        assert found.classes == tuple(sorted(names))
        called = dict(zip(maker.CLASSES, names, strict=True))
        assert [called[name] for one in boxes for name in one.labels] == [
            name for one in found.y for name in one.labels
        ]


def test_classes_txt_stands_for_data_yaml_and_other_text_files_are_passed_over(tmp_path: Path) -> None:
    pictures, place, boxes = made(tmp_path, "yolo")
    (tmp_path / "data.yaml").unlink()
    (place / "classes.txt").write_text("disc\nsquare\n")
    (place / "README.txt").write_text("Labels of six pictures, drawn with care.")
    same(read(pictures, place), boxes)


BOMB = (
    '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><annotation><object><name>&b;</name></object></annotation>'
)
FILE = (
    '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]><annotation><object><name>&a;</name></object></annotation>'
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "an entity of its own, which is never expanded"),
        (FILE, "an entity of its own, which is never expanded"),
        ("<annotation>", "as XML in .*000.xml, found: no element found"),
        ("", "the file is empty"),
        ("<annotations/>", "an annotation in .*found the root 'annotations'"),
        ("<annotation><object><name>a</name></object></annotation>", "a bndbox in object 1 of"),
        ("<annotation><things><object/></things></annotation>", "in an object of its own in .*found object outside"),
        ("<annotation><bndbox><xmin>1</xmin></bndbox></annotation>", "found bndbox outside of one"),
        ("<annotation><object><bndbox/></object></annotation>", "a name in object 1 of"),
        ("<annotation><object><name>a</name><bndbox><xmin>1</xmin></bndbox></object></annotation>", "a number as ymin"),
        ("<a>" * 99 + "</a>" * 99, "more than 64 levels"),
        (
            "<annotation><object><name>a</name><bndbox><xmin>nan</xmin></bndbox></object></annotation>",
            "a number as xmin of object 1 in .*found 'nan'",
        ),
    ],
)
def test_xml_that_is_no_annotation_is_refused_and_never_expanded(text: str, words: str, tmp_path: Path) -> None:
    pictures, place, _ = made(tmp_path, "voc")
    (place / "000.xml").write_text(text)
    with pytest.raises(DataError, match=words):
        read(pictures, place)


def test_a_namespace_and_capitals_change_nothing_in_xml(tmp_path: Path) -> None:
    pictures, place, boxes = made(tmp_path, "voc")
    for k, file in enumerate(sorted(place.iterdir())):
        text = file.read_text().replace("object>", "Object>")
        if k % 2:
            text = text.replace("</", "</v:").replace("<", "<v:").replace("<v:/v:", "</v:")
        file.write_text(text.replace("annotation>", 'annotation xmlns="u:v" xmlns:v="u:v">', 1))
        file.rename(file.with_suffix(".XML"))
    same(read(pictures, place), boxes)


def test_a_file_of_xml_belongs_to_the_picture_of_its_name_whatever_it_says_inside(tmp_path: Path) -> None:
    pictures, place, boxes = made(tmp_path, "voc")
    for file in place.iterdir():
        file.write_text(file.read_text().replace(f"{file.stem}.png", "untitled.png"))
    same(read(pictures, place), boxes)
    (place / "000.xml").rename(place / "zzz.xml")
    (place / "zzz.xml").write_text((place / "zzz.xml").read_text().replace("untitled", "000"))
    same(read(pictures, place), boxes)


def test_a_table_says_which_boxes_hold_a_crowd(tmp_path: Path) -> None:
    pictures, place, _ = made(tmp_path, "table")
    rows = [
        "path,label,x,y,w,h,IsGroupOf",
        "000.png,disc,1,1,9,9,0",
        "000.png,disc,20,20,9,9,1",
        "001.png,disc,1,1,9,9,-1",
    ]
    place.write_text("\n".join(rows))
    assert [one.crowd.tolist() for one in read(pictures, place).y] == [[False, True], [False]]
    place.write_text("\n".join(rows).replace(",-1", ",maybe"))
    with pytest.raises(DataError, match=r"0 or 1 for a crowd in row 3 of .*found 'maybe'"):
        read(pictures, place)


def test_crowds_alone_are_no_class(tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        for one in content["annotations"]:
            one["iscrowd"] = int(one["category_id"] == 3)

    pictures, place = edited(tmp_path, change)
    found = read(pictures, place)
    assert found.classes == ("square",) and any(one.crowd.any() for one in found.y)
    assert "Of disc there are crowds alone, of which nothing is learned." in found.notes
    place.write_text(place.read_text().replace('"iscrowd": 0', '"iscrowd": 1'))
    with pytest.raises(DataError, match="Expected boxes, found crowds alone in 6 pictures"):
        read(pictures, place)


def test_ids_of_another_kind_are_shown(tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        for one in content["images"]:
            one["id"] = str(one["id"])

    with pytest.raises(DataError, match=r"that are not: image_id 10, 7, 9; ids there are such as '7'"):
        read(*edited(tmp_path, change))


@pytest.mark.parametrize(
    ("header", "rows", "words"),
    [
        ("file,label", ["000.png,disc"], "four columns with the numbers of a box"),
        ("x,y,w,h,label", ["1,2,3,4,disc"], "a column with the paths of pictures"),
        ("path,x,y,w,h", ["000.png,1,2,3,4"], "a column with labels"),
        ("path,x,y,w,h,label", ["000.png,1,2,,4,disc"], "Expected w in row 1"),
        ("path,x,y,w,h,label", ["000.png,1,2,3,4,"], "a label in row 1"),
        ("path,x,y,w,h,label", ["000.png,1,2,inf,4,disc"], "a number as w in row 1 .*found 'inf'"),
        ("path,x,y,w,h,label", [",1,2,3,4,disc"], "a path in row 1"),
        (
            "path,x,y,w,h,label,set",
            ["000.png,1,2,3,4,disc,train", "000.png,2,2,3,4,disc,test"],
            "found '000.png' in test",
        ),
    ],
)
def test_tables_that_lack_something_are_refused_with_the_row(
    header: str, rows: list[str], words: str, tmp_path: Path
) -> None:
    pictures, place, _ = made(tmp_path, "table")
    place.write_text("\n".join([header, *rows]) + "\n")
    with pytest.raises(DataError, match=words):
        read(pictures, place)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("filename,width,height,class,xmin,ymin,xmax,ymax", "000.png,64,48,disc,8,12,24,36"),
        ("ImageID,Source,LabelName,XMin,XMax,YMin,YMax", "000,x,disc,0.125,0.375,0.25,0.75"),
        ("image_path;x_center;y_center;width;height;name", "000.png;16;24;16,0;24;disc"),
        ("img,bbox_x,bbox_y,bbox_width,bbox_height,category_name", "000.png,8,12,16,24,disc"),
        ("path,x1,y1,x2,y2,label", "000.png,8,12,24,36,disc"),
    ],
)
def test_the_usual_columns_are_known(header: str, row: str, tmp_path: Path) -> None:
    pictures, place, _ = made(tmp_path, "table")
    place.write_text(f"{header}\n{row}\n")
    found = read(pictures, place)
    assert (
        len(found) == 1 and found.y[0].corners.tolist() == [[8, 12, 24, 36]] and found.y[0].labels.tolist() == ["disc"]
    )


@pytest.mark.parametrize("turn", range(2, 9))
def test_a_turn_in_exif_is_taken_by_the_size_that_is_written(turn: int, tmp_path: Path) -> None:
    pictures, boxes = maker.scenes(1)
    names = maker.write_pictures(tmp_path / "images", pictures)
    exif = Image.Exif()
    exif[0x0112] = turn
    (tmp_path / "images" / names[0]).unlink()
    stored = tmp_path / "images" / "000.jpg"
    pictures[0].save(stored, exif=exif, quality=95)
    place = tmp_path / "boxes.json"
    place.write_text(json.dumps(maker.coco(["000.jpg"], boxes, [(64, 48)])))
    found = read(tmp_path / "images", place)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(stored))).astype(int)
    if turn < 5:  # both have the same size: taken as drawn on the upright picture, and said
        same(found, boxes)
        assert any("1 picture carries a turn (EXIF), and no size says" in words for words in found.notes)
    else:
        assert any("1 picture carries a turn (EXIF) that its boxes were drawn without" in w for w in found.notes)
        for (left, top, right, bottom), label in zip(found.y[0].corners.astype(int), found.y[0].labels, strict=True):
            red, _, blue = upright[(top + bottom) // 2, (left + right) // 2]
            assert (red > blue + 80) if label == "disc" else (blue > red + 80)
        content = json.loads(place.read_text())
        content["images"][0].update(width=48, height=64)
        place.write_text(json.dumps(content))
        same(read(tmp_path / "images", place), [Boxes(np.clip(b.corners, 0, [48, 64] * 2), b.labels) for b in boxes])


@pytest.mark.parametrize("option", [{"text_column": "a"}, {"task": "regression"}, {"decimal": ","}, {"label": "a"}])
def test_options_that_say_nothing_of_boxes_are_refused(option: dict[str, Any], tmp_path: Path) -> None:
    pictures, place, _ = made(tmp_path, "coco")
    with pytest.raises(ParameterError, match=f"boxes without {next(iter(option))}, found it with .*boxes.json"):
        read(pictures, place, **option)


def test_wrong_places_are_named(tmp_path: Path) -> None:
    pictures, place, _ = made(tmp_path, "coco")
    with pytest.raises(DataError, match=r"a folder of pictures with the boxes of .*boxes.json, found .*000.png"):
        read(pictures / "000.png", place)
    with pytest.raises(DataError, match="a file or folder of boxes, found nothing at"):
        read(pictures, tmp_path / "none.json")
    with pytest.raises(DataError, match=r"boxes in one form in .*images, found none\. Boxes are COCO JSON"):
        read(pictures, pictures)
    (tmp_path / "voc").mkdir()
    (tmp_path / "voc" / "000.xml").write_text("<annotation/>")
    with pytest.raises(DataError, match=r"in one form in .*found 1 such as boxes.json and 1 such as 000.xml"):
        read(pictures, tmp_path)
    with pytest.raises(DataError, match=r"pictures in .*voc, found none"):
        read(tmp_path / "voc", place)
    (tmp_path / "notes.md").write_text("x")
    with pytest.raises(DataError, match=r"a file of boxes, found .*notes.md"):
        read(pictures, tmp_path / "notes.md")


def test_no_box_at_all_is_no_set_to_learn_from(tmp_path: Path) -> None:
    pictures, place, _ = made(tmp_path, "yolo")
    for file in place.iterdir():
        file.write_text("\n")
    with pytest.raises(DataError, match="Expected boxes, found none in 6 pictures"):
        read(pictures, place)


def test_equal_pictures_are_one_group_and_leave_the_part_that_is_learned_from(tmp_path: Path) -> None:
    pictures, boxes = maker.scenes(6)
    pictures[5], boxes[5] = pictures[0], Boxes([[0, 0, 5, 5]], ["disc"])
    maker.write(tmp_path, "coco", pictures, boxes)
    both = read(tmp_path / "images", tmp_path / "boxes.json")
    found = inspected(both)
    assert found.groups[0] == found.groups[5] and found.duplicates == (("000.png", "005.png"),)
    assert any("1 of these pictures have more than one set of boxes" in words for words in found.notes)
    for i in range(6):
        part = tmp_path / "images" / ("train" if i < 4 else "test")
        part.mkdir(exist_ok=True)
        (tmp_path / "images" / f"{i:03d}.png").rename(part / f"{i:03d}.png")
    divided = inspected(read(tmp_path / "images", tmp_path / "boxes.json"))
    assert divided.dropped == (("train/000.png", "the same picture is in test: test/005.png"),)


def test_groups_are_an_expression_over_paths(tmp_path: Path) -> None:
    pictures, place, _ = made(tmp_path, "coco")
    assert read(pictures, place, group_by=r"^0(\d)").groups.tolist() == ["0"] * 6


def test_in_memory_pictures_come_with_their_boxes() -> None:
    pictures, boxes = maker.scenes(3)
    found = recognise((pictures, boxes)).dataset()
    assert found.task == "detection" and found.y[0] is boxes[0]
    with pytest.raises(DataError, match="Expected boxes for each of 2 pictures, found 3"):
        recognise((pictures[:2], boxes)).dataset()
    with pytest.raises(DataError, match="Expected pictures, found clips"):
        recognise((Clips(["a.wav", "b.wav", "c.wav"]), boxes)).dataset()


DATA = {
    "vehicles_openimages": ("", "", {"car": 651, "bus": 141, "motorcycle": 140, "truck": 136, "ambulance": 126}, 627),
    "coco256": ("images", "data.yaml", None, 212),
    "blood_cells": ("images", "annotations", None, 120),
}


@pytest.mark.parametrize("name", list(DATA))
def test_real_sets_hold_what_their_sources_say(name: str, shared_data: Path) -> None:
    inside, boxes, counts, n = DATA[name]
    found = read(shared_data / name / inside, shared_data / name / boxes)
    assert len(found) == n and found.unlabelled == 0
    assert counts is None or found.n_per_class() == dict(sorted(counts.items()))
    if name == "vehicles_openimages":
        parts = dict(zip(*np.unique(found.parts, return_counts=True), strict=True))
        assert parts == {"train": 439, "val": 125, "test": 63}


def test_read_dataset_takes_boxes_as_text_and_path(tmp_path: Path) -> None:
    pictures, place, boxes = made(tmp_path, "coco")
    for given in (place, str(place)):
        dataset = read_dataset(pictures, boxes=given)
        assert dataset.task == "detection" and [len(one) for one in dataset.y] == [len(one) for one in boxes]
