"""Writes tests/print: tiny models with an adapter each, and what Python prints of both (transformers 5.23.0, PEFT
0.21.2, torch 2.15.0 here); run from the repository's root."""

import json
import pathlib

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, GPT2Config, GPTNeoXConfig, LlamaConfig, Qwen2Config

out = pathlib.Path("tests/print")
torch.manual_seed(1)

MODELS = {
    "llama": (
        LlamaConfig(vocab_size=24, hidden_size=8, intermediate_size=12, num_hidden_layers=3, num_attention_heads=2,
                    num_key_value_heads=1, pad_token_id=3, tie_word_embeddings=True),
        dict(target_modules=["q_proj", "v_proj"], lora_dropout=0.05, layers_to_transform=[0, 1]),
    ),
    "qwen2": (
        Qwen2Config(vocab_size=24, hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2,
                    num_key_value_heads=1, rms_norm_eps=1e-5),
        dict(target_modules=["q_proj", "down_proj"], rank_pattern={"down_proj": 4}),
    ),
    "gpt_neox": (
        GPTNeoXConfig(vocab_size=24, hidden_size=8, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
                      hidden_dropout=0.25, hidden_act="gelu_new"),
        dict(target_modules=["query_key_value"], lora_dropout=0.1),
    ),
    "gpt2": (
        GPT2Config(vocab_size=24, n_embd=8, n_layer=2, n_head=2, n_positions=16, embd_pdrop=0.0),
        dict(target_modules=["c_attn"], fan_in_fan_out=True),
    ),
}

for name, (config, lora) in MODELS.items():
    folder = out / name
    model = AutoModelForCausalLM.from_config(config)
    model.save_pretrained(folder / "base")
    get_peft_model(model, LoraConfig(r=2, lora_alpha=4, task_type="CAUSAL_LM", **lora)).save_pretrained(folder / "adapter")
    (folder / "adapter/README.md").unlink(missing_ok=True)
    (folder / "base/generation_config.json").unlink(missing_ok=True)
    if name == "gpt2":
        # The file on the Hub has no `transformer.` before its names.
        path = folder / "base/model.safetensors"
        tensors = {key.removeprefix("transformer."): value for key, value in load_file(path).items()}
        save_file(tensors, path, metadata={"format": "pt"})
    base = AutoModelForCausalLM.from_pretrained(folder / "base")
    (folder / "base.txt").write_text(f"{base}\n")
    adapted = PeftModel.from_pretrained(base, folder / "adapter")
    (folder / "adapted.txt").write_text(f"{adapted}\n")
    config_path = folder / "adapter/adapter_config.json"
    config = json.loads(config_path.read_text())
    config["base_model_name_or_path"] = f"tiny/{name}"
    config_path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
