//! LoRA on parameters themselves (`target_parameters`), which is how the experts of a mixture are adapted (spec section
//! 2.8). PEFT nests the parameters of one module: the innermost `base_layer` is the one that the module registers
//! first. The names of the levels are not in the file, so what each may be is read here, and the base decides.

use std::{path::Path, sync::Arc};

use fancy_regex::Regex;
use serde_json::Value;

use super::{
    A, B,
    form::Form,
    update::{Kind, LoraUpdate, Times},
};
use crate::{
    adapter::{
        AdapterError, Content, Contradiction, ExpectedShape, Layer, Nested, Orientation, Parts, PeftConfig, Placement,
        Reading, RowUpdate, Scaling, Target, TargetUpdate, joined,
        methods::factors::{misshapen, required},
    },
    architecture::EXPERT_PARAMETERS,
    checkpoint::LogicalTensor,
};

/// What the factors of `module` (with its levels of nesting) are for; `None` where they are those of a layer's weight.
pub(super) fn target(
    config: &PeftConfig,
    module: &str,
    parts: &mut Parts,
    path: &Path,
) -> Result<Option<Target>, AdapterError> {
    let (mut own, mut level) = (module, 0);
    while let Some(inner) = own.strip_suffix(".base_layer") {
        (own, level) = (inner, level + 1);
    }
    let names = parameters_named(config, own);
    // A bare name may be meant for any module, so one that is listed as a layer is a layer.
    let is_bare = names.iter().all(|(_, is_bare)| *is_bare);
    if level == 0 && is_bare && (names.is_empty() || is_target_module(config, own)) {
        return Ok(None);
    }
    if names.len() <= level {
        let problem =
            Contradiction::TooManyParameters { module: own.to_owned(), level: level + 1, named_count: names.len() };
        return Err(AdapterError::Contradiction { problem, path: path.to_owned() });
    }
    let a = required(parts, A, own, path)?;
    let b = required(parts, B, own, path)?;
    let factors = Factors { module: own, a: &a, b: &b, path };
    // The base's registration order is likely transformers': then the first reading is the right one.
    let guess = names.len() - 1 - level;
    let (later, earlier) = names.split_at(guess);
    let mut readings = Vec::new();
    let mut problem = None;
    for (name, _) in earlier.iter().chain(later) {
        match factors.on_parameter(config, name) {
            Ok(update) => readings.push(Reading { parameter: name.clone(), update: Arc::new(update) }),
            Err(error) => problem = problem.or(Some(error)),
        }
    }
    if level == 0 && is_bare && names.iter().all(|(name, _)| name != "weight") {
        readings.extend(factors.on_layer(config));
    }
    match (problem, &readings[..]) {
        (Some(problem), []) => Err(problem),
        (_, [Reading { parameter, update }]) if names.len() == 1 => {
            Ok(Some(Target::parameter(own, parameter, Arc::clone(update))))
        }
        (_, [Reading { parameter, .. }, ..]) => {
            let parameter = parameter.clone();
            let update = Unnamed(Nested { level, readings });
            Ok(Some(Target::parameter(own, &parameter, Arc::new(update))))
        }
        (None, []) => Ok(None),
    }
}

/// The parameters of `module` that `target_parameters` may name, and whether it does so without a module: PEFT takes
/// a path that is the name or ends with a dot and the name.
fn parameters_named(config: &PeftConfig, module: &str) -> Vec<(String, bool)> {
    let mut names: Vec<(String, bool)> = config
        .strings("target_parameters")
        .into_iter()
        .filter_map(|target| match target.rsplit_once('.') {
            None => Some((target.to_owned(), true)),
            Some((target_module, parameter)) => {
                ends_with_path(module, target_module).then(|| (parameter.to_owned(), false))
            }
        })
        .collect();
    names.sort_by_key(|(name, is_bare)| {
        let place = EXPERT_PARAMETERS.iter().position(|known| known == name).unwrap_or(EXPERT_PARAMETERS.len());
        (place, name.clone(), *is_bare)
    });
    names.dedup_by(|(name, _), (first, _)| name == first);
    names
}

/// Whether `target_modules` lists the module: by PEFT's rule the end of a path, or a regular expression for all of it.
fn is_target_module(config: &PeftConfig, module: &str) -> bool {
    match config.get("target_modules") {
        Some(Value::String(pattern)) => {
            Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(module).unwrap_or(false))
        }
        _ => config.strings("target_modules").into_iter().any(|target| ends_with_path(module, target)),
    }
}

fn ends_with_path(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

/// A and B of one level.
struct Factors<'a> {
    module: &'a str,
    a: &'a LogicalTensor,
    b: &'a LogicalTensor,
    path: &'a Path,
}

impl Factors<'_> {
    /// The update of the parameter `name`.
    fn on_parameter(&self, config: &PeftConfig, name: &str) -> Result<LoraUpdate, AdapterError> {
        let (name, path) = (joined(self.module, name), self.path);
        let misshapen = || misshapen(&name, &[self.a, self.b], path);
        let (&[stacked, inner], &[out, b_stacked]) = (self.a.shape(), self.b.shape()) else { return Err(misshapen()) };
        if stacked != b_stacked {
            return Err(misshapen());
        }
        let scaling = config.scaling_of(&name, path)?;
        if !stacked.is_multiple_of(scaling.rank) {
            scaling.check_rank(&name, stacked, path)?;
        }
        let kind = Kind::Experts { count: stacked / scaling.rank, out, inner };
        Ok(self.update(kind, Form::Plain, scaling))
    }

    /// The update of the module's weight, where the factors may be those of a layer.
    fn on_layer(&self, config: &PeftConfig) -> Option<Reading> {
        let form = Form::of(config, self.module, self.b.shape());
        let (rank, out, inner) = form.features(self.a.shape(), self.b.shape())?;
        let scaling = config.scaling_of(self.module, self.path).ok().filter(|scaling| scaling.rank == rank)?;
        let update = self.update(Kind::Linear { out, inner }, form, scaling);
        Some(Reading { parameter: "weight".to_owned(), update: Arc::new(update) })
    }

    fn update(&self, kind: Kind, form: Form, scaling: Scaling) -> LoraUpdate {
        LoraUpdate { kind, form, scaling, times: Times::Once, factors: [self.a.clone(), self.b.clone()] }
    }
}

/// Factors of which the base must say what they are for; until then they count as their first reading.
#[derive(Debug)]
struct Unnamed(Nested);

impl Unnamed {
    fn first(&self) -> &dyn TargetUpdate {
        self.0.readings[0].update.as_ref()
    }
}

impl TargetUpdate for Unnamed {
    fn layer(&self) -> Layer {
        self.first().layer()
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        self.first().fits(shape, orientation)
    }

    fn expected_shape(&self) -> ExpectedShape {
        self.first().expected_shape()
    }

    fn rank(&self) -> Option<usize> {
        self.first().rank()
    }

    fn scaling(&self) -> Option<Scaling> {
        self.first().scaling()
    }

    fn tensors(&self) -> &[LogicalTensor] {
        self.first().tensors()
    }

    fn is_untrained(&self, contents: &[Content]) -> bool {
        self.first().is_untrained(contents)
    }

    fn nested(&self) -> Option<&Nested> {
        Some(&self.0)
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.first().load(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.first().load_f64(placement)
    }
}
