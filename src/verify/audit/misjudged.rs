//! A decision of a matching that the facts contradict.

use serde::Serialize;

use crate::{adapter::Orientation, message::said_in_english};

/// A decision that is wrong; a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "every sentence says what its fields are")]
pub enum Misjudged {
    /// Adapter tensors that nothing applies and no rule leaves out.
    LeftOut { adapter: String, names: Vec<String> },
    /// A rule that leaves out a tensor which it does not hold for.
    SetAside { adapter: String, tensor: String },
    /// An update on a tensor that is not its module's.
    OtherPlace { module: String, tensor: String, expected: Option<String> },
    /// The order of the dimensions.
    OtherOrientation { tensor: String, taken: Orientation },
    /// The part of a tensor that an expert's update is for.
    OtherExpert { module: String, tensor: String },
    /// Experts of an update that have no place.
    ExpertsLeftOut { module: String, placed_count: usize, expert_count: usize },
    /// Updates of several adapters that do not follow each other as the adapters do.
    OtherOrder { tensor: String },
    /// One update on one part of a tensor more than once.
    AppliedTwice { tensor: String },
    /// The output head under a name that the class does not have.
    OtherHead { tensor: String, head: String },
    /// An embedding or a head that changed alone and is tied still.
    LeftTied { changed: String, other: String },
    /// Values for a tied head that are not those of the embedding that it shares.
    OtherEmbedding { tensor: String, embedding: String },
    /// New rows of tokens that hold for all who share the embedding's weight, and are missing in one of them.
    RowsLeftOut { tensor: String, embedding: String },
    /// A factor that the class does not ask for, or the lack of one that it does.
    OtherFactor { tensor: String, taken: f64, expected: f64 },
}

said_in_english!(Misjudged);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    #[test]
    fn every_wrong_decision_is_said_and_names_what_it_is_about() {
        let text = str::to_owned;
        let (module, tensor) = (|| text("layers.0.up"), || text("layers.0.up.weight"));
        let place = |expected| Misjudged::OtherPlace { module: module(), tensor: tensor(), expected };
        let cases: Vec<(Misjudged, &[&str])> = vec![
            (Misjudged::LeftOut { adapter: text("a1"), names: vec![tensor()] }, &["a1", "1개", "layers.0.up.weight"]),
            (Misjudged::SetAside { adapter: text("a1"), tensor: tensor() }, &["a1", "layers.0.up.weight"]),
            (place(None), &["layers.0.up", "layers.0.up.weight"]),
            (place(Some(text("h.0.up.weight"))), &["layers.0.up.weight", "h.0.up.weight"]),
            (
                Misjudged::OtherOrientation { tensor: tensor(), taken: Orientation::InOut },
                &["layers.0.up.weight", "(입력, 출력) 순서로 보았지만"],
            ),
            (Misjudged::OtherExpert { module: module(), tensor: tensor() }, &["layers.0.up", "layers.0.up.weight"]),
            (
                Misjudged::ExpertsLeftOut { module: module(), placed_count: 3, expert_count: 4 },
                &["layers.0.up", "4개", "3개"],
            ),
            (Misjudged::OtherOrder { tensor: tensor() }, &["layers.0.up.weight"]),
            (Misjudged::AppliedTwice { tensor: tensor() }, &["layers.0.up.weight"]),
            (Misjudged::OtherHead { tensor: text("a.weight"), head: text("b.weight") }, &["a.weight", "b.weight"]),
            (Misjudged::LeftTied { changed: text("a.weight"), other: text("b.weight") }, &["a.weight", "b.weight"]),
            (
                Misjudged::OtherEmbedding { tensor: text("a.weight"), embedding: text("b.weight") },
                &["a.weight", "b.weight"],
            ),
            (
                Misjudged::RowsLeftOut { tensor: text("a.weight"), embedding: text("b.weight") },
                &["a.weight", "b.weight"],
            ),
            (
                Misjudged::OtherFactor { tensor: text("a.weight"), taken: 1.0, expected: 0.25 },
                &["a.weight", "1.000000", "0.250000"],
            ),
        ];
        for (misjudged, parts) in cases {
            assert_said(&misjudged, parts);
        }
    }
}
