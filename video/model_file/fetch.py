"""Fetches the one model that we know of in a package registry and makes it an ONNX file.

`make model` runs this. Nothing of the package is kept but two files' content, converted, and its licence.
"""

import base64
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from collections.abc import Callable, Mapping
from os import environ
from pathlib import Path

from model.errors import HubError

from .convert import ConversionError, convert

PACKAGE = "@vladmandic/human"
VERSION = "3.3.6"
INTEGRITY = (  # of the package, as the registry has published it
    "sha512-Nr5mPfq1gQ+uKeXY5uM3Fj8UxvF5CEh2s6txM5wRThqaW0mF9huooOuZSrT8hhGho0hGaXLFdAwfD/2+teCv6A=="
)
REGISTRY = "https://registry.npmjs.org"  # unless npm's own settings name another
OUTPUTS = {"tower_0/keypoints": "keypoints", "tower_0/wh": "sides"}
FILE = "centernet-coco.onnx"
SHA256 = "009922b6c532b20c049f5f6fb66c66450660dc5b062590a84fb726bc523e05df"  # what the conversion gives, everywhere
MOST_BYTES = 64 * 1024 * 1024
ORIGIN = """\
centernet-coco.onnx was made on this machine by smarthub (`make model`); it is no part of smarthub.

Origin   the files models/centernet.json and models/centernet.bin of the npm package
         {package} {version} (licence of the package: MIT, below)
Author   the graph says of itself that it was made by the repository
         github.com/610265158/mobilenetv3_centernet. That repository states NO LICENCE.
         Whether the weights may be used for your purpose is for you to judge. smarthub works without
         them; any other ONNX model can be named under `video: detector:` if a reader for it exists.
Changes  converted from TensorFlow.js to ONNX; numbers unchanged (float16 written as float32)

-- licence of the package {package} {version} --

"""


class FetchError(HubError):
    """The model could not be had; the text says what to do."""


def make(folder: Path, package: Callable[[], bytes]) -> Path:
    """Write the model and its NOTICE into the folder, unless it is there; return its path."""
    target = folder / FILE
    if target.is_file() and _sha256(target.read_bytes()) == SHA256:
        return target
    graph, weights, licence = _taken(_checked(package()))
    made = convert(graph, weights, OUTPUTS)
    if _sha256(made) != SHA256:
        raise ConversionError(
            f"the conversion gave {_sha256(made)}, not {SHA256}: the converter was changed; "
            "measure the new file (python -m benchmarks.video), then write its sum into fetch.py"
        )
    folder.mkdir(parents=True, exist_ok=True)
    notice = ORIGIN.format(package=PACKAGE, version=VERSION) + licence.decode()
    (folder / "NOTICE").write_text(notice, encoding="utf-8")
    unfinished = target.with_suffix(".part")
    unfinished.write_bytes(made)
    unfinished.replace(target)
    return target


def settings_block(model: Path) -> str:
    """Return what to paste into the gateway's file."""
    return (
        "video:\n"
        "  detector:\n"
        "    type: centernet\n"
        f"    model: {model}\n"
        f"    sha256: {_sha256(model.read_bytes())}\n"
    )


def download() -> bytes:
    """Return the package's bytes: by npm where it is installed (it knows proxies), else by HTTPS."""
    npm = shutil.which("npm")
    if npm is None:
        return _by_https(environ.get("NPM_CONFIG_REGISTRY") or REGISTRY)
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--silent", "--pack-destination", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        packed = list(Path(folder).glob("*.tgz"))
        if done.returncode or not packed:
            raise FetchError(
                f"npm pack {PACKAGE}@{VERSION} failed: {done.stderr.strip()[-300:] or 'no file'}; "
                "see `npm config get registry`, or copy a model made on another machine"
            )
        return packed[0].read_bytes()


def _by_https(registry: str) -> bytes:
    about = f"{registry.rstrip('/')}/{PACKAGE.replace('/', '%2f')}/{VERSION}"
    try:
        tarball = str(json.loads(_got(about))["dist"]["tarball"])
        return _got(tarball)
    except (OSError, ValueError, KeyError) as error:
        raise FetchError(
            f"{PACKAGE} {VERSION} could not be fetched: {type(error).__name__}: {error}; name your "
            "registry in NPM_CONFIG_REGISTRY, or copy a model made on another machine"
        ) from error


def _got(url: str) -> bytes:
    if not url.startswith("https://"):
        raise ValueError("the registry's address must begin with https://")
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - https only, see above
        content: bytes = answer.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES} bytes")
    return content


def _checked(packed: bytes) -> bytes:
    digest = "sha512-" + base64.b64encode(hashlib.sha512(packed).digest()).decode()
    if digest != INTEGRITY:
        raise FetchError(
            f"{PACKAGE} {VERSION} is not what was published: {digest}; nothing was written"
        )
    return packed


def _taken(packed: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the graph, the weights and the licence; the package's other models are left in it."""
    wanted: Mapping[str, str] = {
        "graph": "package/models/centernet.json",
        "weights": "package/models/centernet.bin",
        "licence": "package/LICENSE",
    }
    found = {}
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        for what, name in wanted.items():
            file = archive.extractfile(name)
            if file is None:
                raise FetchError(f"{PACKAGE} {VERSION} has no file {name}")
            found[what] = file.read()
    return found["graph"], found["weights"], found["licence"]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main() -> int:
    """Make the model in the folder named on the command line, `models` by default."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "models")
    try:
        model = make(folder, download)
    except HubError as error:
        sys.stderr.write(f"no model 模型未生成: {error}\n")
        return 1
    sys.stdout.write(
        f"{model}: origin and licence are in {folder / 'NOTICE'}; READ IT 请先阅读\n"
        f"into the gateway's file 写入网关配置:\n\n{settings_block(model)}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
