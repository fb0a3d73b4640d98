//! Input embedding and output head of a checkpoint, by the names that they have or would have on disk.

use super::{Architecture, Class, Part, class, class::classes_of};
use crate::checkpoint::Checkpoint;

/// A class and the place in the tree of modules, in memory, where it begins (empty, or ending in a dot).
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub class: &'static Class,
    pub scope: String,
    /// Keys to the config that the class reads.
    pub config_path: Vec<String>,
}

impl Placed {
    /// A name of the class as a name of the whole model.
    pub fn path(&self, name: &str) -> String {
        format!("{}{name}", self.scope)
    }
}

impl Architecture<'_> {
    /// The module of the input embedding, as the disk names it; `None` where the class is unknown or has none.
    #[must_use]
    pub fn input_embedding(&self) -> Option<String> {
        self.placed_classes().iter().find_map(|placed| self.disk_module(&placed.path(placed.class.input.as_deref()?)))
    }

    /// The module of the output head, as the disk names it or would if it had one of its own.
    #[must_use]
    pub fn output_head(&self) -> Option<String> {
        self.placed_classes().iter().find_map(|placed| {
            let head = placed.path(placed.class.output.as_deref()?);
            let embedding = placed.class.input.as_deref().map(|input| placed.path(input));
            Some(self.disk_module(&head).unwrap_or_else(|| self.new_name(&head, embedding.as_deref())))
        })
    }

    /// The classes that say where embeddings, heads and ties are: the model's own where its names are on the disk, else
    /// those of the parts that it is composed of (an encoder-decoder of any two models, a vision model with any text
    /// model).
    pub(super) fn placed_classes(&self) -> Vec<Placed> {
        let own = self.class().map(|class| Placed { class, scope: String::new(), config_path: Vec::new() });
        let is_on_disk = |placed: &Placed| {
            let ends = || placed.class.ties.values().chain(placed.class.ties.keys()).cloned();
            let input = placed.class.input.iter().map(|input| format!("{input}.weight"));
            input.chain(ends()).any(|name| self.disk_name(&placed.path(&name)).is_some())
        };
        let own = own.filter(is_on_disk);
        let has_input = |placed: &Placed| {
            let input = placed.class.input.as_deref();
            input.is_none_or(|input| self.disk_module(&placed.path(input)).is_some())
        };
        // A class without ties of its own may hold one that has them, and one whose embedding is not on the disk may
        // hold any other that has it: a BLIP-2 of T5 has the head of a BLIP-2 of OPT, and not its embedding.
        let is_whole = own.as_ref().is_some_and(|own| !own.class.ties.is_empty() && has_input(own));
        let parts = self.parts().iter().skip(1).filter(|_| !is_whole).filter_map(|part| self.placed_part(part));
        let parts: Vec<Placed> = parts.collect();
        let own = own.filter(|own| parts.is_empty() || has_input(own));
        own.into_iter().chain(parts).collect()
    }

    /// The class of a part and where it lies: the one whose embedding is on the disk, with or without the segments
    /// above it.
    fn placed_part(&self, part: &Part) -> Option<Placed> {
        let stated = part.class.as_deref().and_then(class);
        let classes: Vec<&'static Class> = match stated {
            Some(stated) => vec![stated],
            None => {
                classes_of(&part.model_type).map(|(_, class)| class).filter(|class| class.output.is_some()).collect()
            }
        };
        classes.into_iter().find_map(|class| {
            let input = format!("{}.weight", class.input.as_deref()?);
            let scope = self.scopes_of(&input).find(|scope| part.holds(scope.trim_end_matches('.')))?;
            Some(Placed { class, scope, config_path: part.config_path.clone() })
        })
    }

    /// What stands before `ending` in the names that have it, on disk or in memory.
    fn scopes_of<'s>(&'s self, ending: &'s str) -> impl Iterator<Item = String> + 's {
        let scope = move |name: &str| {
            let scope = name.strip_suffix(ending)?;
            scope.ends_with('.').then(|| scope.to_owned())
        };
        let on_disk = self.checkpoint.tensors().keys();
        on_disk.filter_map(move |name| {
            scope(name).or_else(|| self.names().names_in_memory(name).iter().find_map(|name| scope(name)))
        })
    }

    /// The disk's path of the module that memory calls `module`, where the disk has its weight.
    #[must_use]
    pub fn disk_module(&self, module: &str) -> Option<String> {
        self.disk_name(&format!("{module}.weight"))?.strip_suffix(".weight").map(str::to_owned)
    }

    /// The tensor on disk that memory calls `name`: by that name, with or without the bare model's prefix, or renamed.
    #[must_use]
    pub fn disk_name(&self, name: &str) -> Option<String> {
        let prefix = self.class().map(|class| class.prefix.as_str()).filter(|prefix| !prefix.is_empty());
        let spellings = spellings(self.checkpoint, name, prefix);
        let on_disk = spellings.iter().find(|name| self.checkpoint.tensor(name).is_some()).cloned();
        on_disk.or_else(|| spellings.iter().find_map(|name| self.names().current(name)))
    }

    /// The name on disk for a module that has no tensor there yet, written as its `neighbour` is (both in memory).
    pub(super) fn new_name(&self, module: &str, neighbour: Option<&str>) -> String {
        let memory_name = format!("{module}.weight");
        let prefixes = neighbour.and_then(|neighbour| {
            let disk = self.disk_module(neighbour).filter(|disk| disk != neighbour)?;
            let cuts: Vec<String> = disk.match_indices('.').map(|(at, _)| disk[..=at].to_owned()).collect();
            Some(cuts)
        });
        let leaves = || module.match_indices('.').map(|(at, _)| &module[at + 1..]).chain([module]);
        let renamed = prefixes.into_iter().flatten().find_map(|prefix| {
            leaves()
                .map(|leaf| format!("{prefix}{leaf}"))
                .find(|candidate| self.names().names_in_memory(&format!("{candidate}.weight")).contains(&memory_name))
        });
        renamed.unwrap_or_else(|| module.to_owned())
    }
}

/// `name`, and as a bare model or a headed one would save it, where the disk's other names are written so.
fn spellings(checkpoint: &Checkpoint, name: &str, prefix: Option<&str>) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    let Some(prefix) = prefix.map(|prefix| format!("{prefix}.")) else { return names };
    let disk_has_prefix = checkpoint.tensors().keys().any(|name| name.starts_with(&prefix));
    match name.strip_prefix(&prefix) {
        Some(bare) if !disk_has_prefix => names.push(bare.to_owned()),
        None if disk_has_prefix => names.push(format!("{prefix}{name}")),
        _ => {}
    }
    names
}
