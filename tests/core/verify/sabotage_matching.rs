//! A matching that decides wrongly, in every way in which one has: `verify` fails the merge that comes of it, also where
//! it is told to believe that very matching.

use std::path::PathBuf;

use lorafuse::{
    adapter::{Orientation, Window},
    checkpoint::Checkpoint,
    job::JobContext,
    matching::{Applied, Matching, Origin, SetAside, SetAsideRule},
    merge,
    plan::{Action, AdapterRequest, MergePlan, MergeRequest},
    verify::{self, Outcome, VerifyOptions, VerifyReport, VerifyRequest},
};

use crate::support::{self, FileBuilder, bytes, golden, merged, put, repository, values};

/// A merge whose matching is spoilt.
struct Spoilt {
    request: MergeRequest,
    matching: Matching,
    _root: tempfile::TempDir,
}

impl Spoilt {
    /// Merges base and adapters by what `spoil` makes of their matching.
    fn merge(base: PathBuf, adapters: &[PathBuf], spoil: impl Fn(&mut Matching)) -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut request = MergeRequest::new(base, adapters[0].clone(), root.path().join("merged"));
        let others = adapters[1..].iter();
        request.adapters.extend(others.map(|path| AdapterRequest { path: path.clone(), strength: 1.0 }));
        let mut plan = MergePlan::new(&request).unwrap();
        spoil(&mut plan.matching);
        for step in plan.shards.iter_mut().flat_map(|shard| &mut shard.steps) {
            let applied = plan.matching.applied_to(&step.name);
            let (updates, factor) =
                applied.map(|applied| (applied.updates.clone(), applied.factor)).unwrap_or_default();
            step.action =
                if factor.is_some() || !updates.is_empty() { Action::Update { updates, factor } } else { Action::Copy };
        }
        merge::run(&plan, &JobContext::unwatched()).unwrap();
        Self { request, matching: plan.matching, _root: root }
    }

    fn golden(case: &str, spoil: impl Fn(&mut Matching)) -> Self {
        Self::merge(golden(case).join("base"), &[golden(case).join("adapter")], spoil)
    }

    fn verify_request(&self) -> VerifyRequest {
        let MergeRequest { base, adapters, output, .. } = self.request.clone();
        VerifyRequest { merged: output, base: Some(base), adapters }
    }

    /// What `verify` says with a matching of its own.
    fn judged(&self) -> VerifyReport {
        verify::run(&self.verify_request(), &JobContext::unwatched()).unwrap()
    }

    /// What `verify` says where the matching that it makes is as wrong as the merge's.
    fn judged_by_its_own(&self) -> VerifyReport {
        let options = VerifyOptions::default();
        let matching = self.matching.clone();
        verify::run_with_matching(&self.verify_request(), matching, &options, &JobContext::unwatched()).unwrap()
    }

    /// Both fail, and the second says `words`.
    fn fails(&self, words: &[&str]) {
        let report = self.judged();
        assert!(!report.is_passed(), "values: {:#?}", report.checks);
        let report = self.judged_by_its_own();
        assert!(!report.is_passed(), "with the same matching: {:#?}", report.checks);
        says(&report, Outcome::Failed, words);
    }

    /// Writes the merged weights, one file, anew with the tensors that `change` makes of the old ones.
    fn rebuild(&self, change: impl Fn(FileBuilder, &str, &Checkpoint) -> FileBuilder) {
        let model = Checkpoint::open(&self.request.output).unwrap();
        let names = model.tensors().keys();
        let rebuilt = names.fold(FileBuilder::default(), |builder, name| change(builder, name, &model));
        put(&self.request.output.join("model.safetensors"), rebuilt.build());
    }

    fn edit_config(&self, from: &str, to: &str) {
        let path = self.request.output.join("config.json");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from} in {text}");
        put(&path, text.replacen(from, to, 1));
    }
}

/// A check with that outcome says all of `words` in one detail.
fn says(report: &VerifyReport, outcome: Outcome, words: &[&str]) {
    let checks = report.checks.iter().filter(|check| check.outcome == outcome);
    let details: Vec<String> = checks.flat_map(|check| check.details.iter().map(ToString::to_string)).collect();
    let is_said = |detail: &String| words.iter().all(|word| detail.contains(word));
    assert!(details.iter().any(is_said), "{words:?} in {details:#?}");
}

