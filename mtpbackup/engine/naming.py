"""What a list of names means: names or paths as they are, no wildcards. Pure; for backup and restore alike.

A line fits a file by its own name, by its path on the phone, with or without the label of its storage before
it, or by the path of a folder that it is in. Case and the ways to write an umlaut make no difference: phone
storages tell neither apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mtpbackup.archive import folded


def ways_to_write(storage: str, path: tuple[str, ...], *others: str) -> Iterator[str]:
    """The ways to write a file's path, folded, and those of the folders that it is in.

    Args:
        storage: label of its storage; empty where that is not known.
        path: its names from the top of the storage down.
        others: further paths by which it is known, with "/" between the names.
    """
    on_phone = "/".join(path)
    whole = [folded(on_phone), *map(folded, others)]
    if storage:
        whole.append(folded(f"{storage}/{on_phone}"))
    for text in whole:
        yield text
        end = text.rfind("/")
        while end > 0:
            yield text[:end]
            end = text.rfind("/", 0, end)


@dataclass(frozen=True)
class NameList:
    """A list of names, to be asked whether a file is on it.

    Attributes:
        names: the lines.
    """

    names: tuple[str, ...] = ()
    _words: dict[str, list[int]] = field(init=False, repr=False, compare=False)
    _above: frozenset[tuple[str, ...]] = field(init=False, repr=False, compare=False)
    _bare: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        words: dict[str, list[int]] = {}
        for index, name in enumerate(self.names):
            words.setdefault(folded(name.strip("/")), []).append(index)
        object.__setattr__(self, "_words", words)
        paths = [tuple(word.split("/")) for word in words]
        above = {path[:depth] for path in paths for depth in range(1, len(path))}
        object.__setattr__(self, "_above", frozenset(above))
        object.__setattr__(self, "_bare", any(len(path) == 1 for path in paths))

    def __bool__(self) -> bool:
        return bool(self.names)

    def fitting(self, texts: Iterable[str]) -> set[int]:
        """Which of `names`, by index, are among some texts that are folded already."""
        return {index for text in texts for index in self._words.get(text, ())}

    def of_file(self, storage: str, path: tuple[str, ...]) -> set[int]:
        """Which of `names`, by index, a file of a phone is on the list for."""
        return self.fitting((folded(path[-1]), *ways_to_write(storage, path)))

    def leads_to(self, storage: str, folder: tuple[str, ...]) -> bool:
        """Whether a folder is on the way to something that is written with a path."""
        path = tuple(map(folded, folder))
        return path in self._above or (folded(storage), *path) in self._above

    def may_hold(self, storage: str, folder: tuple[str, ...]) -> bool:
        """Whether something on the list may lie in a folder, or below it."""
        return self._bare or self.leads_to(storage, folder) or bool(self.of_file(storage, folder))
