//! What a plan does, summed by kind of step; made once, for a plan has thousands of steps.

use crate::{
    plan::{Action, ByteBudget, MergePlan, Role, SideFileContent},
    platform,
};

/// A plan in a few numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanSummary {
    /// Steps by kind.
    pub rows: Vec<PlanRow>,
    /// Bytes of weights by what happens to them.
    pub bytes: ByteBudget,
    /// Bytes of all files.
    pub output_bytes: u64,
    /// Output tensors.
    pub tensor_count: usize,
    /// Bytes that are free where the output goes; `None` where the system does not say.
    pub free_bytes: Option<u64>,
}

impl PlanSummary {
    /// Sums `plan` up and asks the disk how much is free.
    #[must_use]
    pub fn of(plan: &MergePlan) -> Self {
        let folder = plan.output.ancestors().find(|ancestor| ancestor.is_dir());
        Self {
            rows: plan_rows(plan),
            bytes: plan.bytes(),
            output_bytes: plan.output_bytes(),
            tensor_count: plan.steps().count(),
            free_bytes: folder.and_then(platform::free_bytes),
        }
    }
}

/// One kind of step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRow {
    /// Which kind.
    pub kind: PlanRowKind,
    /// Tensors or files.
    pub count: usize,
    /// A few of their names.
    pub names: String,
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
        let mut row = PlanRow { kind, count: 0, names: String::new(), read_bytes: 0, write_bytes: 0 };
        let mut names: Vec<&str> = Vec::new();
        for step in plan.steps().filter(|step| is_kind(&step.action, step.role)) {
            row.count += 1;
            row.read_bytes += step.source.byte_count();
            row.write_bytes += step.byte_count;
            let name = super::module_of(&step.name).rsplit('.').next().unwrap_or(&step.name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        row.names = crate::error::listed(&names, 2);
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
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        let byte_count = files.iter().map(|(_, byte_count)| byte_count).sum();
        let names = crate::error::listed(&names, 2);
        rows.push(PlanRow { kind, count: files.len(), names, read_bytes: byte_count, write_bytes: byte_count });
    }
    rows.retain(|row| row.count > 0);
    rows
}
