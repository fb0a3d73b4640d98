"""Quantises a model to NF4 with bitsandbytes, as transformers does while it loads it, and saves that.

    python quantize_nf4.py BASE OUT [--single]

Needs transformers and bitsandbytes; runs on the CPU.
"""

import argparse

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

parser = argparse.ArgumentParser()
parser.add_argument("base")
parser.add_argument("out")
parser.add_argument("--single", action="store_true", help="leave the scales in float32")
arguments = parser.parse_args()

config = BitsAndBytesConfig(
    load_in_4bit=True,
    bnb_4bit_quant_type="nf4",
    bnb_4bit_use_double_quant=not arguments.single,
    bnb_4bit_compute_dtype=torch.bfloat16,
)
model = AutoModelForCausalLM.from_pretrained(
    arguments.base, quantization_config=config, dtype=torch.bfloat16, device_map="cpu"
)
model.save_pretrained(arguments.out)
AutoTokenizer.from_pretrained(arguments.base).save_pretrained(arguments.out)
