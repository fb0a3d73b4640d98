//! How large a model is beside another.

use serde::Serialize;

use crate::message::said_in_english;

/// How large a merged model is beside its base; a message.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum SizeChange {
    /// Half, to half a percent.
    Half,
    /// As large, to half a percent.
    AsLarge,
    /// Smaller.
    Smaller {
        /// By this part.
        part: f64,
    },
    /// Larger.
    Larger {
        /// By this part.
        part: f64,
    },
}

said_in_english!(SizeChange);

impl SizeChange {
    /// What a `ratio` of bytes comes to.
    #[must_use]
    pub fn of(ratio: f64) -> Self {
        match ratio {
            0.495..0.505 => Self::Half,
            0.995..1.005 => Self::AsLarge,
            ..1.0 => Self::Smaller { part: 1.0 - ratio },
            _ => Self::Larger { part: ratio - 1.0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Language, Message};

    #[test]
    fn a_ratio_of_bytes_is_said_in_words() {
        let said = |ratio| {
            [Language::English, Language::Korean].map(|language| language.say(&Message::of(&SizeChange::of(ratio))))
        };
        assert_eq!(said(0.5), ["Half the size of the base.", "크기는 베이스의 절반입니다."]);
        assert_eq!(said(1.0), ["As large as the base.", "크기는 베이스와 같습니다."]);
        assert_eq!(said(0.4), ["60 % smaller than the base.", "베이스보다 60 % 작습니다."]);
        assert_eq!(said(2.0), ["100 % larger than the base.", "베이스보다 100 % 큽니다."]);
    }
}
