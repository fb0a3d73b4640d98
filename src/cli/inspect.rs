//! `inspect`: a model, or what adapters would change in it.

use std::{fmt::Write as _, process::ExitCode};

use lorafuse::{
    adapter::{Adapter, AdapterError, BaseSuggestion, FoundIn, Twin, suggested_bases},
    architecture::Architecture,
    checkpoint::{Checkpoint, CheckpointError, ForeignFormat, gguf::GgufOrigin, original_names},
    gguf::open_model,
    job::JobContext,
    matching::{Matching, as_trained},
    numeric::FloatDtype,
    plan::{self, DtypePolicy, Rounding, SurvivalEstimate, SurvivalQuestion, Verdict},
    report::{AdapterSummary, ModelSummary, ModuleSummary},
    size::{self, Component, SizeBreakdown},
    tree::{ModuleNode, is_transformers_text, print_model},
    units,
};
use serde_json::json;

use super::{
    Failure, Outcome,
    args::InspectArgs,
    base_hint::twin_line,
    print,
    table::{Align, render},
};

/// Problems shown; `--json` has all.
const SHOWN_PROBLEMS: usize = 20;

/// Runs the command; an adapter that does not fit is shown and is a failed check.
pub fn run(args: &InspectArgs) -> Outcome {
    let base = match open_model(&args.base) {
        Ok(base) => base,
        Err(error) => return adapter_alone(args, error),
    };
    let adapters = args.adapters.iter().map(|path| Adapter::open_for(path, &base)).collect::<Result<Vec<_>, _>>()?;
    let (base, _) = as_trained(base, &adapters)?;
    let matching = Matching::new(&base, &adapters);
    let unread = Architecture::of(&base).unread_quantization().filter(|_| !adapters.is_empty());
    let fits = unread.is_none() && (adapters.is_empty() || matching.is_complete());
    if let Some(method) = unread {
        let packed = plan::PlanError::QuantizedBase { method, path: args.base.clone() };
        Failure::from(packed).warn("the adapter cannot be merged here");
    }
    let survival = args.dtype.filter(|_| fits).map(|dtype| survival(&base, &adapters, &matching, dtype)).transpose()?;
    let text = if args.json {
        json_text(&base, &adapters, &matching, survival.as_ref())?
    } else if args.print_model {
        printed_models(&base, &adapters, &matching)
    } else {
        overview(&base, &adapters, &matching, survival.as_ref())?
    };
    print(&text)?;
    Ok(if fits { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Shows what was given as a base where it is an adapter in truth, with the base that it asks for.
fn adapter_alone(args: &InspectArgs, error: CheckpointError) -> Outcome {
    let adapter = match (Adapter::open(&args.base), args.adapters.is_empty() && !args.print_model) {
        (Ok(adapter), true) => adapter,
        // Several adapters to choose from say more than a base that is none.
        (Err(choice @ AdapterError::NoConfig { .. }), true) if choice.lists_adapters() => return Err(choice.into()),
        // So does what it is in truth.
        (Err(found @ (AdapterError::Foreign { .. } | AdapterError::WeightsWithoutConfig { .. })), _) => {
            return Err(found.into());
        }
        (Err(AdapterError::ForeignWeights { format, path }), _) if ForeignFormat::is_adapter(&path) => {
            return Err(AdapterError::ForeignWeights { format, path }.into());
        }
        _ => return Err(error.into()),
    };
    let (summary, bases) = (AdapterSummary::of(&adapter), suggested_bases(&adapter));
    if args.json {
        // The first is the one to take; the others are there beside it.
        let document = json!({"adapters": [summary], "suggested_base": bases.first(), "suggested_bases": bases});
        print(&format!("{document:#}\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let named = adapter.config().base_model();
    let originals = named.map(original_names).unwrap_or_default();
    let (originals_here, named_here): (Vec<_>, Vec<_>) = bases.iter().partition(|base| originals.contains(&base.name));
    let found = match (named_here.first(), named) {
        (Some(base), _) => place_of(base),
        (None, Some(name)) => format!("{name} · not found on this machine"),
        (None, None) => "the adapter does not name it".to_owned(),
    };
    let mut rows = vec![["Adapter".to_owned(), adapter_line(&summary)], ["Base".to_owned(), found]];
    if let Some(name) = originals.first() {
        let place = originals_here.first().map(|base| place_of(base));
        rows.push(["Original".to_owned(), place.unwrap_or_else(|| format!("{name} · not found on this machine"))]);
    }
    print(&render(&["", ""], &[Align::Left, Align::Left], &rows))?;
    Ok(ExitCode::SUCCESS)
}

/// A base and where it lies.
fn place_of(base: &BaseSuggestion) -> String {
    let place = if base.found_in == FoundIn::NamedPath {
        format!("{} · where the adapter names it", base.path.display())
    } else {
        format!("{} · in {} · {}", base.name, base.found_in, base.path.display())
    };
    match base.missing.as_slice() {
        [] => place,
        [only] => format!("{place} · incomplete: {only} is missing"),
        [first, others @ ..] => format!("{place} · incomplete: {first} and {} more are missing", others.len()),
    }
}

/// How much of the adapters a merge to `dtype` would keep.
fn survival(
    base: &Checkpoint,
    adapters: &[Adapter],
    matching: &Matching,
    dtype: DtypePolicy,
) -> Result<SurvivalEstimate, Failure> {
    let strengths = vec![1.0; adapters.len()];
    let question = SurvivalQuestion {
        base,
        adapters,
        matching,
        strengths: &strengths,
        dtype,
        requantize: None,
        rounding: Rounding::Nearest,
    };
    Ok(plan::estimate_survival(question, &JobContext::unwatched())?)
}

fn json_text(
    base: &Checkpoint,
    adapters: &[Adapter],
    matching: &Matching,
    survival: Option<&SurvivalEstimate>,
) -> Result<String, Failure> {
    let modules = ModuleSummary::all(base, matching, adapters, &[])?;
    let orphaned: Vec<_> = matching
        .orphaned
        .iter()
        .map(
            |orphan| json!({"tensors": orphan.tensors, "reason": orphan.reason.to_string(), "nearest": orphan.nearest}),
        )
        .collect();
    let clashing: Vec<_> = matching
        .clashing
        .iter()
        .map(|clash| json!({"tensors": clash.tensors, "base_tensor": clash.base_tensor, "reason": clash.reason.to_string()}))
        .collect();
    let set_aside: Vec<_> = matching
        .set_aside
        .iter()
        .map(|aside| json!({"tensor": aside.tensor, "rule": aside.rule.to_string()}))
        .collect();
    let of_adapters = adapters.iter().flat_map(|adapter| adapter.config().notes()).map(ToString::to_string);
    let notes: Vec<String> = base.packing_notes()?.iter().map(ToString::to_string).chain(of_adapters).collect();
    let document = json!({
        "base": ModelSummary::of(base),
        "adapters": adapters.iter().map(AdapterSummary::of).collect::<Vec<_>>(),
        "matching": {
            "complete": matching.is_complete(),
            "applied": modules,
            "set_aside": set_aside,
            "orphaned": orphaned,
            "clashing": clashing,
        },
        "notes": notes,
        "findings": plan::findings(base, adapters, matching)?,
        "twin": adapters.iter().find_map(|adapter| Twin::of(base, adapter)),
        "size": {"stored": SizeBreakdown::stored(base), "facts": size::of_model(base)?},
        "survival": survival,
    });
    Ok(format!("{document:#}\n"))
}

fn printed_models(base: &Checkpoint, adapters: &[Adapter], matching: &Matching) -> String {
    let tree = ModuleNode::new(base, matching, adapters);
    let mut out = String::new();
    if !is_transformers_text(&tree, base.config()) {
        out.push_str("# a generic tree from tensor names: modules without tensors are missing, classes may differ\n");
    }
    for line in print_model(&tree, base.config(), None) {
        writeln!(out, "{}", line.text).ok();
    }
    for adapter in adapters.iter().enumerate() {
        out.push('\n');
        for line in print_model(&tree, base.config(), Some(adapter)) {
            writeln!(out, "{}", line.text).ok();
        }
    }
    out
}

fn overview(
    base: &Checkpoint,
    adapters: &[Adapter],
    matching: &Matching,
    survival: Option<&SurvivalEstimate>,
) -> Result<String, Failure> {
    let mut rows: Vec<_> = base.gguf().map(gguf_rows).into_iter().flatten().collect();
    rows.push(["Base".to_owned(), model_line(&ModelSummary::of(base))]);
    rows.extend(adapters.iter().map(|adapter| ["Adapter".to_owned(), adapter_line(&AdapterSummary::of(adapter))]));
    if !adapters.is_empty() {
        let total: usize = adapters.iter().map(Adapter::tensor_count).sum();
        let fit = format!(
            "{} of {} land on {} of {}",
            matching.applied_tensor_count(adapters),
            units::plural(total, "adapter tensor"),
            matching.applied.len(),
            units::plural(base.tensors().len(), "base tensor"),
        );
        rows.push(["Fit".to_owned(), fit]);
    }
    rows.extend(base.packing_notes()?.into_iter().map(|note| ["Note".to_owned(), note.to_string()]));
    let notes = adapters.iter().flat_map(|adapter| adapter.config().notes());
    rows.extend(notes.map(|note| ["Note".to_owned(), note.to_string()]));
    if let Some(unmerged) = base.unmerged() {
        let held = units::plural(unmerged.tensors.len(), "tensor");
        rows.push(["Note".to_owned(), format!("the base holds layers of an adapter that was never merged ({held})")]);
    }
    let changes = matching.prefix_changes.iter().flatten();
    rows.extend(changes.map(|change| ["Note".to_owned(), change.to_string()]));
    let renamed = matching.renamed_modules.iter().filter(|count| **count > 0);
    rows.extend(renamed.map(|count| {
        [
            "Note".to_owned(),
            format!("{} found under the names that the base has on disk", units::plural(*count, "module")),
        ]
    }));
    let findings = plan::findings(base, adapters, matching)?;
    let differing = findings.iter().flatten().filter(|finding| finding.verdict == Verdict::Differs);
    rows.extend(differing.map(|finding| ["Note".to_owned(), finding.evidence.to_string()]));
    let twin = adapters.iter().find_map(|adapter| Twin::of(base, adapter));
    rows.extend(twin.map(|twin| ["Twin".to_owned(), twin_line(&twin)]));
    rows.extend(size::of_model(base)?.into_iter().map(|fact| ["Size".to_owned(), fact.to_string()]));
    if let Some(survival) = survival {
        let sentences = [
            survival.sentence().map(|sentence| sentence.to_string()),
            survival.advice.as_ref().map(ToString::to_string),
        ];
        rows.extend(sentences.into_iter().flatten().map(|sentence| ["Survival".to_owned(), sentence]));
    }
    let mut out = render(&["", ""], &[Align::Left, Align::Left], &rows);
    out.push('\n');
    out.push_str(&size_table(base));
    let modules = ModuleSummary::all(base, matching, adapters, &[])?;
    if !modules.is_empty() {
        out.push('\n');
        out.push_str(&module_table(&modules));
    }
    out.push_str(&problem_lines(matching));
    Ok(out)
}

/// What the GGUF file is that the base was opened from.
fn gguf_rows(origin: &GgufOrigin) -> Vec<[String; 2]> {
    let types = origin.by_type.iter().map(|(name, count, byte_count)| {
        format!("{name} {} ({})", units::bytes(*byte_count), units::plural(*count, "tensor"))
    });
    let parts = [origin.file_type.clone(), format!("{:.2} bits a weight", origin.bits_per_weight)];
    let parts: Vec<String> = parts.into_iter().chain(types).collect();
    let note = origin.missing_tokenizer.as_ref();
    let note = note.map(|problem| ["Note".to_owned(), format!("its tokenizer is left out: {problem}")]);
    std::iter::once(["GGUF".to_owned(), parts.join(" · ")]).chain(note).collect()
}

/// Bytes by component, as stored and in other dtypes.
fn size_table(base: &Checkpoint) -> String {
    let stored = SizeBreakdown::stored(base);
    let cast = |dtype| SizeBreakdown::cast(base, dtype);
    let columns = [&stored, &cast(FloatDtype::F32), &cast(FloatDtype::BF16)];
    let row = |title: &str, bytes: [u64; 3]| {
        let [as_stored, wide, narrow] = bytes.map(units::count);
        [title.to_owned(), as_stored, wide, narrow]
    };
    let mut rows: Vec<[String; 4]> = Component::ALL
        .into_iter()
        .map(|component| (component, columns.map(|column| column.bytes_of(component))))
        .filter(|(_, bytes)| bytes[0] > 0)
        .map(|(component, bytes)| row(&component.to_string(), bytes))
        .collect();
    rows.push(row("total", columns.map(SizeBreakdown::total)));
    let dtypes: Vec<String> = stored.dtypes().iter().map(|(dtype, _)| dtype.to_string()).collect();
    let as_stored = format!("bytes as stored ({})", dtypes.join(", "));
    let mut align = [Align::Right; 4];
    align[0] = Align::Left;
    render(&["Component", &as_stored, "in float32", "in 16 bits"], &align, &rows)
}

fn model_line(model: &ModelSummary) -> String {
    let dtypes: Vec<String> =
        model.dtypes.iter().map(|(dtype, byte_count)| format!("{dtype} {}", units::bytes(*byte_count))).collect();
    [
        model.name.clone(),
        model.architecture.clone().unwrap_or_else(|| "unknown architecture".to_owned()),
        format!("{} parameters", units::count(model.parameters)),
        dtypes.join(" + "),
        units::plural(model.shards, "shard"),
    ]
    .join(" · ")
}

fn adapter_line(adapter: &AdapterSummary) -> String {
    let mut parts = vec![
        adapter.name.clone(),
        adapter.method.clone(),
        format!("scale {}", adapter.scales.join("; ")),
        units::plural(adapter.targets, "target"),
        format!("{} parameters", units::count(adapter.parameters)),
    ];
    parts.extend(adapter.trained_on.as_ref().map(|name| format!("trained on {name}")));
    parts.join(" · ")
}

/// Modules that differ in their layer only share a row.
fn module_table(modules: &[ModuleSummary]) -> String {
    let mut groups: Vec<(String, &ModuleSummary, Vec<usize>, Vec<f64>)> = Vec::new();
    for module in modules {
        let path = module.tensor.strip_suffix(".weight").unwrap_or(&module.tensor);
        let (pattern, layer) = layer_pattern(path);
        let is_same = |(other, first, _, _): &&mut (String, &ModuleSummary, Vec<usize>, Vec<f64>)| {
            *other == pattern
                && first.shape == module.shape
                && first.dtype == module.dtype
                && first.change == module.change
                && first.ranks == module.ranks
                && first.scales == module.scales
        };
        match groups.iter_mut().find(is_same) {
            Some((_, _, layers, norms)) => {
                layers.extend(layer);
                norms.extend(module.delta_norm);
            }
            None => {
                groups.push((pattern, module, layer.into_iter().collect(), module.delta_norm.into_iter().collect()));
            }
        }
    }
    let rows: Vec<[String; 8]> = groups
        .into_iter()
        .map(|(pattern, module, mut layers, norms)| {
            layers.sort_unstable();
            let ranks: Vec<String> = module.ranks.iter().map(usize::to_string).collect();
            [
                pattern.replacen('*', &ranges(&layers), 1),
                units::shape(&module.shape),
                module.dtype.clone(),
                factor_shapes(module, 0),
                factor_shapes(module, 1),
                ranks.join(" + "),
                module.scales.join(" + "),
                norm_range(&norms),
            ]
        })
        .collect();
    let mut align = [Align::Right; 8];
    (align[0], align[2]) = (Align::Left, Align::Left);
    render(&["Module", "base_layer", "dtype", "lora_A", "lora_B", "rank", "scale", "‖Δ‖"], &align, &rows)
}

/// The shape of one factor of each update: `16 × 256`, or `16 × 256 + 8 × 256` for two adapters.
fn factor_shapes(module: &ModuleSummary, factor: usize) -> String {
    if module.factors.is_empty() && factor == 0 {
        return module.change.to_owned();
    }
    let shapes = module.factors.iter().filter_map(|factors| factors.get(factor));
    shapes.map(|shape| units::shape(shape)).collect::<Vec<_>>().join(" + ")
}

/// The path with its first number replaced by `*`, and that number.
fn layer_pattern(path: &str) -> (String, Option<usize>) {
    let mut layer = None;
    let segments: Vec<&str> = path
        .split('.')
        .map(|segment| match segment.parse::<usize>() {
            Ok(index) if layer.is_none() => {
                layer = Some(index);
                "*"
            }
            _ => segment,
        })
        .collect();
    (segments.join("."), layer)
}

/// `0-3,5`; sorted numbers.
fn ranges(numbers: &[usize]) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => parts.push((*number, *number)),
        }
    }
    let text =
        |(first, last): &(usize, usize)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    parts.iter().map(text).collect::<Vec<_>>().join(",")
}

fn norm_range(norms: &[f64]) -> String {
    let (least, most) =
        norms.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), norm| (least.min(*norm), most.max(*norm)));
    match norms.len() {
        0 => String::new(),
        1 => format!("{most:.3}"),
        _ => format!("{least:.3}–{most:.3}"),
    }
}

fn problem_lines(matching: &Matching) -> String {
    let orphans =
        matching.orphaned.iter().map(|orphan| format!("no place   {}: {}", orphan.tensors.join(", "), orphan.reason));
    let clashes = matching.clashing.iter().map(|clash| format!("does not fit   {}: {}", clash.module, clash.reason));
    let asides = matching.set_aside.iter().map(|aside| format!("set aside   {}: {}", aside.tensor, aside.rule));
    let lines: Vec<String> = orphans.chain(clashes).chain(asides).collect();
    let mut out = String::new();
    for line in lines.iter().take(SHOWN_PROBLEMS) {
        writeln!(out, "{line}").ok();
    }
    if let Some(more) = lines.len().checked_sub(SHOWN_PROBLEMS).filter(|more| *more > 0) {
        writeln!(out, "and {more} more").ok();
    }
    if out.is_empty() { out } else { format!("\n{out}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_fold_into_ranges() {
        assert_eq!(
            layer_pattern("model.layers.12.mlp.experts.3.w1"),
            ("model.layers.*.mlp.experts.3.w1".to_owned(), Some(12))
        );
        assert_eq!(layer_pattern("lm_head"), ("lm_head".to_owned(), None));
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8]), "0-2,5,7-8");
    }
}
