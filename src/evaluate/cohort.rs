//! Which models pass over the texts together, and which of them are compared position by position.

use super::{MergeChoice, ModelSource, open_model::OpenModel, tokens::TokenizedTexts};

/// Models that see the same tokens and choose from equally many, so that their predictions can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cohort {
    /// Indices into the list of models.
    pub models: Vec<usize>,
    /// Reference and model of each pair, as indices into [`Self::models`].
    pub pairs: Vec<(usize, usize)>,
}

impl Cohort {
    /// All models in cohorts: the first against each later one, each base + adapter against what may be its merge, and
    /// the trained model against the merges of a choice.
    pub fn all(
        sources: &[ModelSource],
        choice: Option<MergeChoice>,
        models: &[OpenModel],
        texts: &[TokenizedTexts],
    ) -> Vec<Self> {
        let is_alike = |one: usize, other: usize| {
            texts[one].ids == texts[other].ids && models[one].config.vocab_size == models[other].config.vocab_size
        };
        Self::group(models.len(), is_alike, |one, other| is_pair(sources, choice, one, other))
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
fn is_pair(sources: &[ModelSource], choice: Option<MergeChoice>, one: usize, other: usize) -> bool {
    if let Some(choice) = choice {
        if choice.pairs().contains(&(one, other)) {
            return true;
        }
        // Models that are there for the choice alone are held against the trained one and no other.
        if [one, other].iter().any(|model| choice.is_beside(sources, *model)) {
            return false;
        }
    }
    let is_later = one == 0 && other > 0;
    let is_merge = matches!(sources[one], ModelSource::WithAdapters { .. } | ModelSource::InMemory(_))
        && matches!(&sources[other], ModelSource::Stored(path) if path != sources[one].path());
    is_later || (is_merge && other > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::MergeRequest;

    #[test]
    fn pairs_are_taken_among_models_that_are_alike() {
        let stored = |name: &str| ModelSource::Stored(name.into());
        let sources = [
            stored("base"),
            ModelSource::Cast { model: "base".into(), dtype: crate::numeric::FloatDtype::BF16 },
            ModelSource::WithAdapters { base: "base".into(), trained_quantization: None, adapters: Vec::new() },
            stored("merged"),
            stored("other"),
            stored("base"),
        ];
        let tokenizer = |model: usize| model == 4;
        let is_alike = |one: usize, other: usize| tokenizer(one) == tokenizer(other);
        let cohorts = Cohort::group(sources.len(), is_alike, |one, other| is_pair(&sources, None, one, other));
        let first = Cohort { models: vec![0, 1, 2, 3, 5], pairs: vec![(0, 1), (0, 2), (0, 3), (0, 4), (2, 3)] };
        assert_eq!(cohorts, [first, Cohort { models: vec![4], pairs: Vec::new() }]);
    }

    #[test]
    fn models_of_a_choice_are_held_against_the_trained_one() {
        let with_adapter = |base: &str| ModelSource::WithAdapters {
            base: base.into(),
            trained_quantization: None,
            adapters: Vec::new(),
        };
        let in_memory = |base: &str| ModelSource::InMemory(MergeRequest::new(base, "adapter", "out"));
        let pairs = |sources: &[ModelSource], choice: MergeChoice| {
            let is_pair = |one: usize, other: usize| is_pair(sources, Some(choice), one, other);
            Cohort::group(sources.len(), |_, _| true, is_pair).remove(0).pairs
        };
        let alone = [with_adapter("packed"), in_memory("packed"), in_memory("original")];
        let choice = MergeChoice { trained: 0, own_merge: 1, other_merge: 2 };
        assert_eq!(pairs(&alone, choice), [(0, 1), (0, 2)]);

        // A folder merged into the packed base, and one merged into the original.
        let stored = |name: &str| ModelSource::Stored(name.into());
        let packed = [stored("packed"), with_adapter("packed"), stored("merged"), in_memory("original")];
        let choice = MergeChoice { trained: 1, own_merge: 2, other_merge: 3 };
        assert_eq!(pairs(&packed, choice), [(0, 1), (0, 2), (1, 2), (1, 3)]);
        let original = [
            stored("original"),
            with_adapter("original"),
            stored("merged"),
            with_adapter("packed"),
            in_memory("packed"),
        ];
        let choice = MergeChoice { trained: 3, own_merge: 4, other_merge: 2 };
        assert_eq!(pairs(&original, choice), [(0, 1), (0, 2), (1, 2), (3, 2), (3, 4)]);
    }
}
