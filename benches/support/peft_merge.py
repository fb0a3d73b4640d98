"""Merges a LoRA adapter with PEFT, as its documentation does it.

usage: peft_merge.py BASE ADAPTER OUTPUT
       peft_merge.py --version
"""

import sys

import peft
import torch
import transformers


def main(base, adapter, output):
    model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype="auto", low_cpu_mem_usage=True)
    model = peft.PeftModel.from_pretrained(model, adapter)
    model = model.merge_and_unload()
    model.save_pretrained(output, max_shard_size="5GB")


if sys.argv[1:] == ["--version"]:
    print(f"PEFT {peft.__version__}, transformers {transformers.__version__}, PyTorch {torch.__version__}")
else:
    main(*sys.argv[1:])
