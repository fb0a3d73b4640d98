//! Modules with a row for each token: input embeddings, output heads and what is tied to them.

use super::Architecture;

/// Last segments of input embeddings, for classes that the table does not know.
const EMBEDDING_NAMES: [&str; 5] = ["embed_tokens", "wte", "word_embeddings", "embed_in", "shared"];

/// Last segments of output heads, for classes that the table does not know.
const HEAD_NAMES: [&str; 2] = ["lm_head", "embed_out"];

/// The vocabulary's modules of one checkpoint, by their names on disk.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// `None` where they are told by name.
    embeddings: Option<Vec<String>>,
    head: Option<String>,
    is_head_known: bool,
}

impl Vocabulary {
    /// Those of `architecture`.
    #[must_use]
    pub fn of(architecture: &Architecture<'_>) -> Self {
        let head = architecture.output_head();
        let head_weight = head.as_ref().map(|head| format!("{head}.weight"));
        let embeddings = architecture.input_embedding().map(|input| {
            let weight = format!("{input}.weight");
            let groups = architecture.tie_groups().into_iter();
            let groups = groups.filter(|group| group.members.iter().any(|member| member.disk == weight));
            let of_input = groups.flat_map(|group| group.members).map(|member| member.disk);
            let others = of_input.filter(|name| Some(name) != head_weight.as_ref());
            let others = others.filter_map(|name| name.strip_suffix(".weight").map(str::to_owned));
            std::iter::once(input).chain(others).collect()
        });
        Self { embeddings, head, is_head_known: !architecture.placed_classes().is_empty() }
    }

    /// Whether `module` is an input embedding.
    #[must_use]
    pub fn is_embedding(&self, module: &str) -> bool {
        let by_name = || EMBEDDING_NAMES.contains(&last(module));
        self.embeddings.as_ref().map_or_else(by_name, |known| known.iter().any(|known| known == module))
    }

    /// Whether `module` is the output head.
    #[must_use]
    pub fn is_head(&self, module: &str) -> bool {
        if self.is_head_known { self.head.as_deref() == Some(module) } else { HEAD_NAMES.contains(&last(module)) }
    }

    /// Whether `module` has a row for each token, so that it grows with the vocabulary.
    #[must_use]
    pub fn holds(&self, module: &str) -> bool {
        self.is_head(module) || self.is_embedding(module)
    }
}

fn last(module: &str) -> &str {
    module.rsplit('.').next().unwrap_or(module)
}
