//! Which tokens each window sees and which it scores: every token once, with the longest context available.

use std::ops::Range;

/// The longest window that is used unless one is given.
pub const DEFAULT_WINDOW: usize = 2048;

/// A run of tokens that passes through the model at once, its first token at position 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The tokens that the model sees.
    pub tokens: Range<usize>,
    /// Those of them whose probability counts, each given all earlier tokens of the window.
    pub scored: Range<usize>,
}

/// Windows of at most `window` tokens over a text of `token_count`, half a window apart.
///
/// The first scores every token but the first, each later one only tokens that were not scored before.
pub(super) fn windows(token_count: usize, window: usize) -> Vec<Window> {
    let stride = stride_of(window);
    let mut windows = Vec::new();
    let mut scored_until = 1;
    let mut start = 0;
    while scored_until < token_count {
        let end = window.saturating_add(start).min(token_count);
        windows.push(Window { tokens: start..end, scored: scored_until..end });
        scored_until = end;
        start += stride;
    }
    windows
}

/// Tokens between the starts of two windows.
pub(super) fn stride_of(window: usize) -> usize {
    (window / 2).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_token_but_the_first_is_scored_once(token_count in 0_usize..3_000, window in 2_usize..700) {
            let mut next = 1;
            for Window { tokens, scored } in windows(token_count, window) {
                prop_assert_eq!(scored.start, next, "windows follow one another");
                prop_assert!(scored.end > scored.start);
                prop_assert!(tokens.start < scored.start, "a scored token has a token before it");
                prop_assert!(scored.end == tokens.end && tokens.len() <= window && tokens.end <= token_count);
                let context = scored.start - tokens.start;
                prop_assert!(tokens.start == 0 || context >= window / 2, "a later window has half a window of context");
                next = scored.end;
            }
            prop_assert_eq!(next.max(1), token_count.max(1));
        }
    }

    #[test]
    fn windows_are_half_a_window_apart() {
        let window = |tokens, scored| Window { tokens, scored };
        assert_eq!(windows(10, 4), [window(0..4, 1..4), window(2..6, 4..6), window(4..8, 6..8), window(6..10, 8..10),]);
        assert_eq!(windows(5, 4), [window(0..4, 1..4), window(2..5, 4..5)]);
        assert_eq!(windows(1, 4), []);
        assert_eq!(windows(9, usize::MAX), [window(0..9, 1..9)]);
    }
}