fn copied(builder: FileBuilder, name: &str, model: &Checkpoint) -> FileBuilder {
    let tensor = model.tensor(name).unwrap();
    builder.raw(name, tensor.dtype().name(), tensor.shape(), bytes(model, name))
}

fn turn_over(applied: &mut Applied) {
    for update in &mut applied.updates {
        update.placement.orientation = match update.placement.orientation {
            Orientation::OutIn => Orientation::InOut,
            Orientation::InOut => Orientation::OutIn,
        };
    }
}

fn is_square(applied: &Applied) -> bool {
    let shape = applied.updates.first().map(|update| update.placement.shape.as_slice());
    matches!(shape, Some([rows, columns]) if rows == columns)
}

#[test]
fn unspoilt_matchings_pass_their_audit() {
    for case in [
        "gpt2-conv1d",
        "mixtral-experts",
        "llama-tied-embedding",
        "tied-both-lora",
        "llama-modules-to-save",
        "t5-saved-head",
    ] {
        let merge = Spoilt::golden(case, |_| {});
        assert!(merge.judged_by_its_own().is_passed(), "{case}: {:#?}", merge.judged_by_its_own().checks);
    }
}

/// Item 1: a square weight of a `Conv1D`, taken as (out, in).
#[test]
fn a_square_conv1d_in_the_wrong_orientation() {
    let merge = Spoilt::golden("gpt2-conv1d", |matching| {
        let squares: Vec<&mut Applied> = matching.applied.iter_mut().filter(|applied| is_square(applied)).collect();
        assert!(!squares.is_empty());
        squares.into_iter().for_each(turn_over);
    });
    merge.fails(&["c_proj.weight is taken as (out, in), but its class stores it as (in, out)"]);
}

/// Item 1: a square weight of a Linear, taken as (in, out).
#[test]
fn a_square_linear_in_the_wrong_orientation() {
    let merge = Spoilt::golden("llama-lora", |matching| {
        let square = matching.applied.iter_mut().find(|applied| is_square(applied));
        turn_over(square.unwrap());
    });
    merge.fails(&["is taken as (in, out), but its class stores it as (out, in)"]);
}

/// Item 3: square experts, which their class stores as (experts, in, out).
#[test]
fn square_experts_in_the_wrong_orientation() {
    let merge = Spoilt::golden("gpt-oss-down", |matching| turn_over(&mut matching.applied[0]));
    merge.fails(&["is taken as (out, in), but its class stores it as (in, out)"]);
}

/// Item 1: of a class that nobody knows, either may be right.
#[test]
fn a_square_weight_of_an_unknown_class_is_told() {
    let root = tempfile::tempdir().unwrap();
    let base = root.path().join("base");
    for file in std::fs::read_dir(golden("llama-lora").join("base")).unwrap().flatten() {
        put(&base.join(file.file_name()), std::fs::read(file.path()).unwrap());
    }
    let config = std::fs::read_to_string(base.join("config.json")).unwrap();
    let config = config.replace("LlamaForCausalLM", "OwnForCausalLM").replace("\"llama\"", "\"own\"");
    put(&base.join("config.json"), config);
    let merge = Spoilt::merge(base, &[golden("llama-lora").join("adapter")], |matching| {
        matching.applied.iter_mut().filter(|applied| is_square(applied)).for_each(turn_over);
    });
    let report = merge.judged();
    assert!(report.is_passed(), "{:#?}", report.checks);
    says(&report, Outcome::Warning, &["the other order of dimensions", "q_proj.weight"]);
    says(&merge.judged_by_its_own(), Outcome::Warning, &["fan_in_fan_out", "q_proj.weight"]);
}

const HEAD: &str = "lm_head.weight";

