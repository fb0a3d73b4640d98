//! What was typed into the list of all commands, and what it points at.

/// The open list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// What was typed.
    pub query: String,
    /// The command that Enter takes, counted among those that match.
    pub pointed: usize,
}
