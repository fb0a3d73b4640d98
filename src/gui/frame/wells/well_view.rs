//! What a well says about its folder, and which of that fits.

use super::well::WellKind;
use crate::{
    checkpoint::folder_name,
    gui::{
        app::{inspection::Slot, notice::Tone, state::Phase},
        prelude::*,
    },
    message::Problem,
    plan::DtypePolicy,
    report::ModelFacts,
    units::{path::composed, quantity::parameter_count},
};

/// What a well shows.
pub(in crate::gui) struct WellView {
    pub kind: WellKind,
    pub title: &'static str,
    pub name: String,
    pub facts: Vec<Fact>,
    pub hint: &'static str,
    pub is_filled: bool,
    pub facts_are_error: bool,
    pub chip: Option<(&'static str, Tone)>,
}

/// A part of the line under the path, and how much it matters where space is short.
pub(in crate::gui) struct Fact {
    text: String,
    weight: u8,
}

/// Facts with their weights; those that are empty are left out.
fn facts(parts: impl IntoIterator<Item = (u8, String)>) -> Vec<Fact> {
    let facts = parts.into_iter().map(|(weight, text)| Fact { text, weight });
    facts.filter(|fact| !fact.text.is_empty()).collect()
}

/// The weightiest facts that fit `width`, in their order.
pub(in crate::gui) fn fitting_facts(ui: &Ui, facts: &[Fact], width: f32) -> String {
    let mut shown: Vec<&Fact> = facts.iter().collect();
    loop {
        let text = shown.iter().map(|fact| fact.text.as_str()).collect::<Vec<_>>().join("  ·  ");
        let lightest = shown.iter().enumerate().min_by_key(|(_, fact)| fact.weight).map(|(index, _)| index);
        match lightest {
            Some(index) if shown.len() > 1 && text_width(ui, &text, Type::CAPTION) > width => {
                shown.remove(index);
            }
            _ => return text,
        }
    }
}

/// What the well of this kind shows now.
pub(in crate::gui) fn well_view(state: &AppState, kind: WellKind) -> WellView {
    let words = state.words();
    let path = state.wells.get(kind).path.as_deref();
    let path_hint = if state.machine.takes_drops { "path-hint" } else { "path-hint-without-drops" };
    let (title, empty, expects, hint) = match kind {
        WellKind::Base => ("base", "base-empty", "base-expects", path_hint),
        WellKind::Adapter => ("adapter", "adapter-empty", "adapter-expects", path_hint),
        WellKind::Output => ("output", "output-empty", "output-expects", "output-hint"),
    };
    let is_opening = path.is_some() && matches!(state.phase, Phase::Opening);
    let mut view = WellView {
        kind,
        title: words.text(title),
        name: path.map_or_else(|| words.text(empty).to_owned(), |path| composed(&folder_name(path))),
        facts: facts([(0, words.text(if is_opening { "opening" } else { expects }).to_owned())]),
        hint: words.text(hint),
        is_filled: path.is_some(),
        facts_are_error: false,
        chip: None,
    };
    let inspection = state.inspection.as_deref().filter(|_| view.is_filled);
    match (kind, inspection) {
        (WellKind::Base, Some(inspection)) => view.take_base(inspection, words),
        (WellKind::Adapter, Some(inspection)) => view.take_adapter(inspection, words),
        (WellKind::Base | WellKind::Adapter, None) => {}
        (WellKind::Output, _) => view.take_output(state, words),
    }
    if let Some(problem) = refusal(state, kind) {
        let chip = match kind {
            WellKind::Base => "not-a-base",
            WellKind::Adapter => "cannot-be-merged",
            WellKind::Output => "cannot-plan-chip",
        };
        view.refuse(words.text(chip), problem, words);
        view.is_filled = true;
    }
    view
}

/// Why there is no plan where the folders fit together, if this well is marked for it: the one at fault, else that of
/// what cannot be made.
fn refusal(state: &AppState, kind: WellKind) -> Option<&Problem> {
    let inspection = state.inspection.as_ref().filter(|_| matches!(state.phase, Phase::Idle))?;
    let is_meant = inspection.misfits.is_empty() && inspection.blamed.unwrap_or(WellKind::Output) == kind;
    inspection.plan.as_ref().filter(|_| is_meant)?.as_ref().err()
}

/// Of a model: `what` it is, dtype, parameters, bytes and shards.
fn model_facts(what: &str, model: &ModelFacts, words: Language) -> Vec<Fact> {
    facts([
        (1, what.to_owned()),
        (3, model.dtype.clone()),
        (2, words.say(&message!("params", count: parameter_count(model.parameter_count)))),
        (4, units::bytes(model.byte_count)),
        (0, words.say(&message!("shards", count: model.shard_count))),
    ])
}

/// What was found out about a merged folder.
fn standing_chip(standing: Standing<'_>, words: Language) -> Option<(&'static str, Tone)> {
    match standing {
        Standing::Checking => Some((words.text("being-checked"), Tone::Neutral)),
        Standing::Unchecked(_) => Some((words.text("not-checked"), Tone::Caution)),
        Standing::Failed(_) => Some((words.text("not-verified"), Tone::Bad)),
        Standing::Identical(_) => Some((words.text("same-as-base"), Tone::Caution)),
        Standing::Held { .. } => standing.is_proven().then_some((words.text("verified"), Tone::Good)),
    }
}

impl WellView {
    /// Marks a folder that does not open, or that makes a merge impossible.
    fn refuse(&mut self, chip: &'static str, problem: &Problem, words: Language) {
        self.chip = Some((chip, Tone::Bad));
        self.facts = facts([(0, problem.line(words))]);
        self.facts_are_error = true;
    }

