//! What the answers rest on, as numbers that any language can say.

use serde::{Serialize, Serializer};

use super::{ConfigFault, RoundingPolicy};
use crate::{checkpoint::CheckpointError, error::Reported, message::said_in_english, platform::Unconfined};

/// What a check found; a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Evidence {
    /// No loader could open the folder.
    Unreadable {
        /// Why.
        error: Reported<CheckpointError>,
    },
    /// What the folder holds.
    Held {
        /// Tensors.
        tensor_count: usize,
        /// Their elements.
        parameter_count: u64,
        /// Their bytes.
        byte_count: u64,
        /// Weight files.
        file_count: usize,
        /// The class, where nothing is known of the parameters that it looks for.
        unlisted_class: Option<String>,
    },
    /// Nothing points outside.
    Inside {
        /// Texts in configs that were looked at.
        value_count: usize,
        /// The configs.
        config_count: usize,
        /// All files.
        file_count: usize,
    },
    /// Something points outside; the details say what.
    Outside,
    /// Tensors that differ from the base, where no adapter says which of them should.
    Differing {
        /// Those that differ.
        changed_count: usize,
        /// All of them.
        tensor_count: usize,
    },
    /// Every tensor compared with what base and adapters give.
    Recomputed(Recomputed),
    /// Every tensor of a GGUF file compared with what base and adapters give, encoded anew.
    Encoded {
        /// Targets of which no block is farther from the exact values than a fresh one may be.
        equal_count: usize,
        /// All targets.
        target_count: usize,
        /// Blocks of the targets; a value is one where a type has none.
        block_count: u64,
        /// The part of them that is equal to the bit.
        exact_share: f64,
        /// Tensors that are no targets and equal a fresh encoding of the base.
        unchanged_count: usize,
        /// All that are no targets.
        other_count: usize,
    },
    /// Whole tensors of the adapters' folders, looked for by their values.
    WholeTensors {
        /// How many.
        tensor_count: usize,
    },
    /// Base and adapter are needed and were not given.
    NeedsReference,
    /// Values that were looked at.
    ValuesRead {
        /// How many.
        value_count: u64,
    },
    /// Every file has its hash.
    SealHolds {
        /// Files that are sealed.
        file_count: usize,
    },
    /// Some have another.
    SealDiffers {
        /// Files that differ or are gone.
        differing_count: usize,
        /// Files that are sealed.
        file_count: usize,
    },
    /// The seal itself cannot be read.
    SealBroken,
    /// The folder was loaded by a process that has nothing else.
    Loaded {
        /// Why the kernel did not confine it; `None` where it did.
        unconfined: Option<Unconfined>,
        /// Files that it opened.
        file_count: usize,
        /// Tensors that it read.
        tensor_count: usize,
        /// What the model made of a text.
        predicted: Predicted,
    },
    /// It does not load.
    NotLoaded {
        /// Why the kernel did not confine the process; `None` where it did.
        unconfined: Option<Unconfined>,
    },
}

/// All tensors in a few numbers; a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Recomputed {
    /// Targets that hold what they should.
    pub equal_count: usize,
    /// All targets.
    pub target_count: usize,
    /// Values of those that hold what they should.
    pub value_count: u64,
    /// The part of them that is equal to the bit.
    pub exact_share: f64,
    /// Whether some of them are packed: then those values are codes and scales.
    pub has_codes: bool,
    /// The roundings that explain them, with the number of targets each.
    #[serde(serialize_with = "policies")]
    pub policies: Vec<(RoundingPolicy, usize)>,
    /// The part of the change asked for that is stored, where one was asked for.
    pub gain: Option<f64>,
    /// Tensors that are no targets and equal the base.
    pub unchanged_count: usize,
    /// All that are no targets.
    pub other_count: usize,
}

/// What a model made of a few tokens; a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Predicted {
    /// It predicted them.
    Tokens {
        /// How many.
        count: usize,
        /// Mean negative log likelihood of them, in nats.
        mean_nll: f64,
    },
    /// It could only be read.
    OnlyRead {
        /// Why.
        reason: String,
        /// The same as a value, where it can be found again.
        fault: Option<ConfigFault>,
    },
    /// The tokenizer makes too few tokens of the text for one to be predicted.
    ProbeTooShort {
        /// How many it makes.
        token_count: usize,
    },
    /// It predicted none.
    Nothing,
}

said_in_english!(Evidence, Recomputed, PolicyCount, Predicted);

