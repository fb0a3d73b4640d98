"""Writes which matrices bitsandbytes leaves plain while transformers loads a class: `src/architecture/left_plain.json`.

    python make_nf4_table.py src/architecture/left_plain.json

Needs transformers. Every class that its auto classes know for text is built from its default config, without weights, and
asked as `Bnb4BitHfQuantizer` asks it. A matrix is a parameter `*.weight` with two dimensions; `*` stands for an index.
`unsure` are those of a Conv1D, which is turned before it is packed, and of a class made from Linear, which transformers 4
packs and transformers 5 leaves plain.
"""

import json
import re
import sys

import torch
import transformers
from torch import nn
from transformers.models.auto import modeling_auto
from transformers.pytorch_utils import Conv1D
from transformers.quantizers.base import HfQuantizer
from transformers.quantizers.quantizers_utils import should_convert_module

MAPPINGS = ["CAUSAL_LM", "SEQUENCE_CLASSIFICATION", "TOKEN_CLASSIFICATION", "IMAGE_TEXT_TO_TEXT", "SEQ_TO_SEQ_CAUSAL_LM"]


def class_names():
    names = set()
    for mapping in MAPPINGS:
        for classes in getattr(modeling_auto, f"MODEL_FOR_{mapping}_MAPPING_NAMES").values():
            names.update([classes] if isinstance(classes, str) else classes)
    return sorted(names)


def left_plain(name):
    model_class = getattr(transformers, name)
    with torch.device("meta"):
        model = model_class(model_class.config_class())
    skipped = HfQuantizer.get_modules_to_not_convert(model, None, model._keep_in_fp32_modules)
    modules, plain, unsure = dict(model.named_modules()), set(), set()
    for parameter, value in model.named_parameters(remove_duplicate=False):
        module = parameter.removesuffix(".weight")
        if value.dim() == 2 and module != parameter:
            pattern = re.sub(r"\.\d+(?=\.|$)", ".*", module)
            if not isinstance(modules[module], (nn.Linear, Conv1D)) or not should_convert_module(module, skipped):
                plain.add(pattern)
            elif type(modules[module]) is not nn.Linear:
                unsure.add(pattern)
    return tuple(sorted(plain)), tuple(sorted(unsure))


by_plain = {}
for name in class_names():
    try:
        found = left_plain(name)
    except Exception as error:
        print(name, type(error).__name__, str(error)[:80], file=sys.stderr)
        continue
    by_plain.setdefault(found, []).append(name)
line = lambda value: json.dumps(value, separators=(", ", ": "))
entries = []
for (plain, unsure), classes in sorted(by_plain.items(), key=lambda entry: entry[1]):
    more = f',\n   "unsure": {line(unsure)}' if unsure else ""
    entries.append(f'  {{"classes": {line(classes)},\n   "plain": {line(plain)}{more}}}')
entries = ",\n".join(entries)
with open(sys.argv[1], "w") as out:
    out.write(f'{{\n "transformers": {line(transformers.__version__)},\n "groups": [\n{entries}\n ]\n}}\n')
