//! A model as another class of its type has it: its tensors under that class's names, without those that the class lacks.

use super::{DiskNames, Place, TaskClass, TaskFamily};
use crate::checkpoint::{Checkpoint, CheckpointError};

/// What became of a model's tensors that is taken as another class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recast {
    /// Tensors that the class lacks.
    pub left_out: Vec<String>,
    /// Tensors that the class has under another name.
    pub renamed_count: usize,
}

impl Recast {
    /// `model` as `class` of `family` has it, its config naming the class.
    ///
    /// # Errors
    /// None that a config which was read once can give.
    pub fn of(
        model: &Checkpoint,
        family: &TaskFamily,
        class: &TaskClass,
    ) -> Result<(Checkpoint, Self), CheckpointError> {
        let names = DiskNames::new(model);
        let is_bare = !model.tensors().keys().any(|name| family.prefix_of(name).is_some());
        let (mut tensors, mut left_out, mut renamed_count) = (Vec::new(), Vec::new(), 0);
        for (name, tensor) in model.tensors() {
            let new_name = match place_on_disk(name, &names, family, class) {
                Place::LeftOut => {
                    left_out.push(name.clone());
                    continue;
                }
                Place::At(new_name) => new_name,
                // All of a bare model lies below the prefix, the parts that the table calls otherwise too.
                Place::Unknown if is_bare => class.in_model(name),
                Place::Unknown => name.clone(),
            };
            renamed_count += usize::from(new_name != *name);
            tensors.push(tensor.renamed(&new_name));
        }
        let mut config = model.config().text().clone();
        config.set(&["architectures"], &vec![class.name.as_str()].into());
        let model = model.with_tensors(config.as_str(), tensors)?;
        Ok((model, Self { left_out, renamed_count }))
    }
}

/// The name under which a file must hold the tensor that is `name` in another class's file.
fn place_on_disk(name: &str, names: &DiskNames, family: &TaskFamily, class: &TaskClass) -> Place {
    let place = family.place(name, class);
    if place == Place::LeftOut || place == Place::At(name.to_owned()) {
        return place;
    }
    // A loader renames such a file's tensors, so they keep the names that it knows.
    for alias in names.names_in_memory(name) {
        match family.place(&alias, class) {
            Place::At(new_name) if new_name == alias => return Place::At(name.to_owned()),
            Place::LeftOut if family.is_head(&alias) => return Place::LeftOut,
            _ => {}
        }
    }
    place
}
