"""Makes the wheel that `pip install bronzegate` installs: the program, for one platform and any Python 3.

    python3 infra/wheel.py PROGRAM VERSION FOLDER PLATFORM

PROGRAM becomes the script `bronzegate`. PLATFORM is pip's word for where it runs: manylinux_2_28_x86_64,
musllinux_1_2_aarch64, macosx_11_0_arm64. The wheel is written to FOLDER as
`bronzegate-VERSION-py3-none-PLATFORM.whl`. It is the same, byte for byte, whenever its content is. A program for another
processor, or one that needs a newer C library or other libraries than the platform promises, is refused, because it
would not start where pip installs it.

The format is that of PyPA's "Binary distribution format"; the platforms are those of PEP 600 and PEP 656.
"""

import base64
import hashlib
import pathlib
import re
import struct
import sys
import zipfile

NAME = "bronzegate"
SUMMARY = "Brings the data of REST APIs into the bronze layer of a data platform: each record once, verbatim."
LICENSES = pathlib.Path(__file__).parent.parent / "crates"

# The libraries that PEP 600 lets a program expect on any Linux of its age.
PROMISED = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libgcc_s.so.1"}
LOADER = re.compile(r"ld-linux-[a-z0-9-]+\.so\.[0-9]")
PLATFORM = re.compile(r"(manylinux|musllinux|macosx)_(\d+)_(\d+)_(x86_64|aarch64|arm64)")
# The number of each architecture in an ELF file, and in a Mach-O file.
MACHINES = {"x86_64": 62, "aarch64": 183}
CPU_TYPES = {"x86_64": 0x01000007, "arm64": 0x0100000C}


def needed_glibc(program: bytes) -> tuple[int, int]:
    versions = re.findall(rb"GLIBC_(\d+)\.(\d+)", program)
    return max(((int(major), int(minor)) for major, minor in versions), default=(0, 0))


def needed_libraries(program: bytes) -> set[str]:
    """The libraries in the dynamic section of a little-endian 64-bit ELF file."""
    start, size, count = struct.unpack_from("<Q", program, 40)[0], *struct.unpack_from("<HH", program, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", program, start + nth * size) for nth in range(count)]
    needed = set()
    for section in sections:
        kind, offset, length, link = section[1], section[4], section[5], section[6]
        if kind != 6:  # SHT_DYNAMIC
            continue
        names = sections[link][4]
        for at in range(offset, offset + length, 16):
            tag, value = struct.unpack_from("<QQ", program, at)
            if tag == 1:  # DT_NEEDED
                end = program.index(b"\0", names + value)
                needed.add(program[names + value : end].decode())
    return needed


def check(program: bytes, path: str, platform: str) -> None:
    form = PLATFORM.fullmatch(platform)
    if not form:
        sys.exit(f"{platform} is no platform that this makes wheels for")
    system, *version, arch = form.groups()
    if system == "macosx":
        magic, machine = struct.unpack_from("<II", program)
        if magic != 0xFEEDFACF or machine != CPU_TYPES.get(arch):
            sys.exit(f"{path} is no 64-bit Mach-O program for {arch}")
        return
    if program[:6] != b"\x7fELF\x02\x01":
        sys.exit(f"{path} is no 64-bit little-endian ELF program")
    machine = struct.unpack_from("<H", program, 18)[0]
    if machine != MACHINES.get(arch):
        sys.exit(f"{path} is for machine {machine}, not for {arch}")
    libraries = needed_libraries(program)
    if system == "musllinux":
        if libraries:
            sys.exit(f"{path} is not static: it needs {', '.join(sorted(libraries))}")
        return
    needed = needed_glibc(program)
    if needed > tuple(int(part) for part in version):
        sys.exit(f"{path} needs GLIBC {needed[0]}.{needed[1]}, the wheel promises {'.'.join(version)}")
    others = {name for name in libraries - PROMISED if not LOADER.fullmatch(name)}
    if others:
        sys.exit(f"{path} needs libraries that a platform need not have: {', '.join(sorted(others))}")


def metadata(version: str) -> str:
    return (
        "Metadata-Version: 2.4\n"
        f"Name: {NAME}\n"
        f"Version: {version}\n"
        f"Summary: {SUMMARY}\n"
        "License-Expression: MIT OR Apache-2.0\n"
        "License-File: LICENSE-APACHE\n"
        "License-File: LICENSE-MIT\n"
        "Keywords: rest,api,ingestion,bronze,elt,etl\n"
        "Classifier: Environment :: Console\n"
        "Classifier: Operating System :: POSIX :: Linux\n"
        "Classifier: Operating System :: MacOS\n"
        "Classifier: Programming Language :: Rust\n"
        "Requires-Python: >=3.8\n"
        "Description-Content-Type: text/markdown\n"
        "\n"
        f"# {NAME}\n\n{SUMMARY}\n\n"
        "The program is one file without dependencies: S3, OneLake, ADLS and local folders are built in.\n\n"
        "```\npip install bronzegate\nbronzegate --help\n```\n"
    )


def wheel_file(tag: str) -> str:
    return f"Wheel-Version: 1.0\nGenerator: infra/wheel.py\nRoot-Is-Purelib: false\nTag: {tag}\n"


def record(files: dict[str, tuple[bytes, int]], own: str) -> bytes:
    def line(name: str, content: bytes) -> str:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        return f"{name},sha256={digest},{len(content)}\n"

    return ("".join(line(name, content) for name, (content, _) in files.items()) + f"{own},,\n").encode()


def add(archive: zipfile.ZipFile, name: str, content: bytes, mode: int) -> None:
    # The oldest time an archive can tell: the real one would make every build another archive.
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content, compresslevel=9)


def main(program: str, version: str, folder: str, platform: str) -> None:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)*((a|b|rc)[0-9]+)?", version):
        sys.exit(f"{version} is no version that PyPI takes (PEP 440)")
    content = pathlib.Path(program).read_bytes()
    check(content, program, platform)
    tag = f"py3-none-{platform}"
    info = f"{NAME}-{version}.dist-info"
    files = {f"{NAME}-{version}.data/scripts/{NAME}": (content, 0o755)}
    files |= {
        f"{info}/licenses/{name}": ((LICENSES / name).read_bytes(), 0o644)
        for name in ("LICENSE-APACHE", "LICENSE-MIT")
    }
    files[f"{info}/METADATA"] = (metadata(version).encode(), 0o644)
    files[f"{info}/WHEEL"] = (wheel_file(tag).encode(), 0o644)
    files[f"{info}/RECORD"] = (record(files, f"{info}/RECORD"), 0o644)
    target = pathlib.Path(folder) / f"{NAME}-{version}-{tag}.whl"
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as out:
        for name, (text, mode) in files.items():
            add(out, name, text, mode)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")


if len(sys.argv) != 5:
    sys.exit(__doc__)
main(*sys.argv[1:])
