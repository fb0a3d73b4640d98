#!/usr/bin/env python3
"""Writes the cases of tests/golden that hold PEFT's methods beside LoRA: one tiny model of every kind of layer, an
adapter with random factors, and what PEFT's `merge_and_unload` makes of both.

Made with PEFT 0.21.2, transformers 5.24.0 and torch 2.15.0.
usage: make_methods.py OUT [CASE...]
"""
import json
import sys
from pathlib import Path

import peft
import torch
from peft import PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from torch import nn
from transformers.pytorch_utils import Conv1D

LINEAR = ["up", "down", "q"]
DTYPES = {"bf16": torch.bfloat16}


class Tiny(nn.Module):
    """Layers of every kind, none as wide as another."""

    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(20, 12)
        self.q = nn.Linear(12, 12)
        self.up = nn.Linear(12, 24)
        self.down = nn.Linear(24, 12, bias=False)
        self.c_attn = Conv1D(36, 12)
        self.conv1d = nn.Conv1d(6, 4, 3)
        self.conv2d = nn.Conv2d(3, 4, 3)
        self.conv3d = nn.Conv3d(2, 3, 2)

    def forward(self, ids):
        return self.down(self.up(self.q(self.emb(ids))))


CASES = {
    "shira": lambda: peft.ShiraConfig(r=2, target_modules=LINEAR, random_seed=3),
    "beft": lambda: peft.BeftConfig(target_modules=["up", "q"]),
    "miss": lambda: peft.MissConfig(r=5, target_modules=LINEAR),
    "miss-bf16": lambda: peft.MissConfig(r=4, target_modules=LINEAR),
    "miss-mini": lambda: peft.MissConfig(r=4, mini_r=6, init_weights="mini", target_modules=LINEAR),
    "miss-bat": lambda: peft.MissConfig(r=4, init_weights="bat", target_modules=LINEAR),
    "bone": lambda: peft.MissConfig(r=8, target_modules=LINEAR),
    "bone-bat": lambda: peft.MissConfig(r=6, init_weights="bat", target_modules=LINEAR),
    "hra": lambda: peft.HRAConfig(r=4, target_modules=[*LINEAR, "conv2d"]),
    "hra-bf16": lambda: peft.HRAConfig(r=3, target_modules=LINEAR),
    "hra-gram-schmidt": lambda: peft.HRAConfig(r=4, apply_GS=True, target_modules=[*LINEAR, "conv2d"]),
    "hira": lambda: peft.HiraConfig(r=4, target_modules=[*LINEAR, "emb", "conv1d", "conv2d", "conv3d"]),
    "hira-bf16": lambda: peft.HiraConfig(r=4, target_modules=[*LINEAR, "emb", "conv1d", "conv2d", "conv3d"]),
    "hira-transposed": lambda: peft.HiraConfig(r=3, target_modules=["c_attn"], fan_in_fan_out=True),
    "vera": lambda: peft.VeraConfig(r=8, target_modules=LINEAR),
    "vera-transposed": lambda: peft.VeraConfig(r=8, target_modules=["c_attn"], fan_in_fan_out=True),
    "vera-bf16": lambda: peft.VeraConfig(r=8, target_modules=LINEAR),
    "pvera": lambda: peft.PveraConfig(r=8, target_modules=LINEAR),
    "pvera-transposed": lambda: peft.PveraConfig(r=4, target_modules=["c_attn"], fan_in_fan_out=True),
    "vblora": lambda: vblora(target_modules=LINEAR),
    "vblora-bf16": lambda: vblora(target_modules=LINEAR),
    "vblora-top": lambda: vblora(target_modules=LINEAR, topk=3, save_only_topk_weights=True),
    "vblora-top-one": lambda: vblora(target_modules=LINEAR, topk=1, save_only_topk_weights=True),
    "vblora-transposed": lambda: vblora(target_modules=["c_attn"], fan_in_fan_out=True),
    "gralora": lambda: peft.GraloraConfig(r=8, alpha=12, gralora_k=2, target_modules=LINEAR),
    "gralora-hybrid": lambda: peft.GraloraConfig(r=6, alpha=16, gralora_k=3, hybrid_r=2, target_modules=LINEAR),
    "gralora-transposed": lambda: peft.GraloraConfig(
        r=8, alpha=12, gralora_k=4, hybrid_r=1, target_modules=["c_attn"], fan_in_fan_out=True
    ),
    "delora": lambda: peft.DeloraConfig(r=4, target_modules=LINEAR, rank_pattern={"down": 6}, lambda_pattern={"q": 3}),
    "c3a": lambda: peft.C3AConfig(block_size=4, target_modules=LINEAR, block_size_pattern={"up": 6}),
    "c3a-bf16": lambda: peft.C3AConfig(block_size=4, target_modules=LINEAR, block_size_pattern={"up": 6}),
    "road-1": lambda: peft.RoadConfig(variant="road_1", group_size=4, target_modules=LINEAR),
    "road-2": lambda: peft.RoadConfig(variant="road_2", group_size=6, target_modules=LINEAR),
    "road-2-bf16": lambda: peft.RoadConfig(variant="road_2", group_size=6, target_modules=LINEAR),
    "road-4": lambda: peft.RoadConfig(variant="road_4", group_size=12, target_modules=LINEAR),
}


def vblora(**options):
    return peft.VBLoRAConfig(**{"r": 3, "num_vectors": 7, "vector_length": 4, "topk": 2, **options})


def randomize(model, generator):
    """Fills every trained tensor, so that no method is left at its identity."""
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        noise = torch.randn(parameter.shape, generator=generator)
        if "road_alpha" in name or "lambda" in name:
            noise = 1 + 0.2 * noise
        elif "logits" not in name and "hra_u" not in name:
            noise = 0.3 * noise
        parameter.data.copy_(noise)


def as_bone(folder):
    """The same adapter as PEFT up to 0.17 wrote it: MiSS was called Bone."""
    path = folder / "adapter_model.safetensors"
    tensors = {name.replace("miss_block", "bone_block"): tensor for name, tensor in load_file(path).items()}
    save_file(tensors, path, {"format": "pt"})
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    config.update(peft_type="BONE", peft_version=None)
    for key in ("mini_r", "miss_dropout"):
        del config[key]
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}, indent=2))


def save_model(model, folder):
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text('{"architectures": ["Tiny"], "model_type": "tiny"}\n')


def tiny(config, dtype):
    """The model with the layers that the case needs, and one that it leaves alone."""
    model = Tiny()
    for layer in list(model._modules):
        if layer not in config.target_modules and layer != "down":
            delattr(model, layer)
    return model.to(dtype)


def build(out, name):
    folder = Path(out) / name
    seed = sum(map(ord, name))
    torch.manual_seed(seed)
    config, dtype = CASES[name](), DTYPES.get(name.split("-")[-1], torch.float32)
    base = tiny(config, dtype)
    save_model(base, folder / "base")
    weights = {key: tensor.clone() for key, tensor in base.state_dict().items()}

    model = get_peft_model(base, config)
    randomize(model, torch.Generator().manual_seed(seed))
    model.save_pretrained(folder / "adapter")
    (folder / "adapter" / "README.md").unlink(missing_ok=True)

    fresh = tiny(config, dtype)
    fresh.load_state_dict(weights)
    merged = PeftModel.from_pretrained(fresh, folder / "adapter").merge_and_unload()
    save_model(merged, folder / "merged")
    if name.startswith("bone"):
        as_bone(folder / "adapter")


if __name__ == "__main__":
    for case in sys.argv[2:] or CASES:
        build(sys.argv[1], case)
        print(case)
