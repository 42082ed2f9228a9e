"""The guest's root folder: Debian packages, Python packages and settings."""

from __future__ import annotations

import shutil
from pathlib import Path

from . import mirror
from .host import run
from .kernel import words
from .places import GUEST_PYTHON, PROJECT, RECIPE, RELEASE, requirements

#: What pip may download for the guest: wheels for its Python and its C library (2.36), whatever the host's are.
_WHEELS = [
    "--only-binary=:all:",
    "--python-version",
    GUEST_PYTHON,
    *(f"--platform={tag}_x86_64" for tag in ("manylinux2014", "manylinux_2_28", "manylinux_2_34", "linux")),
]

#: Packages in pure Python that have no wheels: these are made of their sources.
_SOURCES_ONLY = ("pymtp",)


def install_debian(root: Path, work: Path) -> Path:
    """Fills `root` with the recipe's packages; returns the kernel's package, downloaded beside it."""
    sources = work / "guest.sources"
    sources.write_text(mirror.guest_sources())
    kernel = work / "kernel-package"
    kernel.mkdir()
    run(
        [
            "mmdebstrap",
            "--quiet",
            "--mode=root",
            "--variant=minbase",
            "--aptopt=APT::Install-Recommends false",
            *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "doc", "locale", "icons")),
            f"--include={','.join(words('packages.txt'))}",
            f"--customize-hook={RECIPE / 'fetch-kernel'}",
            RELEASE,
            root,
            sources,
        ],
        apart=True,
        KERNEL_FOLDER=str(kernel),
    )
    return next(kernel.glob("*.deb"))


def install_python(root: Path, work: Path) -> None:
    """Installs mtpbackup's dependencies for the guest's Python.

    They are downloaded with the host's pip, which knows the host's mirrors, and installed without them by the
    guest's own, which fails if one is missing.
    """
    run([PROJECT / "scripts" / "venv"])
    wheels = work / "wheels"
    pip: list[str | Path] = [
        PROJECT / ".venv/bin/python",
        "-m",
        "pip",
        "-qq",
        "--disable-pip-version-check",
        "--no-input",
    ]
    sources = [each for each in requirements() if each.startswith(_SOURCES_ONLY)]
    run([*pip, "wheel", "--no-deps", "--wheel-dir", wheels, *sources])
    run([*pip, "download", *_WHEELS, "--find-links", wheels, "--dest", wheels, *requirements()])
    shutil.copytree(wheels, root / "wheels")
    install = ["python3", "-m", "pip", "-q", "--isolated", "install", "--break-system-packages"]
    run(
        [
            "chroot",
            root,
            *install,
            "--root-user-action=ignore",
            "--no-index",
            "--find-links=/wheels",
            *requirements(),
        ]
    )
    shutil.rmtree(root / "wheels")


def settle(root: Path) -> None:
    """Users, services and files of the recipe."""
    shutil.copy(RECIPE / "lab.service", root / "etc/systemd/system/lab.service")
    (root / "masked-units").write_text("\n".join(words("masked-units.txt")))
    shutil.copy(RECIPE / "settings", root / "settings")
    run(["chroot", root, "/settings"])
    (root / "settings").unlink()
    (root / "masked-units").unlink()
