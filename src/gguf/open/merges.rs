//! SentencePiece's scores as merges: any two tokens that make a third one, the best third first.

use std::collections::HashMap;

use serde_json::{Value, json};

/// Bytes of a token that no vocabulary has.
const MOST_BYTES: usize = 1024;

/// The merges of a vocabulary of texts and scores.
pub(super) fn merges_of_scores(tokens: &[(&str, f32)]) -> Result<Vec<Value>, String> {
    let order: HashMap<&str, usize> = tokens.iter().enumerate().map(|(index, (text, _))| (*text, index)).collect();
    let mut merges = Vec::new();
    for (text, score) in tokens {
        if text.len() > MOST_BYTES {
            return Err(format!("a token has {} bytes", text.len()));
        }
        for (at, _) in text.char_indices().skip(1) {
            let (left, right) = text.split_at(at);
            if let (Some(first), Some(second)) = (order.get(left), order.get(right)) {
                merges.push((*score, *first, *second, left, right));
            }
        }
    }
    merges.sort_by(|one, other| other.0.total_cmp(&one.0).then((one.1, one.2).cmp(&(other.1, other.2))));
    Ok(merges.into_iter().map(|(.., left, right)| json!([left, right])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_token_is_merged_first_from_all_its_halves() {
        let tokens = [("a", -9.0), ("b", -9.0), ("ab", -2.0), ("ba", -1.0), ("aba", -3.0)];
        let expected = json!([["b", "a"], ["a", "b"], ["a", "ba"], ["ab", "a"]]);
        assert_eq!(Value::from(merges_of_scores(&tokens).unwrap()), expected);
        assert!(merges_of_scores(&[("a".repeat(2000).as_str(), 0.0)]).is_err());
    }
}
