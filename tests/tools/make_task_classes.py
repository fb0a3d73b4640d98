#!/usr/bin/env python3
"""src/architecture/task_classes.json: for every model type of transformers its classes, which task each is for, where the
bare model lies in it, what of the bare model it lacks, and which parameters it has beside (its head), with those that
have a row for each label. Built on the meta device from default configs with few layers.
usage: make_task_classes.py OUT.json [EARLIER.json] (needs torch and transformers; EARLIER.json: what an earlier release of
transformers gave, for classes that this one has no more or cannot build)"""
import json, logging, re, signal, sys, warnings

warnings.filterwarnings('ignore')
logging.disable(logging.CRITICAL)
import torch
import transformers
from transformers.models.auto import modeling_auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

SECONDS_OF_A_BUILD = 40
LAYERS = re.compile(r'(^|_)(layers?|n_layers?|depth|experts|num_local_experts)$')
# Mappings whose classes are no model of a single type, or are another model's part.
SKIPPED = {'BACKBONE', 'KEYPOINT_DETECTION', 'KEYPOINT_MATCHING', 'TEXT_ENCODING'}
# What some default configs leave open.
OPEN = {'hidden_size': 64, 'intermediate_size': 96, 'num_hidden_layers': 2, 'num_attention_heads': 4, 'num_key_value_heads': 4,
        'head_dim': 16, 'vocab_size': 64, 'pad_token_id': 0, 'prediction_length': 4}
# A head of more parameters is a decoder or a second model.
MAX_HEAD = 20
# Two numbers of labels, neither a size of any default config: what moves with them has a row for each.
LABELS = (11, 13)
# The classes of one task, most asked for first: a class that stands in two mappings gets the first.
ORDER = ['SequenceClassification', 'TokenClassification', 'QuestionAnswering', 'MultipleChoice', 'CausalLM', 'MaskedLM', 'Seq2SeqLM']
TASK_NAMES = {'': 'Bare', 'PRETRAINING': 'PreTraining', 'CAUSAL_LM': 'CausalLM', 'MASKED_LM': 'MaskedLM', 'SEQ_TO_SEQ_CAUSAL_LM': 'Seq2SeqLM'}


class TooSlow(Exception):
    pass


def too_slow(*_):
    raise TooSlow()


signal.signal(signal.SIGALRM, too_slow)


def starred(name):
    return re.sub(r'(?<=\.)\d+(?=\.|$)|^\d+(?=\.)', '*', name)


def mappings():
    """task -> model type -> classes"""
    tasks = {}
    for name in dir(modeling_auto):
        found = re.fullmatch(r'MODEL_(?:FOR_)?(.*?)_?MAPPING_NAMES', name)
        if found and found[1] not in SKIPPED:
            task = TASK_NAMES.get(found[1]) or ''.join(word.capitalize() for word in found[1].split('_'))
            tasks[task] = {key: [value] if isinstance(value, str) else list(value) for key, value in getattr(modeling_auto, name).items()}
    rank = lambda task: (ORDER.index(task) if task in ORDER else len(ORDER), task)
    return dict(sorted(tasks.items(), key=lambda item: rank(item[0])))


def few_layers(config, seen=()):
    for key, value in list(vars(config).items()):
        if isinstance(value, transformers.PretrainedConfig) and value not in seen:
            few_layers(value, seen + (config,))
        elif type(value) is int and value > 4 and LAYERS.search(key):
            try:
                setattr(config, key, 4)
            except Exception:
                pass
        elif key in ('layer_types', 'mlp_layer_types', 'layers_block_type') and isinstance(value, list):
            setattr(config, key, value[:4])