/// The roundings: one by its name, several with the number of targets each.
fn policies<S: Serializer>(policies: &[(RoundingPolicy, usize)], serializer: S) -> Result<S::Ok, S::Error> {
    let counted =
        |(policy, target_count): &(RoundingPolicy, usize)| PolicyCount { policy: *policy, target_count: *target_count };
    match policies {
        [(policy, _)] => serializer.collect_seq([policy]),
        policies => serializer.collect_seq(policies.iter().map(counted)),
    }
}

/// One rounding of several; a message.
#[derive(Serialize)]
struct PolicyCount {
    policy: RoundingPolicy,
    target_count: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        checkpoint::CheckpointError,
        error::Reported,
        evaluate::EvalError,
        message::assert_said,
        verify::{ConfigFault, RoundingPolicy},
    };

    #[test]
    fn every_answer_is_said_with_its_numbers() {
        let numbers = Recomputed {
            equal_count: 27,
            target_count: 28,
            value_count: 2_768_896,
            exact_share: 0.99996,
            has_codes: false,
            policies: vec![(RoundingPolicy::Once, 26), (RoundingPolicy::DeltaFirst, 1)],
            gain: Some(0.998),
            unchanged_count: 10,
            other_count: 11,
        };
        let loaded =
            |unconfined, predicted| Evidence::Loaded { unconfined, file_count: 7, tensor_count: 39, predicted };
        let tokens = || Predicted::Tokens { count: 26, mean_nll: 5.871 };
        let fault = EvalError::Architecture {
            architecture: "ToyLM".to_owned(),
            covered: vec!["llama"],
            path: "/data/x".into(),
        };
        let fault = Some(ConfigFault::new(fault));
        let only_read = |fault| Predicted::OnlyRead { reason: "P1".to_owned(), fault };
        let error = Reported::new(CheckpointError::NoWeights { path: "/data/x".into() });
        let held = |unlisted_class| Evidence::Held {
            tensor_count: 39,
            parameter_count: 4_868,
            byte_count: 2_000_000,
            file_count: 4,
            unlisted_class,
        };
        let refused = || Unconfined::Refused { said: "P2".to_owned() };
        let cases: Vec<(Evidence, &[&str])> = vec![
            (Evidence::Unreadable { error }, &["가중치가 없습니다", ": /data/x"]),
            (held(None), &["39개", "4,868개", "4개", "2.00"]),
            (held(Some("ToyModel".to_owned())), &["39개", "ToyModel"]),
            (Evidence::Inside { value_count: 50, config_count: 4, file_count: 11 }, &["50", "4", "11"]),
            (Evidence::Outside, &["폴더 밖"]),
            (Evidence::Differing { changed_count: 28, tensor_count: 39 }, &["39개 중 28개"]),
            (Evidence::Recomputed(numbers), &["27", "28", "2,768,896", "99.996 %", "26개", "99.8 %", "10", "11"]),
            (
                Evidence::Encoded {
                    equal_count: 27,
                    target_count: 28,
                    block_count: 10_816,
                    exact_share: 0.99996,
                    unchanged_count: 10,
                    other_count: 11,
                },
                &["28개 중 27개", "10,816", "99.996 %", "11개 중 10개"],
            ),
            (Evidence::NeedsReference, &["베이스"]),
            (Evidence::ValuesRead { value_count: 4_868 }, &["4,868개"]),
            (Evidence::SealHolds { file_count: 9 }, &["9개"]),
            (Evidence::SealDiffers { differing_count: 2, file_count: 9 }, &["2개", "9개"]),
            (Evidence::SealBroken, &["봉인"]),
            (Evidence::WholeTensors { tensor_count: 3 }, &["3개"]),
            (loaded(None, tokens()), &["Landlock", "7개", "39개", "26개", "5.871"]),
            (loaded(Some(Unconfined::NoLandlock), only_read(fault)), &["Landlock", "ToyLM 구조는", "llama"]),
            (loaded(Some(refused()), only_read(None)), &["P2", "P1"]),
            (loaded(None, Predicted::ProbeTooShort { token_count: 1 }), &["토큰 1개"]),
            (loaded(Some(Unconfined::OtherSystem), Predicted::Nothing), &["이 시스템"]),
            (Evidence::NotLoaded { unconfined: None }, &["불러오지 못했습니다"]),
        ];
        for (found, parts) in cases {
            assert_said(&found, parts);
        }
    }
}
