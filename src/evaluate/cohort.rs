//! Which models pass over the texts together, and which of them are compared position by position.

use super::{ModelSource, open_model::OpenModel, tokens::TokenizedTexts};

/// Models that see the same tokens and choose from equally many, so that their predictions can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cohort {
    /// Indices into the list of models.
    pub models: Vec<usize>,
    /// Reference and model of each pair, as indices into [`Self::models`].
    pub pairs: Vec<(usize, usize)>,
}

impl Cohort {
    /// All models in cohorts: the first against each later one, and each base + adapter against what may be its merge.
    pub fn all(sources: &[ModelSource], models: &[OpenModel], texts: &[TokenizedTexts]) -> Vec<Self> {
        let is_alike = |one: usize, other: usize| {
            texts[one].ids == texts[other].ids && models[one].config.vocab_size == models[other].config.vocab_size
        };
        Self::group(models.len(), is_alike, |one, other| is_pair(sources, one, other))
    }

    fn group(
        count: usize,
        is_alike: impl Fn(usize, usize) -> bool,
        is_pair: impl Fn(usize, usize) -> bool,
    ) -> Vec<Self> {
        let mut cohorts: Vec<Self> = Vec::new();
        for model in 0..count {
            match cohorts.iter_mut().find(|cohort| is_alike(cohort.models[0], model)) {
                Some(cohort) => cohort.models.push(model),
                None => cohorts.push(Self { models: vec![model], pairs: Vec::new() }),
            }
        }
        for Self { models, pairs } in &mut cohorts {
            for (at, one) in models.iter().enumerate() {
                let others = models.iter().enumerate().filter(|(_, other)| is_pair(*one, **other));
                pairs.extend(others.map(|(other_at, _)| (at, other_at)));
            }
        }
        cohorts
    }
}

/// Whether `other` is held against `one`.
fn is_pair(sources: &[ModelSource], one: usize, other: usize) -> bool {
    let is_later = one == 0 && other > 0;
    let is_merge = matches!(sources[one], ModelSource::WithAdapters { .. } | ModelSource::InMemory(_))
        && matches!(&sources[other], ModelSource::Stored(path) if path != sources[one].path());
    is_later || (is_merge && other > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_taken_among_models_that_are_alike() {
        let stored = |name: &str| ModelSource::Stored(name.into());
        let sources = [
            stored("base"),
            ModelSource::Cast { model: "base".into(), dtype: crate::numeric::FloatDtype::BF16 },
            ModelSource::WithAdapters { base: "base".into(), adapters: Vec::new() },
            stored("merged"),
            stored("other"),
            stored("base"),
        ];
        let tokenizer = |model: usize| model == 4;
        let is_alike = |one: usize, other: usize| tokenizer(one) == tokenizer(other);
        let cohorts = Cohort::group(sources.len(), is_alike, |one, other| is_pair(&sources, one, other));
        let first = Cohort { models: vec![0, 1, 2, 3, 5], pairs: vec![(0, 1), (0, 2), (0, 3), (0, 4), (2, 3)] };
        assert_eq!(cohorts, [first, Cohort { models: vec![4], pairs: Vec::new() }]);
    }
}
