//! How far a request to close the window has got.

/// How far a request to close the window has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Closing {
    /// Nobody wants to.
    #[default]
    No,
    /// Somebody does while a merge runs, and is asked what becomes of it.
    Asked,
    /// The merge is being stopped, and the window closes after it.
    Stopping,
}
