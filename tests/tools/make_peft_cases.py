#!/usr/bin/env python3
"""Adds cases to tests/peer: several adapters on one tensor (order-*), and the experts of mixtures (experts-*), each as
PEFT merges it. Run from the repository's root; needs torch, transformers 5 and PEFT 0.21.
usage: make_peft_cases.py [CASE...]    (no CASE: all)"""
import copy, json, os, pathlib, shutil, sys

os.environ['TRANSFORMERS_VERBOSITY'] = 'error'
import torch, transformers
from peft import GloraConfig, HiraConfig, IA3Config, LoraConfig, OFTConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from torch import nn

torch.set_num_threads(1)
NAMES = ['adapter', 'adapter2', 'adapter3']


class Model(nn.Module):
    """A model of no library."""

    def __init__(self, **modules):
        super().__init__()
        for name, module in modules.items():
            setattr(self, name, module)

    def forward(self, x):
        return x


class Experts(nn.Module):
    """Parameters of these shapes, registered in this order."""

    def __init__(self, **shapes):
        super().__init__()
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(0.1 * torch.randn(*shape)))

    def forward(self, x):
        return x


def save(model, path):
    if isinstance(model, transformers.PreTrainedModel):
        model.save_pretrained(path)
        return
    path.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.clone().contiguous() for name, value in model.state_dict().items()}
    save_file(tensors, path / 'model.safetensors', metadata={'format': 'pt'})
    (path / 'config.json').write_text(json.dumps({'model_type': 'custom', 'architectures': ['Custom']}))