/// Item 2: the untied head under a name that no loader looks for.
#[test]
fn a_head_under_another_name() {
    let mut merge = Spoilt::golden("tied-both-lora", |_| {});
    merge.rebuild(|builder, name, model| {
        if name != HEAD {
            return copied(builder, name, model);
        }
        let tensor = model.tensor(name).unwrap();
        builder.raw("output_head.weight", tensor.dtype().name(), tensor.shape(), bytes(model, name))
    });
    merge.matching.applied.iter_mut().filter(|applied| applied.tensor == HEAD).for_each(|applied| {
        applied.tensor = "output_head.weight".to_owned();
    });
    merge.matching.applied.sort_by(|a, b| a.tensor.cmp(&b.tensor));
    merge.fails(&["the update of lm_head is taken to be for output_head.weight, which is another module's"]);
    says(&merge.judged_by_its_own(), Outcome::Failed, &["LlamaForCausalLM does not look for", "output_head.weight"]);
    says(&merge.judged_by_its_own(), Outcome::Failed, &["lm_head.weight is missing"]);
}

/// Item 2: the same for a head that only keeps what the embedding was.
#[test]
fn a_head_of_old_values_under_another_name() {
    let mut merge = Spoilt::golden("llama-tied-embedding", |_| {});
    merge.rebuild(|builder, name, model| {
        if name != HEAD {
            return copied(builder, name, model);
        }
        let tensor = model.tensor(name).unwrap();
        builder.raw("output_head.weight", tensor.dtype().name(), tensor.shape(), bytes(model, name))
    });
    let head = merge.matching.applied.iter_mut().find(|applied| applied.tensor == HEAD).unwrap();
    head.tensor = "output_head.weight".to_owned();
    head.origin = Origin::Tied { embedding: "model.embed_tokens.weight".to_owned() };
    merge.matching.applied.sort_by(|a, b| a.tensor.cmp(&b.tensor));
    merge.fails(&["the output head is taken to be output_head.weight, but a loader looks for lm_head.weight"]);
}

/// Item 2: an embedding that changed alone, still tied to its head.
#[test]
fn an_embedding_left_tied() {
    let mut merge = Spoilt::golden("llama-tied-embedding", |_| {});
    merge.rebuild(|builder, name, model| if name == HEAD { builder } else { copied(builder, name, model) });
    merge.edit_config("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true");
    merge.matching.applied.retain(|applied| applied.tensor != HEAD);
    merge.matching.untied.clear();
    merge.fails(&["model.embed_tokens.weight changed and lm_head.weight did not, but the config still ties them"]);
}

/// Item 2: new rows of tokens that a tied head, changed otherwise, shares with the embedding.
#[test]
fn new_rows_left_out_of_the_head() {
    let root = tempfile::tempdir().unwrap();
    support::put_tied_rows(root.path());
    let merge = Spoilt::merge(root.path().join("base"), &[root.path().join("adapter")], |matching| {
        let head = matching.applied.iter_mut().find(|applied| applied.tensor == HEAD).unwrap();
        assert_eq!(head.updates.len(), 2);
        head.updates.remove(0);
    });
    merge.fails(&["lm_head.weight shares transformer.wte.weight in the base, whose new rows of tokens"]);
}

/// Item 2: both on the disk, different, and tied by the config.
#[test]
fn a_tie_that_the_weights_do_not_hold() {
    let merge = Spoilt::golden("llama-tied-embedding", |_| {});
    merge.edit_config("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true");
    merge.fails(&["config.json ties lm_head.weight to model.embed_tokens.weight, but they hold different values"]);
}

/// Item 2: a head that its class scaled while it was tied, written without that.
#[test]
fn a_scale_forgotten() {
    for case in ["t5-head", "t5-saved-head"] {
        let forget = |matching: &mut Matching| {
            matching.applied.iter_mut().for_each(|applied| applied.factor = None);
        };
        let merge = Spoilt::golden(case, forget);
        merge.fails(&["lm_head.weight is taken times 1.000000", "makes of it 0.204124 times what it was"]);
    }
}

/// Item 2: the scale folded into the head, and still in the config.
#[test]
fn a_scale_that_the_config_keeps() {
    let merge = Spoilt::golden("t5-head", |_| {});
    merge.edit_config("\"scale_decoder_outputs\": false", "\"scale_decoder_outputs\": true");
    merge.fails(&["lm_head.weight is taken times 0.204124", "makes of it 1.000000 times what it was"]);
}