def built(model_type, class_name, labels):
    """parameter -> shape, where the bare model lies, and the tied parameters"""
    signal.alarm(SECONDS_OF_A_BUILD)
    try:
        config_class = getattr(transformers, CONFIG_MAPPING_NAMES.get(model_type, ''), None) or transformers.CONFIG_MAPPING[model_type]
        config = config_class()
        few_layers(config)
        for key, value in OPEN.items():
            if hasattr(config, key) and getattr(config, key) is None:
                setattr(config, key, value)
        config.num_labels = labels
        with torch.device('meta'):
            model = getattr(transformers, class_name)(config)
        shapes = {}
        for name, parameter in model.named_parameters(remove_duplicate=False):
            shapes.setdefault(starred(name), tuple(parameter.shape))
        # Saved buffers may be absent, as tied parameters may: both have their values from elsewhere.
        buffers = {starred(name): tuple(value.shape) for name, value in model.state_dict().items() if starred(name) not in shapes}
        shapes |= buffers
        prefix = getattr(model, 'base_model_prefix', '') or ''
        prefix = prefix if prefix and isinstance(getattr(model, prefix, None), torch.nn.Module) else ''
        tied = getattr(model, 'all_tied_weights_keys', None) or getattr(model, '_tied_weights_keys', None) or []
        return shapes, prefix, {starred(name) for name in tied} | set(buffers)
    finally:
        signal.alarm(0)


def least(paths, kept):
    """The shortest module paths below which all of `paths` and none of `kept` lie."""
    found = set()
    for path in paths:
        segments = path.split('.')
        cuts = ('.'.join(segments[:end]) for end in range(1, len(segments) + 1))
        found.add(next((cut for cut in cuts if not any(name == cut or name.startswith(cut + '.') for name in kept)), path))
    return sorted(found)


def family(model_type, classes):
    """class -> its entry; `classes`: class -> task"""
    parts, failed = {}, {}
    for name in classes:
        try:
            try:
                (shapes, prefix, tied), (other, _, _) = (built(model_type, name, labels) for labels in LABELS)
            except ValueError:
                # DistilBERT answers questions with two labels and no other number.
                shapes, prefix, tied = built(model_type, name, 2)
                other = shapes
            parts[name] = (shapes, prefix, tied, {key for key in shapes if shapes[key][:1] != other.get(key, ())[:1]})
        except TooSlow:
            failed[name] = 'too slow'
        except Exception as error:
            failed[name] = f'{type(error).__name__}: {str(error)[:80]}'
    bare = next((set(parts[name][0]) for name, task in classes.items() if task == 'Bare' and name in parts), set())
    inner = {}
    for name, (shapes, prefix, _, _) in parts.items():
        if prefix:
            inner[name] = {key[len(prefix) + 1:] for key in shapes if key.startswith(prefix + '.')}
        else:
            inner[name] = {key for key in shapes if key in bare}
    every = set().union(*inner.values()) if inner else set()
    out = {}
    for name, (shapes, prefix, tied, labelled) in parts.items():
        entry = {'task': classes[name], 'prefix': prefix}
        held = inner[name]
        head = {}
        for key in sorted(shapes):
            core = key[len(prefix) + 1:] if prefix and key.startswith(prefix + '.') else key
            if core in held and (not prefix or key != core):
                continue
            head[key] = 'labels' if key in labelled else 'tied' if key in tied else 'fixed'
        if len(head) > MAX_HEAD:
            continue
        entry['head'] = head
        if lacks := least(every - held, held):
            entry['lacks'] = lacks
        entry['modules'] = sorted({key.split('.')[0] for key in held})
        out[name] = entry
    return out, failed


def main():
    tasks = mappings()
    earlier = json.load(open(sys.argv[2]))['types'] if len(sys.argv) > 2 else {}
    families, failed = {}, {}
    model_types = sorted({model_type for types in tasks.values() for model_type in types})
    for model_type in model_types:
        classes = {}
        for task, types in tasks.items():
            for name in types.get(model_type, []):
                classes.setdefault(name, task)
        found, bad = family(model_type, classes)
        failed |= bad
        if any(entry['head'] for entry in found.values()):
            families[model_type] = found
        print(model_type, len(found), bad, file=sys.stderr)
    for model_type, classes in earlier.items():
        families[model_type] = families.get(model_type, {}) | {
            name: entry for name, entry in classes.items() if name not in families.get(model_type, {})}
    line = lambda value: json.dumps(value, separators=(', ', ': '))
    types = []
    for model_type, classes in sorted(families.items()):
        lines = ',\n'.join(f'   {line(name)}: {line(entry)}' for name, entry in classes.items())
        types.append(f'  {line(model_type)}: {{\n{lines}\n  }}')
    with open(sys.argv[1], 'w') as out:
        out.write(f'{{\n "transformers": {line(transformers.__version__)},\n "types": {{\n' + ',\n'.join(types) + '\n }\n}\n')


main()