def train(model, seed):
    """Stands for training: every trained value becomes random."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in model.named_parameters():
        if value.requires_grad:
            noise = torch.randn(value.shape, generator=generator)
            with torch.no_grad():
                value.copy_(1 + 0.3 * noise if 'ia3' in name else value * (1 + 0.2 * noise) if 'magnitude' in name else 0.3 * noise)


def make(folder, model, configs):
    """Adapters of one method are held side by side by PEFT and merged together; others are merged one after another."""
    torch.manual_seed(0)
    base = model().float().eval()
    save(base, folder / 'base')
    if len({type(config) for config in configs}) == 1:
        adapted = get_peft_model(copy.deepcopy(base), configs[0], adapter_name=NAMES[0])
        for name, config in zip(NAMES[1:], configs[1:]):
            adapted.add_adapter(name, config)
        names = NAMES[:len(configs)]
        for seed, name in enumerate(names):
            adapted.set_adapter(name)
            train(adapted, seed)
        for name in names:
            adapted.save_pretrained(folder, selected_adapters=[name])
        merged = adapted.merge_and_unload(adapter_names=names)
    else:
        merged = copy.deepcopy(base)
        for seed, (name, config) in enumerate(zip(NAMES, configs)):
            adapted = get_peft_model(copy.deepcopy(base), config)
            train(adapted, seed)
            adapted.save_pretrained(folder / name)
            merged = PeftModel.from_pretrained(merged, folder / name).merge_and_unload()
    save(merged, folder / 'merged')
    for readme in folder.rglob('README.md'):
        readme.unlink()
    told = {'expect': 'merge equals merged, and verify of merged passes', 'adapters': [type(config).__name__ for config in configs]}
    (folder / 'expected.json').write_text(json.dumps(told, indent=1) + '\n')


def lora(**keys):
    return LoraConfig(**{**dict(r=2, lora_alpha=3, target_modules=[]), **keys})


def linear_lora(**keys):
    return lora(target_modules=['lin0', 'lin1'], **keys)


def ia3(feedforward=('lin0',), targets=('lin0', 'lin1'), **keys):
    return IA3Config(target_modules=list(targets), feedforward_modules=list(feedforward), init_ia3_weights=False, **keys)


def oft():
    return OFTConfig(target_modules=['lin0', 'lin1'], oft_block_size=2, r=0, init_weights=False)


def hira():
    return HiraConfig(target_modules=['lin0', 'lin1'], r=2)


def glora():
    return GloraConfig(target_modules=['lin0', 'lin1'], r=2)


def gpt2_lora(**keys):
    return lora(target_modules=['c_attn', 'c_proj'], fan_in_fan_out=True, **keys)


def gpt2_ia3():
    return ia3(feedforward=['mlp.c_proj'], targets=['c_attn', 'mlp.c_proj'], fan_in_fan_out=True)


def linears():
    return Model(lin0=nn.Linear(10, 20), lin1=nn.Linear(20, 2))


def embedding():
    return Model(emb=nn.Embedding(12, 6), lin=nn.Linear(6, 4))


def gpt2():
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=16, n_embd=8, n_layer=1, n_head=2, n_positions=16))


def mixture(kind, config, **keys):
    shared = dict(vocab_size=16, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1, head_dim=4, num_experts_per_tok=2)
    shared |= dict(max_position_embeddings=16, bos_token_id=0, eos_token_id=1, pad_token_id=2, tie_word_embeddings=False)
    return lambda: getattr(transformers, kind)(getattr(transformers, config)(**{**shared, **keys}))


def own(**shapes):
    return lambda: Model(experts=Experts(**shapes), lin=nn.Linear(6, 2))


MLA = dict(kv_lora_rank=4, q_lora_rank=4, qk_rope_head_dim=2, qk_nope_head_dim=2, v_head_dim=4, num_key_value_heads=2)
BOTH = dict(target_parameters=['gate_up_proj', 'down_proj'])
CASES = {
    'order-lora-ia3-linear': (linears, [linear_lora(), ia3()]),
    'order-ia3-lora-linear': (linears, [ia3(), linear_lora()]),
    'order-oft-lora-linear': (linears, [oft(), linear_lora()]),
    'order-lora-dora-linear': (linears, [linear_lora(), linear_lora(use_dora=True)]),
    'order-dora-ia3-dora-linear': (linears, [linear_lora(use_dora=True), ia3(), linear_lora(use_dora=True)]),
    'order-biases-ia3': (linears, [linear_lora(bias='all'), ia3(feedforward=[])]),
    'order-dora-dora-conv1d': (gpt2, [gpt2_lora(use_dora=True), gpt2_lora(use_dora=True)]),
    'order-ia3-dora-conv1d': (gpt2, [gpt2_ia3(), gpt2_lora(use_dora=True)]),
    'order-dora-dora-embedding': (embedding, [lora(target_modules=['emb'], use_dora=True), lora(target_modules=['emb', 'lin'], use_dora=True)]),
    'order-hira-hira-linear': (linears, [hira(), hira()]),
    'order-glora-glora-linear': (linears, [glora(), glora()]),
    'experts-mixtral-bare': (mixture('MixtralForCausalLM', 'MixtralConfig', intermediate_size=6, num_local_experts=3), [lora(**BOTH)]),
    'experts-mixtral-square': (mixture('MixtralForCausalLM', 'MixtralConfig', intermediate_size=4, num_local_experts=3), [lora(target_parameters=['experts.gate_up_proj'])]),
    'experts-deepseek-v3-layers': (mixture('DeepseekV3ForCausalLM', 'DeepseekV3Config', intermediate_size=12, moe_intermediate_size=6, n_routed_experts=4, n_shared_experts=1, n_group=2, topk_group=1, first_k_dense_replace=0, **MLA), [lora(target_modules=['gate_proj', 'up_proj', 'down_proj'], **BOTH)]),
    'experts-phimoe-bare': (mixture('PhimoeForCausalLM', 'PhimoeConfig', intermediate_size=6, num_local_experts=3), [lora(**BOTH)]),
    'experts-jetmoe': (mixture('JetMoeForCausalLM', 'JetMoeConfig', intermediate_size=6, num_local_experts=3, kv_channels=4), [lora(target_parameters=['input_linear.weight', 'output_linear.weight'])]),
    'experts-llama4-square': (mixture('Llama4ForCausalLM', 'Llama4TextConfig', intermediate_size=8, intermediate_size_mlp=12, num_local_experts=3, num_experts_per_tok=1, interleave_moe_layer_step=1, attn_temperature_tuning=False), [lora(**BOTH)]),
    'experts-gpt-oss-square': (mixture('GptOssForCausalLM', 'GptOssConfig', intermediate_size=8, num_local_experts=3), [lora(**BOTH)]),
    'experts-own-three': (own(z=(3, 6, 10), b=(3, 10, 6), a=(3, 6, 4)), [lora(target_parameters=['a', 'b', 'z'])]),
    'experts-own-matrix': (own(a=(3, 6, 10), b=(8, 6)), [lora(target_parameters=['experts.a', 'experts.b'])]),
}

for case, (model, configs) in CASES.items():
    if len(sys.argv) == 1 or case in sys.argv:
        folder = pathlib.Path('tests/peer') / case
        shutil.rmtree(folder, ignore_errors=True)
        make(folder, model, configs)
        print(case)
