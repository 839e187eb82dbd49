"""Pictures, clips and manifests as a camera's process leaves them."""

from hashlib import sha256
from pathlib import Path

from model.footage import Footage, FootageFile, Kind, Type, encode_footage, file_name

EPISODE = "0123456789abcdef"
AT = 1_790_000_000_000
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 20
CLIP = b"\x00\x00\x00\x20ftypisom" + bytes(range(251)) * 40


def plant(
    folder: Path, *, episode: str = EPISODE, clip: bytes = CLIP, complete: bool = True,
    device: str = "cam-1/gate", at: int = AT, masks: int = 1,
) -> Footage:  # fmt: skip
    """Put an episode's files and manifest into a gateway's evidence folder."""
    folder.mkdir(parents=True, exist_ok=True)
    named = ((Kind.SNAPSHOT, Type.JPEG, JPEG + episode.encode()), (Kind.CLIP, Type.MP4, clip))
    files = []
    for kind, form, data in named:
        if data:
            (folder / file_name(episode, kind, form)).write_bytes(data)
            files.append(
                FootageFile(
                    kind, form, sha256(data).hexdigest(), len(data), at - 10_000, at + 10_000
                )
            )
    camera, _, zone = device.partition("/")
    footage = Footage(
        episode, camera, device, zone, "intrusion", at, files=tuple(files),
        masks=masks, complete=complete, settings="feedc0defeedc0de",
    )  # fmt: skip
    (folder / f"{episode}.json").write_bytes(encode_footage(footage))
    return footage
