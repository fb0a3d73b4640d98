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


class Tree:
    """Tries of name segments; equal ones are one node."""

    def __init__(self):
        self.nodes, self.known = [], {}

    def of(self, patterns):
        below = {}
        for pattern in patterns:
            segment, _, rest = pattern.partition('.')
            below.setdefault(segment, []).append(rest)
        words = []
        for segment, rests in sorted(below.items()):
            deeper = [rest for rest in rests if rest]
            words += [segment] * ('' in rests) + [f'{segment}>{self.of(deeper)}'] * bool(deeper)
        text = ' '.join(words)
        if text not in self.known:
            self.known[text] = len(self.nodes)
            self.nodes.append(text)
        return self.known[text]


def classes_of_transformers(wanted):
    """Every class that an auto class knows, or those `wanted`, with its model type, by name."""
    classes = {}
    for table in [getattr(modeling_auto, n) for n in dir(modeling_auto) if n.endswith('_MAPPING_NAMES')]:
        for model_type, names in table.items() if isinstance(table, dict) else ():
            for name in [names] if isinstance(names, str) else list(names):
                if not name.endswith('Config') and (not wanted or name in wanted):
                    classes.setdefault(name, model_type)
    return sorted(classes.items())


def main():
    out, wanted = sys.argv[1], set(sys.argv[2:])
    signal.signal(signal.SIGALRM, too_slow)
    tree, classes = Tree(), {}
    for name, model_type in classes_of_transformers(wanted):
        try:
            layers = linear_layers(build(name, model_type))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            print('no list:', name, type(error).__name__, str(error)[:90], flush=True)
            continue
        classes.setdefault(tree.of(sorted(layers)), []).append(name)
    with open(out, 'w') as file:
        about = ('made by tests/tools/make_linear_table.py: a node lists the layers that bitsandbytes gets and, as `name>node`, '
                 'what lies below; * stands for an index; classes by the number of their node')
        file.write('{"transformers":%s,\n"about":%s,\n"nodes":[\n' % (json.dumps(transformers.__version__), json.dumps(about)))
        file.write(',\n'.join(json.dumps(node) for node in tree.nodes) + '],\n"classes":{\n')
        file.write(',\n'.join(f'"{node}":"{" ".join(names)}"' for node, names in sorted(classes.items())) + '}}\n')
    print(sum(map(len, classes.values())), 'classes,', len(tree.nodes), 'nodes,', os.path.getsize(out), 'bytes')


if __name__ == '__main__':
    main()
