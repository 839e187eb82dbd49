"""Makes an ONNX model of a TensorFlow.js graph, as far as the CenterNet of `make model` needs it.

In: the graph's JSON and its weights (TensorFlow.js "graph-model": NHWC, weights float32 stored as
float16). Out: ONNX opset 18, inside NCHW; takes one RGB picture `images` 1 x side x side x 3 of
uint8 and gives each wanted output as 1 x channels x height x width. An operation that it does not
know is a ConversionError with its name; nothing is left out in silence.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.errors import HubError

from .onnx_file import Graph, Tensor

INPUT = "images"
_PADDINGS = {"SAME": "SAME_UPPER", "VALID": "VALID"}
Numbers = NDArray[np.float32] | NDArray[np.int64]


class ConversionError(HubError):
    """The graph holds what this converter does not know."""


class _Node(NamedTuple):
    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]


def convert(graph: bytes, weights: bytes, outputs: Mapping[str, str]) -> bytes:
    """Return the ONNX file; `outputs` gives each wanted node its name in the new model."""
    written = json.loads(graph)
    nodes = {node.name: node for node in map(_node, written["modelTopology"]["node"])}
    numbers = _numbers(written["weightsManifest"], weights)
    shapes = {
        name: tuple(int(dim["size"]) for dim in output["tensorShape"]["dim"])
        for name, output in written["signature"]["outputs"].items()
    }
    side = _side(nodes)
    made = Graph(
        [Tensor(INPUT, "uint8", (1, side, side, 3))],
        [
            Tensor(new, "float32", (1, shapes[old][3], *shapes[old][1:3]))
            for old, new in outputs.items()
        ],
    )
    building = _Building(made, numbers, side)
    for name in _order(nodes, outputs):
        building.add(nodes[name])
    for old, new in outputs.items():
        made.node("Identity", [old], new)
    return made.encoded()


class _Building:
    """Adds one operation after the other and knows how high each result is (all are square)."""

    def __init__(self, made: Graph, numbers: Mapping[str, Numbers], side: int) -> None:
        self._made, self._numbers, self._side = made, numbers, side
        self._high: dict[str, int] = {}
        self._kinds: Mapping[str, Callable[[_Node], None]] = {
            "Placeholder": self._input, "Conv2D": self._convolution,
            "_FusedConv2D": self._convolution, "DepthwiseConv2dNative": self._convolution,
            "FusedDepthwiseConv2dNative": self._convolution, "Add": self._pair,
            "AddV2": self._pair, "Mul": self._pair, "Relu": self._single, "Relu6": self._clipped,
            "Sigmoid": self._single, "Identity": self._single, "Mean": self._mean,
            "ConcatV2": self._joined, "ResizeBilinear": self._resized,
        }  # fmt: skip

    def add(self, node: _Node) -> None:
        if node.op == "Const":
            return
        if node.op not in self._kinds:
            raise ConversionError(f"{node.name}: operation {node.op} is not known to the converter")
        self._kinds[node.op](node)

    def _input(self, node: _Node) -> None:
        floats = self._made.node("Cast", [INPUT], f"{node.name}:float", {"to": 1})
        self._made.node("Transpose", [floats], node.name, {"perm": (0, 3, 1, 2)})
        self._high[node.name] = self._side

    def _convolution(self, node: _Node) -> None:
        padding = _text(node, "padding")
        if padding not in _PADDINGS or set(_ints(node, "dilations")) != {1}:
            raise ConversionError(f"{node.name}: only undilated convolutions, padded SAME or VALID")
        weights, group = self._numbers[node.inputs[1]], 1
        if "Depthwise" in node.op:
            high, wide, group, times = weights.shape
            weights = weights.transpose(2, 3, 0, 1).reshape(group * times, 1, high, wide)
        else:
            weights = weights.transpose(3, 2, 0, 1)
        stride = _ints(node, "strides")[1]
        after = _fused(node)
        inputs = [node.inputs[0], self._made.constant(node.inputs[1], weights)]
        if after[:1] == ["BiasAdd"]:
            inputs.append(self._made.constant(node.inputs[2], self._numbers[node.inputs[2]]))
            after = after[1:]
        output = f"{node.name}:linear" if after else node.name
        sides = {"kernel_shape": weights.shape[2:], "strides": (stride, stride)}
        self._made.node(
            "Conv", inputs, output, {"auto_pad": _PADDINGS[padding], "group": group, **sides}
        )
        lost = 0 if padding == "SAME" else weights.shape[2] - 1
        self._high[node.name] = -(-(self._high[node.inputs[0]] - lost) // stride)
        if after in (["Relu"], ["Relu6"]):
            self._activated(after[0], output, node.name)
        elif after:
            raise ConversionError(f"{node.name}: fused with {after}, which is not known")

    def _activated(self, op: str, source: str, name: str) -> None:
        if op == "Relu6":
            low = self._made.constant(f"{name}:0", np.array(0, np.float32))
            high = self._made.constant(f"{name}:6", np.array(6, np.float32))
            self._made.node("Clip", [source, low, high], name)
        else:
            self._made.node(op, [source], name)

    def _clipped(self, node: _Node) -> None:
        self._activated(node.op, node.inputs[0], node.name)
        self._high[node.name] = self._high[node.inputs[0]]

    _single = _clipped

    def _pair(self, node: _Node) -> None:
        names = [self._broadcast(name, node.name) for name in node.inputs]
        self._made.node(node.op.removesuffix("V2"), names, node.name)
        self._high[node.name] = max(self._high.get(name, 1) for name in node.inputs)

    def _broadcast(self, name: str, user: str) -> str:
        """Return a result's own name, or a constant with its last axis (channels) put second."""
        if name not in self._numbers:
            return name
        values = self._numbers[name]
        if values.ndim > 1:
            raise ConversionError(f"{name}: a constant of {values.ndim} axes is not known here")
        shaped = values.reshape(-1, 1, 1) if values.ndim else values
        return self._made.constant(f"{user}:{name}", shaped)

    def _mean(self, node: _Node) -> None:
        if sorted(self._numbers[node.inputs[1]].tolist()) != [1, 2] or not _flag(node, "keep_dims"):
            raise ConversionError(f"{node.name}: only the mean over height and width is known")
        axes = self._made.constant(f"{node.name}:axes", np.array([2, 3], np.int64))
        self._made.node("ReduceMean", [node.inputs[0], axes], node.name, {"keepdims": 1})
        self._high[node.name] = 1

    def _joined(self, node: _Node) -> None:
        if int(self._numbers[node.inputs[-1]]) not in {3, -1}:
            raise ConversionError(f"{node.name}: only channels can be joined")
        self._made.node("Concat", node.inputs[:-1], node.name, {"axis": 1})
        self._high[node.name] = self._high[node.inputs[0]]

    def _resized(self, node: _Node) -> None:
        if _flag(node, "align_corners") or _flag(node, "half_pixel_centers"):
            raise ConversionError(f"{node.name}: only plain bilinear resizing is known")
        high = int(self._numbers[node.inputs[1]][0])
        scale = high / self._high[node.inputs[0]]
        scales = self._made.constant(
            f"{node.name}:scales", np.array([1, 1, scale, scale], np.float32)
        )
        self._made.node(
            "Resize", [node.inputs[0], "", scales], node.name,
            {"mode": "linear", "coordinate_transformation_mode": "asymmetric"},
        )  # fmt: skip
        self._high[node.name] = high