/// Item 2: an update of the embedding on the wrong table of the same size.
#[test]
fn an_update_in_another_modules_place() {
    let merge = Spoilt::golden("llama-lora", |matching| {
        let places = [0, 1].map(|layer| format!("model.layers.{layer}.self_attn.q_proj.weight"));
        let at = places.map(|name| matching.applied.iter().position(|applied| applied.tensor == name).unwrap());
        let (first, second) = (matching.applied[at[0]].updates.clone(), matching.applied[at[1]].updates.clone());
        (matching.applied[at[0]].updates, matching.applied[at[1]].updates) = (second, first);
    });
    merge.fails(&["the update of", "but that module's tensor is model.layers.1.self_attn.q_proj.weight"]);
}

/// Item 3: an expert's part of an update on its neighbour.
#[test]
fn experts_swapped() {
    let merge = Spoilt::golden("mixtral-experts", |matching| {
        for update in matching.applied.iter_mut().flat_map(|applied| &mut applied.updates) {
            if let Window::TensorIsPart { expert, .. } = &mut update.placement.window {
                *expert ^= 1;
            }
        }
    });
    merge.fails(&["is laid on the wrong expert or rows of", "experts."]);
}

/// Item 3: gate and up in the wrong halves.
#[test]
fn gate_and_up_swapped() {
    let merge = Spoilt::golden("mixtral-experts", |matching| {
        for applied in &mut matching.applied {
            for update in &mut applied.updates {
                let rows = update.placement.shape[0];
                if let Window::TensorIsPart { out, .. } = &mut update.placement.window
                    && !applied.tensor.contains("w2")
                {
                    *out = if out.start == 0 { rows..2 * rows } else { 0..rows };
                }
            }
        }
    });
    merge.fails(&["is laid on the wrong expert or rows of"]);
}

/// Item 3: one expert that nobody thought of.
#[test]
fn an_expert_left_out() {
    let merge = Spoilt::golden("mixtral-experts", |matching| {
        matching.applied.retain(|applied| !applied.tensor.contains("layers.1.block_sparse_moe.experts.3."));
    });
    merge.fails(&["is for 4 experts, of which 3 have a place"]);
}

/// A LoRA and an IA³ beside each other on one base.
fn composed() -> (PathBuf, [PathBuf; 2]) {
    let case = |name: &str| golden(name).join("adapter");
    (golden("llama-ia3").join("base"), [case("llama-lora"), case("llama-ia3")])
}

/// Item 4: adapters that do not only add, in the wrong order.
#[test]
fn adapters_in_another_order() {
    let (base, adapters) = composed();
    let merge = Spoilt::merge(base, &adapters, |matching| {
        let several: Vec<&mut Applied> =
            matching.applied.iter_mut().filter(|applied| applied.updates.len() > 1).collect();
        assert!(!several.is_empty());
        for applied in several {
            applied.updates.reverse();
        }
    });
    merge.fails(&["the adapters' updates do not follow each other in the order of the adapters"]);
}

/// Item 4: changes that were summed up and not composed.
#[test]
fn adapters_summed_up() {
    let (base, adapters) = composed();
    let merge = Spoilt::merge(base.clone(), &adapters, |_| {});
    let root = tempfile::tempdir().unwrap();
    let alone = [0, 1].map(|index| {
        let request = MergeRequest::new(base.clone(), adapters[index].clone(), root.path().join(index.to_string()));
        merged(&request);
        Checkpoint::open(&request.output).unwrap()
    });
    let base = Checkpoint::open(&base).unwrap();
    merge.rebuild(|builder, name, model| {
        let [first, second] = [0, 1].map(|index| values(alone[index].tensor(name).unwrap()));
        let weight = values(base.tensor(name).unwrap());
        #[expect(clippy::cast_possible_truncation, reason = "stored as float32")]
        builder.f32(name, model.tensor(name).unwrap().shape(), |at| (first[at] + second[at] - weight[at]) as f32)
    });
    let report = merge.judged();
    says(&report, Outcome::Failed, &["values are not what base and adapter give"]);
    says(&merge.judged_by_its_own(), Outcome::Failed, &["values are not what base and adapter give"]);
}

/// Item 5: a target that the matching forgot.
#[test]
fn a_target_left_out() {
    let merge = Spoilt::golden("llama-lora", |matching| {
        matching.applied.remove(3);
    });
    merge.fails(&["are not merged, and no rule leaves them out"]);
}

