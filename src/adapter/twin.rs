//! The twin of a base: the 16-bit original of a packed one, the packed one of an original that training saw.

use std::path::{Path, PathBuf};

use super::{
    Adapter, FoundIn,
    suggested_base::{found, revision},
};
use crate::{
    checkpoint::{Checkpoint, ModelConfig, card_base_models, hub_cache, original_names, plain_name},
    message::said_in_english,
};

/// The other one of a packed base and its original; a message that says which it is and where it lies.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Twin {
    /// The name that it is published under, or that of its folder.
    pub name: String,
    /// Whether it is the packed one.
    pub is_packed: bool,
    /// Where it was found; `None` where this machine does not have it.
    pub found_in: Option<FoundIn>,
    /// Its folder.
    #[serde(skip)]
    pub path: Option<PathBuf>,
}

said_in_english!(Twin);

impl Twin {
    /// The twin of `base` by what `adapter` says it was trained on and what `base` is called; `None` where nothing says
    /// that there is one. It is looked for on this machine, and never fetched.
    #[must_use]
    pub fn of(base: &Checkpoint, adapter: &Adapter) -> Option<Self> {
        Self::find(&hub_cache::cache_folders(), base, adapter)
    }

    /// As [`Self::of`], in the given folders of the Hugging Face cache.
    #[must_use]
    pub fn find(caches: &[PathBuf], base: &Checkpoint, adapter: &Adapter) -> Option<Self> {
        let named = adapter.config().base_model();
        let place = |name: &str, revision| {
            let (path, found_in) = found(name, revision, adapter.root(), caches)?;
            (!is_same_folder(&path, base.root())).then_some((path, found_in))
        };
        // A config that still says it belongs to packed weights that are not read.
        if base.quantization().is_none() && base.config().quantization().is_none() {
            let name = named?;
            let place = place(name, revision(adapter));
            let is_packed = match &place {
                Some((path, _)) => says_packed(path),
                None => plain_name(name).is_some(),
            };
            let is_telling = place.is_some() || hub_cache::id_of(name).is_some();
            return (is_packed && is_telling).then(|| Self::new(name, true, place));
        }
        let names = names_of_original(base, named);
        let placed = names.iter().find_map(|name| {
            let place = place(name, None).filter(|(path, _)| !says_packed(path))?;
            Some(Self::new(name, false, Some(place)))
        });
        // Where it is not found, only a name on the Hub tells anything.
        placed.or_else(|| Some(Self::new(names.iter().find(|name| hub_cache::id_of(name).is_some())?, false, None)))
    }

    fn new(name: &str, is_packed: bool, place: Option<(PathBuf, FoundIn)>) -> Self {
        let (path, found_in) = place.unzip();
        // A path of the machine that trained says nothing here but its last part.
        let last = name.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or(name);
        let name = hub_cache::id_of(name).filter(|_| !name.starts_with('.')).unwrap_or(last).to_owned();
        Self { name, is_packed, found_in, path }
    }
}

/// What the original of the packed `base` may be called, likeliest first: the base that an adapter `named`, where that is
/// none of the packed ones, what follows from both names, and what the base's own card says.
fn names_of_original(base: &Checkpoint, named: Option<&str>) -> Vec<String> {
    let own_name = base.name();
    let is_original = |name: &&str| plain_name(name).is_none() && is_of(name, &own_name);
    let mut names: Vec<String> = named.filter(is_original).map(str::to_owned).into_iter().collect();
    names.extend(named.into_iter().flat_map(original_names));
    names.extend(original_names(&own_name));
    let of_card = card_base_models(base.root());
    names.extend(of_card.into_iter().map(|name| original_names(&name).into_iter().next().unwrap_or(name)));
    let mut seen: Vec<String> = Vec::new();
    names.retain(|name| {
        let lower = name.to_ascii_lowercase();
        let is_new = !seen.contains(&lower);
        seen.push(lower);
        is_new
    });
    names
}

/// Whether `name` can be that of the original of the packed model `packed`: the same but for owner and ending, or a
/// folder whose name says no copy.
fn is_of(name: &str, packed: &str) -> bool {
    let last = |name: &str| name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_lowercase();
    plain_name(packed).is_none_or(|plain| last(plain) == last(name))
}

/// Whether the config of the model in `folder` says that its weights are packed.
fn says_packed(folder: &Path) -> bool {
    ModelConfig::read(&folder.join("config.json")).is_ok_and(|config| config.quantization().is_some())
}

fn is_same_folder(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}
