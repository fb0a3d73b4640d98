"""Writes src/architecture/rename_table.json from transformers' own table (5.23.0 here); run from the repository's root.

transformers renames tensors while it loads a checkpoint, so the modules of a model in memory, and with them an
adapter's keys, may be named otherwise than on disk. Entries, by model type or class name, in the order in which they
apply; groups that are equal to another one stand under `aliases`:
  ["rename", [patterns], replacement]   every key that matches one of the patterns
  ["convert", [patterns], [targets], [operations]]   tensors that are joined, cut or reordered, not merely renamed
  ["special", class, [patterns], [targets]]   renames with state, which no pattern alone describes
"""

import json
import pathlib

import transformers
from transformers import conversion_mapping
from transformers.core_model_loading import PrefixChange, WeightConverter, WeightRenaming


def compact(transform):
    sources, targets = list(transform.source_patterns), list(transform.target_patterns)
    if isinstance(transform, WeightConverter):
        return ["convert", sources, targets, [type(operation).__name__ for operation in transform.operations]]
    if type(transform) in (WeightRenaming, PrefixChange) and len(targets) == 1:
        return ["rename", sources, targets[0]]
    return ["special", type(transform).__name__, sources, targets]


conversion_mapping.get_checkpoint_conversion_mapping("")
table = conversion_mapping._checkpoint_conversion_mapping_cache
groups, aliases, by_text = {}, {}, {}
for name, transforms in sorted(table.items()):
    entries = [compact(transform) for transform in transforms]
    text = json.dumps(entries)
    if text in by_text:
        aliases[name] = by_text[text]
    else:
        by_text[text] = name
        groups[name] = entries

lines = [f'  {json.dumps(name)}: [\n' + ",\n".join("   " + json.dumps(entry) for entry in entries) + "\n  ]" for name, entries in groups.items()]
out = "{\n" + f' "transformers": "{transformers.__version__}",\n "groups": {{\n' + ",\n".join(lines) + "\n },\n"
out += ' "aliases": ' + json.dumps(aliases, indent=2).replace("\n", "\n ") + "\n}\n"
pathlib.Path("src/architecture/rename_table.json").write_text(out)

# What transformers makes of keys of many kinds, group by group: tests/expected/renames.json, [group, key, renamed].
KEYS = """
model.layers.0.self_attn.q_proj.weight
model.embed_tokens.weight
model.language_model.layers.1.mlp.up_proj.weight
model.language_model.model.layers.1.mlp.up_proj.weight
language_model.model.layers.1.mlp.down_proj.weight
language_model.model.embed_tokens.weight
language_model.lm_head.weight
language_model.layers.3.mlp.gate_proj.weight
vision_tower.vision_model.encoder.layers.2.self_attn.k_proj.weight
vision_tower.encoder.layers.2.mlp.fc1.weight
vision_model.transformer.layers.0.self_attn.q_proj.weight
multi_modal_projector.linear_1.weight
audio_tower.layers.0.fc1.weight
visual.blocks.0.attn.qkv.weight
visual.merger.mlp.0.weight
thinker.model.layers.0.self_attn.o_proj.weight
thinker.visual.blocks.1.mlp.gate_proj.weight
embed_out.weight
gpt_neox.layers.0.attention.query_key_value.weight
encoder.layer.0.attention.attention.query.weight
encoder.layer.0.attention.output.dense.weight
encoder.layer.0.intermediate.dense.weight
encoder.layer.0.output.dense.weight
vit.encoder.layer.1.attention.attention.key.weight
embeddings.patch_embeddings.projection.weight
text_model.encoder.layers.1.self_attn.q_proj.weight
vision_model.encoder.layers.1.self_attn.q_proj.weight
model.layers.1.block_sparse_moe.gate.weight
model.layers.1.block_sparse_moe.input_linear.weight
model.layers.1.block_sparse_moe.router.layer.weight
model.layers.1.mlp.experts.fc1.weight
model.layers.1.feed_forward.router.weight
model.layers.1.mlp.gate.e_score_correction_bias
bert.embeddings.LayerNorm.gamma
model.layers.0.linear_attn.in_proj_qkvz.weight
model.transformer.blocks.0.att_proj.weight
backbone.layers.0.mixer.in_proj.weight
image_newline
patch_embed.proj.weight
blocks.1.norm1.weight
decoder.layers.1.self_attn.out_proj.weight
""".split()

checked = []
for group in groups:
    renamings = [transform for transform in table[group] if type(transform) in (WeightRenaming, PrefixChange)]
    for key in KEYS:
        renamed = key
        for renaming in renamings:
            renamed, _ = renaming.rename_source_key(renamed)
        if renamed != key:
            checked.append(f" {json.dumps([group, key, renamed])}")
pathlib.Path("tests/expected/renames.json").write_text("[\n" + ",\n".join(checked) + "\n]\n")
