#!/usr/bin/env python3
"""For every model class of transformers: the layers that bitsandbytes gets when the model is quantised while it is loaded.
Written as src/architecture/linear_table.json, which `linear.rs` reads.

Each class is built on the meta device from its default config with few layers. A layer is listed where it is exactly
`nn.Linear` and transformers' own rule converts it with no list of exceptions given: not the output head, not what is tied,
not the last module, not what the class keeps in float32. A class with `Conv1D` layers has no list, for transformers turns
them, and one whose lists mix kinds has none either.

usage: make_linear_table.py OUT.json [CLASS ...]    (needs torch and transformers)"""
import json, logging, os, signal, sys, warnings

warnings.filterwarnings('ignore')
logging.disable(logging.CRITICAL)
import torch
import transformers
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES
from transformers.pytorch_utils import Conv1D
from transformers.quantizers.base import get_keys_to_not_convert
from transformers.quantizers.quantizers_utils import should_convert_module

from make_parameters import Built, few_layers, fill_open_sizes, modeling_auto, starred, too_slow


def build(name, model_type):
    config_class = getattr(transformers, CONFIG_MAPPING_NAMES.get(model_type, ''), None) or transformers.CONFIG_MAPPING[model_type]
    model_class = getattr(transformers, name)
    config_class = getattr(model_class, 'config_class', None) or config_class
    error = None
    for prepare in (few_layers, lambda config: (few_layers(config), fill_open_sizes(config)), fill_open_sizes):
        config = config_class()
        prepare(config)
        try:
            return Built(model_class, config, False).model
        except Exception as problem:
            error = problem
    raise error


def linear_layers(model):
    if any(isinstance(module, Conv1D) for module in model.modules()):
        raise ValueError('has Conv1D layers')
    exceptions = get_keys_to_not_convert(model) + list(model._keep_in_fp32_modules or [])
    weighted = {name: module for name, module in model.named_modules() if getattr(module, 'weight', None) is not None}
    is_converted = {name: type(module) is torch.nn.Linear and should_convert_module(name, exceptions) for name, module in weighted.items()}
    patterns = {}
    for name in is_converted:
        patterns.setdefault(starred(name), []).append(name)
    converted = set()
    for pattern, names in patterns.items():
        if len({is_converted[name] for name in names}) == 2:
            # In a `Sequential` every layer has a place and a kind of its own.
            if any(type(model.get_submodule(name.rpartition('.')[0])) is not torch.nn.Sequential for name in names):
                raise ValueError(f'{pattern} is of several kinds')
            converted |= {starred(name.rpartition('.')[0]) + '.' + name.rpartition('.')[2] for name in names if is_converted[name]}
        elif is_converted[names[0]]:
            converted.add(pattern)
    return converted


def grouped(patterns):
    groups = {}
    for pattern in sorted(patterns):
        parent, _, leaf = pattern.rpartition('.')
        groups.setdefault(parent, []).append(leaf)
    return {parent: ' '.join(leaves) for parent, leaves in groups.items()}


def main():
    out, wanted = sys.argv[1], set(sys.argv[2:])
    signal.signal(signal.SIGALRM, too_slow)
    jobs = {}
    for table in [getattr(modeling_auto, n) for n in dir(modeling_auto) if n.endswith('_MAPPING_NAMES')]:
        for model_type, classes in table.items() if isinstance(table, dict) else ():
            for name in [classes] if isinstance(classes, str) else list(classes):
                if not name.endswith('Config') and (not wanted or name in wanted):
                    jobs.setdefault(name, model_type)
    lists, classes = [], {}
    for name, model_type in sorted(jobs.items()):
        try:
            groups = grouped(linear_layers(build(name, model_type)))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            print('no list:', name, type(error).__name__, str(error)[:90], flush=True)
            continue
        if groups:
            if groups not in lists:
                lists.append(groups)
            classes[name] = lists.index(groups)
    with open(out, 'w') as file:
        about = ('made by tests/tools/make_linear_table.py: by class the number of a list; in a list, by parent, the layers that '
                 'bitsandbytes gets; * stands for an index')
        file.write('{"transformers":%s,\n"about":%s,\n"lists":[\n' % (json.dumps(transformers.__version__), json.dumps(about)))
        file.write(',\n'.join(json.dumps(one, separators=(',', ':')) for one in lists) + '],\n"classes":')
        file.write(json.dumps(classes, separators=(',', ':')) + '}\n')
    print(len(classes), 'classes,', len(lists), 'lists,', os.path.getsize(out), 'bytes')


if __name__ == '__main__':
    main()
