//! What a plan does, summed by kind of step; made once, for a plan has thousands of steps.

use super::{Action, ByteBudget, MergePlan, Role, SideFileContent};
use crate::{platform, size::Component};

/// A plan in a few numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanTotals {
    /// Steps by kind.
    pub rows: Vec<PlanRow>,
    /// Bytes of weights by what happens to them.
    pub bytes: ByteBudget,
    /// Bytes of weights in the order of [`Component::ALL`].
    pub by_component: [ComponentBytes; 5],
    /// Bytes of all files.
    pub output_bytes: u64,
    /// Output tensors.
    pub tensor_count: usize,
    /// Bytes that are free where the output goes; `None` where the system does not say.
    pub free_bytes: Option<u64>,
}

impl PlanTotals {
    /// Sums `plan` up and asks the disk how much is free.
    #[must_use]
    pub fn of(plan: &MergePlan) -> Self {
        let folder = plan.output.ancestors().find(|ancestor| ancestor.is_dir());
        Self {
            rows: plan_rows(plan),
            bytes: plan.bytes(),
            by_component: by_component(plan),
            output_bytes: plan.output_bytes(),
            tensor_count: plan.steps().count(),
            free_bytes: folder.and_then(platform::free_bytes),
        }
    }
}

/// Bytes that are written of one component.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ComponentBytes {
    /// All of them.
    pub written: u64,
    /// Those of tensors that an adapter updates, replaces or adds.
    pub changed: u64,
}

fn by_component(plan: &MergePlan) -> [ComponentBytes; 5] {
    let mut parts = [ComponentBytes::default(); 5];
    for step in plan.steps() {
        let component = Component::of(&step.name);
        let Some(index) = Component::ALL.iter().position(|known| *known == component) else { continue };
        parts[index].written += step.byte_count;
        if step.action.is_update() || step.role != Role::Kept {
            parts[index].changed += step.byte_count;
        }
    }
    parts
}

/// One kind of step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRow {
    /// Which kind.
    pub kind: PlanRowKind,
    /// Tensors or files.
    pub count: usize,
    /// Their names, each once.
    pub names: Vec<String>,
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes written.
    pub write_bytes: u64,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanRowKind {
    /// W + s·BA.
    Update,
    /// A full tensor of the adapter in the place of the base's.
    Replace,
    /// A tensor that the base does not have.
    Add,
    /// Another dtype.
    Convert,
    /// The same bytes.
    CopyTensors,
    /// A file with edits.
    EditFiles,
    /// A file as it is.
    CopyFiles,
}

/// The rows of `plan`, those with nothing to do left out.
fn plan_rows(plan: &MergePlan) -> Vec<PlanRow> {
    let tensors = |kind: PlanRowKind, is_kind: fn(&Action, Role) -> bool| {
        let mut row = PlanRow { kind, count: 0, names: Vec::new(), read_bytes: 0, write_bytes: 0 };
        for step in plan.steps().filter(|step| is_kind(&step.action, step.role)) {
            row.count += 1;
            row.read_bytes += plan.base.stored_byte_count(&step.source);
            row.write_bytes += step.byte_count;
            let name = step.name.rsplit('.').nth(1).unwrap_or(&step.name);
            if !row.names.iter().any(|known| known == name) {
                row.names.push(name.to_owned());
            }
        }
        row
    };
    let mut rows = vec![
        tensors(PlanRowKind::Update, |action, _| action.is_update()),
        tensors(PlanRowKind::Replace, |action, role| !action.is_update() && role == Role::Replaced),
        tensors(PlanRowKind::Add, |action, role| !action.is_update() && role == Role::Added),
        tensors(PlanRowKind::Convert, |action, role| matches!((action, role), (Action::Convert, Role::Kept))),
        tensors(PlanRowKind::CopyTensors, |action, role| action.is_copy() && role == Role::Kept),
    ];
    let mut edited: Vec<(&str, u64)> = vec![("config.json", plan.config_text.len() as u64)];
    edited.extend(plan.index_text.as_ref().map(|text| (crate::checkpoint::INDEX_FILE, text.len() as u64)));
    let mut copied: Vec<(&str, u64)> = Vec::new();
    for file in &plan.side_files {
        let list = if matches!(file.content, SideFileContent::Text(_)) { &mut edited } else { &mut copied };
        list.push((&file.relative_path, file.byte_count()));
    }
    for (kind, files) in [(PlanRowKind::EditFiles, edited), (PlanRowKind::CopyFiles, copied)] {
        let names: Vec<String> = files.iter().map(|(name, _)| (*name).to_owned()).collect();
        let byte_count = files.iter().map(|(_, byte_count)| byte_count).sum();
        rows.push(PlanRow { kind, count: files.len(), names, read_bytes: byte_count, write_bytes: byte_count });
    }
    rows.retain(|row| row.count > 0);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{plan::MergeRequest, sample::Sample};

    #[test]
    fn components_hold_every_byte_and_say_which_the_adapter_changes() {
        let sample = Sample::find().unwrap();
        let request = MergeRequest::new(sample.base(), sample.adapter(), std::env::temp_dir().join("never-written"));
        let plan = MergePlan::resolved(&request).unwrap();
        let parts = by_component(&plan);
        let bytes = plan.bytes();
        assert_eq!(parts.iter().map(|part| part.written).sum::<u64>(), bytes.output);
        assert_eq!(parts.iter().map(|part| part.changed).sum::<u64>(), bytes.updated);
        let [embedding, attention, mlp, head, other] = parts;
        assert!(attention.changed > 0 && mlp.changed > 0 && bytes.updated < bytes.output);
        assert_eq!((embedding.changed, head.changed, other.changed), (0, 0, 0));
    }
}