def _node(written: Mapping[str, Any]) -> _Node:
    inputs = (name for name in written.get("input", ()) if not name.startswith("^"))
    return _Node(written["name"], written["op"], tuple(inputs), written.get("attr", {}))


def _side(nodes: Mapping[str, _Node]) -> int:
    (given,) = (node for node in nodes.values() if node.op == "Placeholder")
    dims = [int(dim["size"]) for dim in given.attributes["shape"]["shape"]["dim"]]
    if dims != [1, dims[1], dims[1], 3]:
        raise ConversionError(f"{given.name}: takes {dims}, not one square colour picture")
    return dims[1]


def _order(nodes: Mapping[str, _Node], wanted: Sequence[str] | Mapping[str, str]) -> list[str]:
    """Return what the wanted outputs need, each after what it needs itself."""
    order: dict[str, None] = {}
    waiting = list(reversed(list(wanted)))
    while waiting:
        name = waiting[-1]
        missing = [one for one in nodes[name].inputs if one not in order]
        if missing:
            waiting.extend(missing)
            continue
        order.setdefault(name)
        waiting.pop()
    return list(order)


def _numbers(manifest: Sequence[Mapping[str, Any]], data: bytes) -> dict[str, Numbers]:
    """Return the weights by name; they stand in the file one behind the other."""
    found: dict[str, Numbers] = {}
    at = 0
    for entry in (one for group in manifest for one in group["weights"]):
        stored = np.dtype(entry.get("quantization", entry)["dtype"]).newbyteorder("<")
        count = int(np.prod(entry["shape"], dtype=np.int64))
        if at + count * stored.itemsize > len(data):
            raise ConversionError(f"{entry['name']}: the weights end before it")
        values = np.frombuffer(data, stored, count, at).reshape(entry["shape"])
        at += count * stored.itemsize
        if stored.kind == "f":
            found[entry["name"]] = values.astype(np.float32)
        else:
            found[entry["name"]] = values.astype(np.int64)
    if at != len(data):
        raise ConversionError(f"{len(data) - at} bytes of weights belong to no name")
    return found


def _ints(node: _Node, key: str) -> tuple[int, ...]:
    return tuple(int(one) for one in node.attributes[key]["list"]["i"])


def _text(node: _Node, key: str) -> str:
    return base64.b64decode(node.attributes[key]["s"]).decode()


def _flag(node: _Node, key: str) -> bool:
    return bool(node.attributes.get(key, {}).get("b", False))


def _fused(node: _Node) -> list[str]:
    written = node.attributes.get("fused_ops", {}).get("list", {}).get("s", ())
    return [base64.b64decode(one).decode() for one in written]
