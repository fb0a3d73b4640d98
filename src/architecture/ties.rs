//! Parameters that a class ties: one weight under several names (spec section 2.9).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Architecture, embeddings::Placed};

/// Keys of the config from whose `tie_word_embeddings` transformers 4 takes the ties of a composite model.
const DECODER_CONFIGS: [&str; 3] = ["decoder", "generator", "text_config"];

/// Model types whose forward pass scales the decoder's output while its head is tied, and only then, and which
/// transformers 4 builds with one embedding for encoder and decoder whatever the config says.
const INSEPARABLE: [&str; 7] = ["t5", "mt5", "umt5", "longt5", "pop2piano", "switch_transformers", "udop"];

/// Other model types that transformers 4 (4.57 was asked) builds with one module under all names of the embedding, so
/// that it loads the names' different tensors into one another. transformers 5 keeps them apart.
const ONE_EMBEDDING_BEFORE_5: [&str; 8] =
    ["blenderbot", "blenderbot-small", "led", "marian", "mvp", "pegasus", "pegasus_x", "prophetnet"];

/// Those of them that transformers 4 and 5 compute alike with a head of its own: neither scales before it then, and
/// encoder and decoder stay on one embedding.
const SEPARABLE_HEADS: [&str; 3] = ["t5", "umt5", "longt5"];

/// The key of the config in which transformers 5 keeps whether the decoder's output is scaled before the head.
pub const SCALE_KEY: &str = "scale_decoder_outputs";

/// The module that transformers' encoder-decoders keep only for others to share: no forward pass runs it.
const NEVER_RUN: &str = "shared";

/// A parameter that may be tied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The name that it has or would have on disk.
    pub disk: String,
    /// Its name in memory.
    pub memory: String,
}

/// A head whose class scales the decoder's output while the config ties them, and not once the head is apart.
#[derive(Clone, Debug, PartialEq)]
pub struct SeparableHead {
    /// The name that its weight has or would have on disk.
    pub disk: String,
    /// What this config's forward pass multiplies the head's input by; `None` where it does not scale.
    pub factor: Option<f64>,
}

/// Parameters that share one weight where the config says so.
#[derive(Clone, Debug, PartialEq)]
pub struct TieGroup {
    /// All of them; the first is the one that the others share (`shared.weight` of T5, an input embedding elsewhere).
    pub members: Vec<Member>,
    /// Whether the config, or the class where the config leaves it out, ties them.
    pub is_tied: bool,
    /// Whether the class computes another thing once they are apart, or an older release cannot take them apart.
    pub is_inseparable: bool,
    /// Names on disk that are one module before transformers 5; none where it has a module for each.
    pub one_module_before_5: Vec<String>,
    /// The head that alone may be apart where the others cannot.
    pub separable_head: Option<SeparableHead>,
    /// Whether no forward pass runs the first member's module: an update of it alone changes nothing.
    pub is_first_never_run: bool,
    /// Keys to the objects of config.json whose `tie_word_embeddings` decides it: each must say false to take the
    /// parameters apart.
    pub config_paths: Vec<Vec<String>>,
}

impl TieGroup {
    /// The names on disk.
    pub fn disk_names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.disk.as_str())
    }

    /// Whether the parameter called `name` on disk is one of them.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        self.disk_names().any(|member| member == name)
    }

    /// Whether no forward pass runs the module of the parameter called `name` on disk.
    #[must_use]
    pub fn is_never_run(&self, name: &str) -> bool {
        self.is_first_never_run && self.disk_names().next() == Some(name)
    }
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
                let member = |name: &str| {
                    let memory = placed.path(name);
                    Member { disk: self.name_on_disk(&memory, &placed.path(shared)), memory }
                };
                let members: Vec<Member> = names.map(member).collect();
                let head = placed.class.output.as_deref().map(|head| placed.path(&format!("{head}.weight")));
                let embeddings = members.iter().filter(|member| Some(&member.memory) != head.as_ref());
                let is_joined = ONE_EMBEDDING_BEFORE_5.contains(&placed.class.model_type.as_str());
                TieGroup {
                    one_module_before_5: embeddings.filter(|_| is_joined).map(|member| member.disk.clone()).collect(),
                    separable_head: self.separable_head(placed, &members),
                    members,
                    is_tied,
                    is_inseparable: placed.class.ties_layers || INSEPARABLE.contains(&placed.class.model_type.as_str()),
                    // A larger model embeds its text through `shared` before it hands it on.
                    is_first_never_run: self.parts().len() == 1 && shared.rsplit('.').nth(1) == Some(NEVER_RUN),
                    config_paths: config_paths.clone(),
                }
            })
            .collect()
    }

    /// The head among `members` that alone may be apart (1 ÷ √`d_model`: `T5ForConditionalGeneration.forward`).
    fn separable_head(&self, placed: &Placed, members: &[Member]) -> Option<SeparableHead> {
        if !SEPARABLE_HEADS.contains(&placed.class.model_type.as_str()) {
            return None;
        }
        let head = placed.path(&format!("{}.weight", placed.class.output.as_deref()?));
        let disk = members.iter().find(|member| member.memory == head)?.disk.clone();
        let stored = members.iter().find_map(|member| self.checkpoint.tensor(&member.disk))?;
        let &[_, width] = stored.shape() else { return None };
        let config = self.checkpoint.config().text().value();
        let object = placed.config_path.iter().fold(&config, |value, key| &value[key.as_str()]);
        let is_scaled = || object["tie_word_embeddings"].as_bool() != Some(false);
        let is_scaled = object[SCALE_KEY].as_bool().unwrap_or_else(is_scaled);
        Some(SeparableHead { disk, factor: is_scaled.then(|| (width as f64).powf(-0.5)) })
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
