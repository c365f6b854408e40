"""Makes the archive that a function is deployed from: the program and the source files.

    python3 infra/package.py PROGRAM NAME ARCHIVE GLIBC [FILE ...]

PROGRAM is stored as NAME, executable; each FILE keeps its path, and a folder brings all that is in it. The
archive is the same, byte for byte, whenever its content is, so that a deployment without a change changes
nothing. A program that needs a newer C library than GLIBC (for example 2.34) is refused, because it
would not start.
"""

import pathlib
import re
import sys
import zipfile

# Lambda and Functions unpack at most 50 MB; what is measured and promised is less.
LIMIT = 8_000_000


def needed_glibc(program: bytes) -> tuple[int, int]:
    versions = re.findall(rb"GLIBC_(\d+)\.(\d+)", program)
    return max(((int(major), int(minor)) for major, minor in versions), default=(0, 0))


def add(archive: zipfile.ZipFile, name: str, content: bytes, mode: int) -> None:
    # The oldest time an archive can tell: the real one would make every build another archive.
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content, compresslevel=9)


def files(path: pathlib.Path):
    # Hidden files are an editor's, or `.env` with its secrets, which must not leave this machine.
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    is_hidden = lambda file: any(part.startswith(".") and part not in (".", "..") for part in file.parts)
    return [file for file in found if file.is_file() and not is_hidden(file)]


def main(program: str, name: str, archive: str, glibc: str, *rest: str) -> None:
    content = pathlib.Path(program).read_bytes()
    needed, allowed = needed_glibc(content), tuple(int(part) for part in glibc.split("."))
    if needed > allowed:
        sys.exit(f"{program} needs GLIBC {needed[0]}.{needed[1]}, the platform has {glibc}")
    target = pathlib.Path(archive)
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as out:
        add(out, name, content, 0o755)
        for file in (file for path in rest for file in files(pathlib.Path(path))):
            add(out, file.as_posix(), file.read_bytes(), 0o644)
    size = target.stat().st_size
    print(f"{target}: {size / 1e6:.1f} MB, needs GLIBC {needed[0]}.{needed[1]}")
    if size > LIMIT:
        sys.exit(f"{target} is larger than {LIMIT / 1e6:.0f} MB")


if len(sys.argv) < 5:
    sys.exit(__doc__)
main(*sys.argv[1:])
