"""The guest's kernel: the package's files without its installation, and of its modules only those needed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from .host import environment, run
from .places import RECIPE, LabError


def words(name: str) -> list[str]:
    """The words of a list in the recipe; `#` starts a comment."""
    lines = (RECIPE / name).read_text().splitlines()
    return [word for line in lines for word in line.partition("#")[0].split()]


class Kernel:
    """An unpacked kernel package."""

    def __init__(self, package: Path, folder: Path) -> None:
        """Unpacks `package` into `folder`."""
        run(["dpkg-deb", "-x", package, folder])
        # Where /lib is a link to /usr/lib, newer packages say so in their paths.
        trees = [path for path in (folder / "lib/modules", folder / "usr/lib/modules") if path.is_dir()]
        self.folder = folder
        self.modules = next(iter(trees[0].iterdir()))
        self.version = self.modules.name
        self.image = folder / "boot" / f"vmlinuz-{self.version}"
        if trees[0].parent.parent != folder:
            (folder / "lib").symlink_to("usr/lib")
        run(["depmod", "-b", folder, self.version])

    def files(self, *modules: str) -> list[Path]:
        """The files of modules and of all they need, in the order of loading. What is built in has none.

        Raises:
            LabError: there is no such module.
        """
        found: dict[Path, None] = {}
        for module in modules:
            command: list[str | Path] = [
                "modprobe",
                "-d",
                self.folder,
                "-S",
                self.version,
                "--show-depends",
                module,
            ]
            answer = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
            if answer.returncode != 0:
                raise LabError(f"kernel {self.version} has no module {module}: {answer.stderr.strip()}")
            for line in answer.stdout.splitlines():
                verb, _, path = line.strip().partition(" ")
                if verb == "insmod":
                    found[Path(path.split()[0])] = None
        return list(found)

    def install(self, root: Path) -> None:
        """Copies the recipe's modules into a guest's root."""
        target = root / "lib/modules" / self.version
        target.mkdir(parents=True, exist_ok=True)
        for path in [*self.modules.glob("modules.builtin*"), self.modules / "modules.order"]:
            shutil.copy(path, target)
        for path in self.files(*words("modules.txt")):
            copy = target / path.resolve().relative_to(self.modules.resolve())
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        run(["depmod", "-b", root, self.version])