/// Item 5: a target that a rule leaves out which does not hold for it.
#[test]
fn a_target_set_aside_by_a_false_rule() {
    let rules = [SetAsideRule::UntrainedCopy, SetAsideRule::SecondCopy, SetAsideRule::TrainingOnly];
    for rule in rules {
        let mut merge = Spoilt::golden("llama-lora", |matching| {
            matching.applied.remove(3);
        });
        let adapters = [lorafuse::adapter::Adapter::open(&merge.request.adapters[0].path).unwrap()];
        let placed: Vec<(usize, usize)> = merge.matching.applied.iter().flat_map(Applied::targets).collect();
        let left = (0..adapters[0].targets().len()).find(|target| !placed.contains(&(0, *target))).unwrap();
        let names = adapters[0].targets()[left].tensors().iter().map(|tensor| tensor.name().to_owned());
        let set_aside = names.map(|tensor| SetAside { adapter: 0, tensor, rule });
        merge.matching.set_aside.extend(set_aside);
        merge.fails(&["is left out by a rule that does not hold for it"]);
    }
}

/// Item 5: a module that was saved whole, and the base's in its place.
#[test]
fn a_saved_module_left_out() {
    let merge = Spoilt::golden("llama-modules-to-save", |_| {});
    let mut spoilt = merge.matching.clone();
    let saved = spoilt.applied.iter().position(|applied| matches!(applied.origin, Origin::Adapter { .. })).unwrap();
    let name = spoilt.applied.remove(saved).tensor;
    let base = Checkpoint::open(&merge.request.base).unwrap();
    let merge = Spoilt { matching: spoilt, ..merge };
    merge.rebuild(|builder, other, model| copied(builder, other, if other == name { &base } else { model }));
    merge.fails(&["not merged, and no rule leaves them out"]);
}

/// Item 5: weights that lie beside the adapter's own, never placed, or left out as a head of values.
#[test]
fn a_file_beside_the_adapter_left_out() {
    let case = repository().join("tests/reports/llava-non-lora-trainables");
    for rule in [None, Some(SetAsideRule::ValueHead), Some(SetAsideRule::Recomputed)] {
        let merge = Spoilt::merge(case.join("base"), &[case.join("adapter")], |_| {});
        let mut spoilt = merge.matching.clone();
        spoilt.applied.retain(|applied| applied.tensor != "model.norm.weight");
        let tensor = "base_model.model.model.norm.weight".to_owned();
        spoilt.set_aside.extend(rule.map(|rule| SetAside { adapter: 0, tensor, rule }));
        let base = Checkpoint::open(&merge.request.base).unwrap();
        let merge = Spoilt { matching: spoilt, ..merge };
        let norm = "model.norm.weight";
        merge.rebuild(|builder, name, model| copied(builder, name, if name == norm { &base } else { model }));
        merge.fails(&["non_lora_trainables.bin holds 1 trained tensor that the merge does not"]);
        let audited = if rule.is_none() { "no rule leaves them out" } else { "a rule that does not hold for it" };
        says(&merge.judged_by_its_own(), Outcome::Failed, &[audited]);
    }
}

/// The cases that PEFT merged itself pass, audit included, with the matching that is ours.
#[test]
fn what_peft_merged_passes() {
    let mut count = 0;
    for entry in std::fs::read_dir(repository().join("tests/golden")).unwrap().flatten() {
        let case = entry.path();
        if !case.join("merged").is_dir() || !case.join("adapter").is_dir() {
            continue;
        }
        let adapters = vec![AdapterRequest { path: case.join("adapter"), strength: 1.0 }];
        let request = VerifyRequest { merged: case.join("merged"), base: Some(case.join("base")), adapters };
        let report = verify::run(&request, &JobContext::unwatched()).unwrap();
        let misjudged = report.checks.iter().flat_map(|check| &check.details);
        let misjudged: Vec<String> = misjudged
            .filter(|detail| matches!(detail, verify::Detail::Misjudged(_)))
            .map(ToString::to_string)
            .collect();
        // PEFT leaves tied what training took apart; there our merge differs on purpose.
        let is_left_tied = misjudged.iter().all(|said| said.contains("still ties them"));
        assert!(is_left_tied, "{}: {misjudged:#?}", case.display());
        count += 1;
    }
    assert!(count > 50, "{count}");
}
