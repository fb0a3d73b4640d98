//! How the window looks. Nothing here knows a screen or the state.

pub mod chart;
pub mod figures;
pub mod fonts;
pub mod ink;
pub mod layout;
pub mod theme;
pub mod tokens;
pub mod widget;
