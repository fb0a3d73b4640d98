//! What the window says, in every language.

pub mod problem;
pub mod vocabulary;
pub mod words_en;
pub mod words_ko;

pub use self::vocabulary::{Language, Words};
