#!/usr/bin/env python3
"""src/architecture/class_table.json from the table of classes that `make_architectures.py` writes, and from the names
of all classes that transformers' auto classes know, so that a class without Conv1D is told from an unknown one.
usage: make_class_table.py ARCHITECTURES.json OUT.json [NAMES.json]    (needs transformers; NAMES.json: printed by an
earlier release with `make_class_table.py --names`)"""
import json, re, sys
import transformers
from transformers import __version__
from transformers.models.auto import modeling_auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

# Beyond this many, what is tied are layers, and how many there are depends on the config: those are only counted.
MAX_TIES = 12
# Types whose config is another's.
SPELT = {'gpt-sw3': 'gpt2'}
# Conv1D modules that default configs leave out: GPT-2 with `add_cross_attention`.
CROSS_ATTENTION = ['h.*.crossattention.c_attn', 'h.*.crossattention.q_attn', 'h.*.crossattention.c_proj']


def class_names():
    """model type -> names of its classes"""
    names = {model_type: set() for model_type in CONFIG_MAPPING_NAMES}
    for name in dir(modeling_auto):
        mapping = getattr(modeling_auto, name)
        if name.endswith('_MAPPING_NAMES') and hasattr(mapping, 'items'):
            for model_type, classes in mapping.items():
                names.setdefault(model_type, set()).update([classes] if isinstance(classes, str) else classes)
    kept = lambda classes: sorted(name for name in classes if name and not name.endswith('Config'))
    return {model_type: kept(classes) for model_type, classes in sorted(names.items())}


def declared(name):
    """What a class says of itself that default configs do not build: the one weight that its head shares; None without."""
    model_class = getattr(transformers, name, None)
    ties = getattr(model_class, '_tied_weights_keys', None)
    if not isinstance(ties, dict) or len(ties) != 1 or not all(re.fullmatch(r'[\w.]+\.weight', end) for end in [*ties, *ties.values()]):
        return None
    (head, embedding), = ties.items()
    try:
        ties_by_default = bool(model_class.config_class().tie_word_embeddings)
    except Exception:
        return None
    ends = {'input': embedding.removesuffix('.weight'), 'output': head.removesuffix('.weight')}
    return {'type': model_class.config_class.model_type, 'prefix': model_class.base_model_prefix, 'ties_by_default': ties_by_default, **ends, 'ties': ties}


def main():
    if sys.argv[1] == '--names':
        print(json.dumps(class_names()))
        return
    table = json.load(open(sys.argv[1]))['classes']
    names = class_names()
    if len(sys.argv) > 3:
        for model_type, classes in json.load(open(sys.argv[3])).items():
            names[model_type] = sorted(set(names.get(model_type, [])) | set(classes))
    conv1d, classes = {}, {}
    for name, entry in table.items():
        for pattern in entry.get('conv1d', []):
            # What lies above the layers differs between the classes of one type.
            tail = re.search(r'(?:^|\.)((?:h|layers)\.\*\..*)', pattern)[1]
            conv1d.setdefault(entry['model_type'], set()).add(tail)
        ties = entry.get('tied') or {}
        kept = {'type': SPELT.get(entry['model_type'], entry['model_type']), 'prefix': entry.get('prefix', ''), 'ties_by_default': entry['tie_default']}
        kept |= {key: entry[key] for key in ('input', 'output') if entry[key]}
        if len(ties) > MAX_TIES:
            ends = {f'{entry[end]}.weight' for end in ('input', 'output') if entry[end]}
            ties = {name: shared for name, shared in ties.items() if ends & {name, shared}}
            kept['ties_layers'] = True
        if ties:
            kept['ties'] = ties
        if 'input' in kept or 'output' in kept or 'ties' in kept:
            classes[name] = kept
    for name in sorted({name for of_type in names.values() for name in of_type} - set(classes)):
        entry = declared(name)
        if entry:
            classes[name] = entry
    for model_type, patterns in list(conv1d.items()):
        if any(pattern.startswith('h.') for pattern in patterns) and model_type != 'openai-gpt':
            patterns.update(CROSS_ATTENTION)
    # The same layers under other names: GPT-2's config under an older type, CLVP's decoder alone.
    conv1d['gpt2'] = conv1d['gpt2'] | conv1d['gpt-sw3']
    conv1d['clvp_decoder'] = conv1d['clvp']
    names.setdefault('clvp_decoder', []).append('ClvpForCausalLM')
    names['clvp_decoder'] += ['ClvpDecoder', 'ClvpModel']
    line = lambda value: json.dumps(value, separators=(', ', ': '))
    section = lambda entries: ',\n'.join(f'  {line(key)}: {line(value)}' for key, value in sorted(entries.items()))
    with open(sys.argv[2], 'w') as out:
        out.write(f'{{\n "transformers": {line(__version__)},\n "conv1d": {{\n')
        out.write(section({key: sorted(value) for key, value in conv1d.items()}))
        out.write('\n },\n "models": {\n' + section(names) + '\n },\n "classes": {\n' + section(classes) + '\n }\n}\n')


main()
