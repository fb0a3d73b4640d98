"""Writes the `.bin` files of tests/pickle with PyTorch (2.15.0 here); run from the repository's root.

`views.safetensors` holds what `views.bin` means, tensor by tensor, so that the reader is compared with PyTorch itself.
"""

import collections
import json
import pathlib

import torch
from safetensors.torch import load_file, save_file

out = pathlib.Path("tests/pickle")
golden = pathlib.Path("tests/golden/llama-lora")
torch.manual_seed(1)


def make_views():
    weight = torch.randn(6, 4)
    cube = torch.randn(3, 4, 5).to(torch.bfloat16)
    large = torch.randn(300, 200).half()
    views = collections.OrderedDict(
        whole=weight,
        tied=weight,
        transposed=weight.t(),
        columns=weight[:, 1:3],
        rows=weight[2:4],
        every_other_row=weight[::2],
        column=weight[:, 2],
        expanded=weight[0].expand(5, 4),
        permuted=cube.permute(2, 0, 1),
        inner=cube[1:, 1:3, ::2],
        large_transposed=large.t(),
        large_columns=large[:, 100:150],
        scalar=torch.tensor(2.5),
        empty=torch.zeros(0, 4),
        parameter=torch.nn.Parameter(torch.randn(3).double()),
        flags=torch.tensor([True, False, True]),
        positions=torch.arange(8).expand(1, -1),
        bytes=torch.arange(5, dtype=torch.uint8),
        float8=torch.randn(4).to(torch.float8_e4m3fn),
    )
    torch.save(views, out / "views.bin")
    torch.save(views, out / "views_protocol5.bin", pickle_protocol=5)
    save_file({name: view.detach().clone().contiguous() for name, view in views.items()}, out / "views.safetensors")


def make_model():
    """The golden case llama-lora as pickles: a sharded base and an adapter."""
    index = json.loads((golden / "base/model.safetensors.index.json").read_text())
    tensors = {}
    for shard in sorted(set(index["weight_map"].values())):
        tensors |= load_file(golden / "base" / shard)
    names = sorted(tensors)
    (out / "base").mkdir(exist_ok=True)
    weight_map = {}
    for number, part in enumerate((names[: len(names) // 2], names[len(names) // 2 :]), start=1):
        file = f"pytorch_model-{number:05}-of-00002.bin"
        torch.save(collections.OrderedDict((name, tensors[name]) for name in part), out / "base" / file)
        weight_map |= dict.fromkeys(part, file)
    index = {"metadata": index["metadata"], "weight_map": weight_map}
    (out / "base/pytorch_model.bin.index.json").write_text(json.dumps(index, indent=2) + "\n")
    (out / "base/config.json").write_text((golden / "base/config.json").read_text())
    (out / "adapter").mkdir(exist_ok=True)
    torch.save(load_file(golden / "adapter/adapter_model.safetensors"), out / "adapter/adapter_model.bin")
    (out / "adapter/adapter_config.json").write_text((golden / "adapter/adapter_config.json").read_text())


class Trained(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = torch.nn.Linear(3, 2)

    def forward(self, x):
        return self.proj(x)


def make_others():
    model = Trained()
    torch.save(model.state_dict(), out / "with_metadata.bin")
    torch.save(model.state_dict(), out / "legacy.bin", _use_new_zipfile_serialization=False)
    torch.save({"state_dict": model.state_dict()}, out / "nested_alone.bin")
    torch.save({"model": model.state_dict(), "optimizer": {}, "epoch": 3}, out / "nested.bin")
    torch.save(model, out / "module.bin")
    torch.jit.script(model).save(str(out / "scripted.bin"))
    torch.save(collections.OrderedDict(weight=torch.zeros(2), quantised=torch.quantize_per_tensor(torch.zeros(2), 0.1, 0, torch.qint8)), out / "quantised.bin")


make_views()
make_model()
make_others()