    fn take_base(&mut self, inspection: &Inspection, words: Language) {
        match &inspection.base {
            Slot::Open(model) => {
                self.name.clone_from(&model.name);
                self.facts = model_facts(&model.architecture, model, words);
            }
            Slot::Failed(problem) => self.refuse(words.text("does-not-open"), problem, words),
            Slot::Empty => {}
        }
    }

    fn take_adapter(&mut self, inspection: &Inspection, words: Language) {
        match &inspection.adapter {
            Slot::Open(adapter) => {
                self.name.clone_from(&adapter.name);
                let more = inspection.more_adapters.len();
                if more > 0 {
                    self.name = format!("{}  {}", adapter.name, words.say(&message!("more-adapters", count: more)));
                }
                let rank = adapter.rank.map_or_else(String::new, |rank| format!(" r {rank}"));
                let alpha = adapter.scaling.map_or_else(String::new, |scaling| format!(", α {}", scaling.alpha));
                self.facts = facts([
                    (4, format!("{}{rank}{alpha}", adapter.method)),
                    (1, adapter.dtype.map_or_else(String::new, |dtype| dtype.to_string())),
                    (0, words.say(&message!("params", count: parameter_count(adapter.parameter_count)))),
                    (3, units::bytes(adapter.byte_count)),
                    (2, words.say(&message!("tensors", count: adapter.tensor_count))),
                ]);
                if !inspection.misfits.is_empty() {
                    self.chip = Some((words.text("does-not-fit"), Tone::Bad));
                }
            }
            Slot::Failed(problem) => self.refuse(words.text("does-not-open"), problem, words),
            Slot::Empty => {}
        }
    }

    /// What stands or will stand in the output.
    fn take_output(&mut self, state: &AppState, words: Language) {
        let (plan, what) = match &state.phase {
            Phase::Planned(plan) => (plan, words.text("new-folder")),
            Phase::Running(running) => {
                self.chip = Some((words.text("writing"), Tone::Neutral));
                (&running.plan, "")
            }
            Phase::Done(done) => {
                self.chip = standing_chip(state.standing(done), words);
                self.facts = model_facts(&done.merged.architecture, &done.merged, words);
                return;
            }
            Phase::Opening => return,
            Phase::Idle | Phase::Failed(_) => {
                // A name that is only proposed needs no word about what may be put there.
                if std::mem::take(&mut self.is_filled) {
                    self.facts.clear();
                }
                return;
            }
        };
        // From the headers as they were read: a sum over all tensors is no work for a frame.
        let Some(inspection) = &state.inspection else { return };
        let Some(base) = inspection.base.open() else { return };
        let mut planned = ModelFacts {
            byte_count: inspection.plan_totals.bytes.output,
            shard_count: plan.shards.len(),
            ..base.clone()
        };
        planned.dtype = match plan.dtype {
            DtypePolicy::Keep => planned.kept_dtype.clone(),
            DtypePolicy::Convert(dtype) => dtype.stored().to_string(),
        };
        if let Some(format) = plan.requantize {
            planned.dtype = format.label();
        }
        self.facts = model_facts(what, &planned, words);
    }
}
