"""A row of inputs that are decoded only when asked for: what pictures, clips and texts have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

import numpy as np

from headstart.data.base.content import digest_of_file, known_digest_of_file
from headstart.data.base.kinds import Kind
from headstart.data.base.reasons import BadInput
from headstart.errors import BadInputs, DataError, ParameterError

Held = TypeVar("Held", bound="Inputs")
Item = TypeVar("Item")


def held(X: Any) -> Any:
    """What can be gone through once alone, as a generator, as a list; all else as it is.

    Examples
    --------
    >>> held(name for name in ("a.wav", "b.wav")), held("a.wav")
    (['a.wav', 'b.wav'], 'a.wav')
    """
    return list(X) if isinstance(X, Iterator) else X


class Row(Sequence[Item]):
    """Examples of one kind in a row, with a name each."""

    kind: ClassVar[Kind]
    names: tuple[str, ...]

    @property
    def input_type(self) -> str:
        """The kind of these inputs: "image", "audio", "text" or "table"."""
        return self.kind.input_type

    @property
    def shape(self) -> tuple[int]:
        """Number of inputs, as a tuple."""
        return (len(self),)

    def __len__(self) -> int:
        return len(self.names)


class Inputs(Row[Item], Generic[Item]):
    """Files and things in memory, in any mixture, with a name each.

    Nothing is read until an input is decoded or its digest is asked for. Rows can be taken with a slice, an array of
    positions or a boolean mask, so scikit-learn's splitters work on it; what is in memory is shared, not copied.

    Parameters
    ----------
    items : sequence
        Paths, or whatever the kind holds in memory.
    names : sequence of str, optional
        What to call them. Default: the path, or "picture 17", "clip 17", "text 17".

    Attributes
    ----------
    names : tuple of str
    shape : tuple of int
        ``(n,)``.
    one_kind : bool
        Whether it is known that none is of another kind; then none among some of them is.
    """

    bad_input: ClassVar[type[BadInput]] = BadInput
    bad_inputs: ClassVar[type[BadInputs]] = BadInputs
    #: Whether canvases are worth keeping: those of views are used once.
    keep: ClassVar[bool] = True
    one_kind: bool = False

    #: What the files themselves call those whom they belong to, where they say so.
    owned_by: ClassVar[str] = ""

    def owners(self) -> list[str | None]:
        """Whose each input is, as its file says: a patient; None where it does not."""
        return [None] * len(self.items)

    def __init__(self, items: Sequence[Any], names: Sequence[str] | None = None) -> None:
        self.items: tuple[Any, ...] = tuple(items)
        self.names: tuple[str, ...] = (
            tuple(
                str(item) if isinstance(item, str | Path) else f"{self.kind.one} {i}"
                for i, item in enumerate(self.items)
            )
            if names is None
            else tuple(names)
        )
        self._digests: dict[int, str] = {}
        if len(self.names) != len(self.items):
            raise DataError(
                f"Expected a name for each of {len(self.items)} {self.kind.many}, found {len(self.names)} names."
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)})"

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice | Sequence[int] | np.ndarray) -> Self: ...

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, tuple) and len(index) == 2 and index[1] is Ellipsis:
            index = index[0]
        if isinstance(index, int | np.integer):
            return self.items[index]
        rows = np.arange(len(self))[index if isinstance(index, slice) else np.asarray(index, dtype=_index_type(index))]
        return self._with([self.items[i] for i in rows], [self.names[i] for i in rows])

    def _with(self, items: Sequence[Any], names: Sequence[str]) -> Any:
        """A row of some of these inputs, which shares what is known of them."""
        chosen = type(self)(items, names)
        chosen._digests, chosen.one_kind = self._digests, self.one_kind
        return chosen

    def sizes(self) -> str:
        """How large the inputs are, in words, told without decoding them; empty where it is not known."""
        return ""

    def on_page(self, page: int | str) -> Any:
        """These inputs, of whose files one page is meant.

        Raises
        ------
        ParameterError
            For a kind whose files have no pages.
        """
        raise ParameterError(f"Expected page only with pictures, found {self.kind.many}.", "Leave it out.")

    def settle(self, preprocessing: Any) -> Any:
        """The preprocessing of a network that learns from these inputs, with what was decided for them written in."""
        return preprocessing

    def seen_by(self, preprocessing: Any) -> Any:
        """These inputs, as a preprocessing says that they are to be read."""
        return self

    @abstractmethod
    def load(self, i: int, enough: Any = None) -> tuple[Any, str]:
        """Decode input ``i``, as much of it as is enough, and give its digest too, reading its file once."""

    def __sklearn_clone__(self) -> Self:
        """Itself: clones of an estimator share the examples that they borrow."""
        return self

    @abstractmethod
    def _digest_in_memory(self, item: Any) -> str:
        """Digest of an item that is no file."""

    def digest(self, i: int) -> str:
        """Hash of the content of input ``i``: 32 hexadecimal digits of SHA-256.

        Of a file its bytes count, of an array its values, shape and type. What has been hashed is remembered, for a
        file until its size or time of change differ.

        Raises
        ------
        BadInput
            If the file cannot be read.
        """
        item = self.items[i]
        if isinstance(item, str | Path):
            return digest_of_file(item, bad=self.bad_input)
        if id(item) not in self._digests:
            self._digests[id(item)] = self._digest_in_memory(item)
        return self._digests[id(item)]

    def lengths(self, most: int | None = None) -> list[float] | None:
        """How long the first ``most`` inputs are by their headers, in seconds; None for a kind without a length.

        What cannot be read is 0 long; others report it.
        """
        return None

    def extent(self, i: int) -> tuple[float, str]:
        """How much input ``i`` holds by its header, and of what: pixels, seconds, characters; (0, "") where unknown."""
        return 0.0, ""

    def settled_alone(self, i: int) -> bool:
        """Whether what input ``i`` holds does not depend on the others that it is given with."""
        return True

    def known_digest(self, i: int) -> str | None:
        """The digest of input ``i`` where it costs no reading of a file, else None."""
        item = self.items[i]
        return known_digest_of_file(item) if isinstance(item, str | Path) else self.digest(i)


def already(X: Any, container: type[Held]) -> Held | None:
    """``X`` itself where it is such a row; None where it has yet to become one.

    Raises
    ------
    DataError
        If it is a row of another kind.
    """
    if isinstance(X, container):
        return X
    if isinstance(X, Inputs):
        raise DataError(f"Expected {container.kind.many}, found {X.kind.many}.")
    return None


def _index_type(index: Any) -> type | None:
    return int if np.size(index) == 0 else None


def span(low: float, high: float, unit: str, digits: int = 0) -> str:
    """From least to greatest in words.

    Examples
    --------
    >>> span(3, 5, "characters"), span(1.25, 1.25, "s", 1)
    ('3 to 5 characters', '1.2 s')
    """
    least, greatest = f"{low:,.{digits}f}", f"{high:,.{digits}f}"
    return f"{least} {unit}" if least == greatest else f"{least} to {greatest} {unit}"
