"""Writes tests/golden-decoders: tiny random models of families and variants that tests/golden lacks, and what
transformers (5.23.0, torch 2.15.0 here) makes of 40 tokens; run from the repository's root, with case names or without.

Weights, norms and biases are all random and far from zeros and ones, so that a part left out or put elsewhere shows.
"""

import json
import pathlib
import sys

import torch
import transformers as t

out = pathlib.Path("tests/golden-decoders")
VOCAB, TOKENS, WINDOW = 64, 40, 8
SIZES = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
             max_position_embeddings=256, bos_token_id=0, eos_token_id=1, pad_token_id=2)
GROUPED = dict(SIZES, num_key_value_heads=2)
GEMMA = dict(GROUPED, head_dim=12)
FALCON = {key: value for key, value in SIZES.items() if key != "intermediate_size"}
GPT2 = dict(vocab_size=VOCAB, n_embd=32, n_layer=2, n_head=4, n_positions=64, bos_token_id=0, eos_token_id=1)
LONG = dict(rope_type="longrope", rope_theta=10000.0, short_factor=[1.0, 1.1, 1.3], long_factor=[1.5, 3.0, 6.0])
SLIDING, FULL = "sliding_attention", "full_attention"

CASES = {
    "llama-linear-biased": t.LlamaConfig(**GROUPED, attention_bias=True, mlp_bias=True, rope_parameters=dict(
        rope_type="linear", rope_theta=10000.0, factor=2.0)),
    "mistral-window": t.MistralConfig(**GROUPED, head_dim=12, sliding_window=WINDOW),
    "qwen2-window": t.Qwen2Config(**GROUPED, use_sliding_window=True, sliding_window=WINDOW, max_window_layers=1,
                                  tie_word_embeddings=True),
    "qwen3_moe": t.Qwen3MoeConfig(**dict(GROUPED, num_hidden_layers=3), head_dim=12, moe_intermediate_size=24,
                                  num_experts=4, num_experts_per_tok=2, norm_topk_prob=True, mlp_only_layers=[1]),
    "qwen3_moe-plain-shares": t.Qwen3MoeConfig(**GROUPED, head_dim=12, moe_intermediate_size=24, num_experts=4,
                                               num_experts_per_tok=3, norm_topk_prob=False, decoder_sparse_step=2),
    "mixtral-joined": t.MixtralConfig(**GROUPED, num_local_experts=4, num_experts_per_tok=2, sliding_window=WINDOW),
    "gemma": t.GemmaConfig(**GEMMA),
    "gemma2-caps": t.Gemma2Config(**GEMMA, sliding_window=WINDOW, query_pre_attn_scalar=20,
                                  attn_logit_softcapping=2.0, final_logit_softcapping=3.0),
    "gemma3": t.Gemma3TextConfig(**dict(GEMMA, num_hidden_layers=3), sliding_window=WINDOW, query_pre_attn_scalar=20,
                                 layer_types=[SLIDING, FULL, SLIDING], rope_parameters={
        SLIDING: dict(rope_type="default", rope_theta=100.0),
        FULL: dict(rope_type="linear", rope_theta=10000.0, factor=4.0)}),
    "phi3-long": t.Phi3Config(**GROUPED, original_max_position_embeddings=32, sliding_window=24, rope_parameters=dict(
        LONG, partial_rotary_factor=0.75)),
    "phi3-short": t.Phi3Config(**GROUPED, original_max_position_embeddings=64, rope_parameters=dict(
        LONG, partial_rotary_factor=0.75)),
    "olmo2": t.Olmo2Config(**GROUPED),
    "stablelm": t.StableLmConfig(**GROUPED, use_qkv_bias=True),
    "stablelm-parallel": t.StableLmConfig(**GROUPED, qk_layernorm=True, use_parallel_residual=True, rope_parameters=dict(
        rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.5)),
    "gpt_neox-sequential": t.GPTNeoXConfig(**SIZES, use_parallel_residual=False, attention_bias=False,
                                           hidden_act="gelu_new", tie_word_embeddings=True),
    "gpt2-scaled": t.GPT2Config(**GPT2, n_inner=48, scale_attn_by_inverse_layer_idx=True),
    "falcon-new": t.FalconConfig(**FALCON, new_decoder_architecture=True, num_kv_heads=2, ffn_hidden_size=48),
    "falcon-one-norm": t.FalconConfig(**FALCON, new_decoder_architecture=True, num_kv_heads=2, ffn_hidden_size=48,
                                      num_ln_in_parallel_attn=1, tie_word_embeddings=False),
    "falcon-sequential": t.FalconConfig(**FALCON, multi_query=False, parallel_attn=False, bias=True,
                                        ffn_hidden_size=48),
    "opt": t.OPTConfig(**{key: value for key, value in SIZES.items() if key != "intermediate_size"}, ffn_dim=48,
                       word_embed_proj_dim=32),
}


def write(name, config):
    folder = out / name
    model = t.AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    generator = torch.Generator().manual_seed(sum(map(ord, name)))
    for parameter in model.parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        parameter.data = parameter.data + 0.3 * noise if parameter.dim() == 1 else 0.2 * noise
    model.to(torch.bfloat16)
    # Experts as one tensor, which is how transformers 5 holds them, or one by one, which is how they were published.
    model.save_pretrained(folder / "base", save_original_format="joined" not in name)
    (folder / "base/generation_config.json").unlink(missing_ok=True)
    ids = torch.randint(3, VOCAB, (1, TOKENS), generator=generator)
    stored = type(model).from_pretrained(folder / "base", dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        logits = stored(input_ids=ids).logits
    nll = torch.nn.functional.cross_entropy(logits[0, :-1].double(), ids[0, 1:], reduction="none")
    expected = dict(input_ids=ids[0].tolist(), nll=[round(value, 6) for value in nll.tolist()])
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")
    print(name, f"mean {nll.mean():.3f}")


for name in sys.argv[1:] or CASES:
    write(name, CASES[name])
