//! Parameters that a class ties: one weight under several names (spec section 2.9).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Architecture, embeddings::Placed};

/// Keys of the config from whose `tie_word_embeddings` transformers 4 takes the ties of a composite model.
const DECODER_CONFIGS: [&str; 3] = ["decoder", "generator", "text_config"];

/// Parameters that share one weight where the config says so, by the names that they have or would have on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TieGroup {
    /// All of them; the first is the one that the others share (`shared.weight` of T5, an input embedding elsewhere).
    pub members: Vec<String>,
    /// Whether the config, or the class where the config leaves it out, ties them.
    pub is_tied: bool,
    /// Keys to the objects of config.json whose `tie_word_embeddings` decides it: each must say false to take the
    /// parameters apart.
    pub config_paths: Vec<Vec<String>>,
}

impl Architecture<'_> {
    /// The parameters that the class ties, group by group; none where it is unknown.
    #[must_use]
    pub fn tie_groups(&self) -> Vec<TieGroup> {
        self.placed_classes().iter().flat_map(|placed| self.groups_of(placed)).collect()
    }

    fn groups_of(&self, placed: &Placed) -> Vec<TieGroup> {
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (parameter, shared) in &placed.class.ties {
            groups.entry(shared.as_str()).or_default().push(parameter.as_str());
        }
        let (is_tied, config_paths) = self.flag(placed);
        let groups = groups.into_iter();
        groups
            .map(|(shared, others)| {
                let names = std::iter::once(shared).chain(others);
                let members = names.map(|name| self.name_on_disk(&placed.path(name), &placed.path(shared))).collect();
                TieGroup { members, is_tied, config_paths: config_paths.clone() }
            })
            .collect()
    }

    /// The name that a parameter has on the disk, or would have beside `neighbour`.
    fn name_on_disk(&self, name: &str, neighbour: &str) -> String {
        let module_of = |name: &str| name.rsplit_once('.').map(|(module, _)| module.to_owned());
        self.disk_name(name).unwrap_or_else(|| match (name.rsplit_once('.'), module_of(neighbour)) {
            (Some((module, parameter)), neighbour) => {
                format!("{}.{parameter}", self.new_name(module, neighbour.as_deref()))
            }
            (None, _) => name.to_owned(),
        })
    }

    /// Whether the config ties what `placed` may tie, and the objects in which it says so.
    fn flag(&self, placed: &Placed) -> (bool, Vec<Vec<String>>) {
        let config = self.checkpoint.config().text().value();
        let stated = |path: &[String]| {
            let object = path.iter().fold(&config, |value, key| &value[key.as_str()]);
            object["tie_word_embeddings"].as_bool()
        };
        let nested = DECODER_CONFIGS.iter().map(|key| vec![(*key).to_owned()]);
        let nested = nested.filter(|path| config.get(&path[0]).is_some_and(Value::is_object));
        // What transformers 5 reads comes first; transformers 4 reads the decoder's.
        let mut paths = vec![placed.config_path.clone()];
        for path in std::iter::once(Vec::new()).chain(nested) {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        let is_tied = paths.iter().find_map(|path| stated(path)).unwrap_or(placed.class.ties_by_default);
        (is_tied, paths)
    }
}
