"""Merges with PEFT as its documentation says; the benchmark measures this process from outside.

usage: peft_merge.py BASE ADAPTER OUTPUT
"""

import sys

from peft import PeftModel
from transformers import AutoModelForCausalLM

base, adapter, output = sys.argv[1:4]
model = AutoModelForCausalLM.from_pretrained(base, dtype="auto", low_cpu_mem_usage=True)
model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
model.save_pretrained(output)
