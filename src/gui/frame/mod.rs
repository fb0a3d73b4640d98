//! What stands around every screen: the wells, the navigation, the status line, and the parts that carry a command.

pub mod closing_question;
pub mod command_button;
pub mod error_banner;
pub mod navigation;
pub mod next_step;
pub mod progress_note;
pub mod status_bar;
pub mod wells;
pub mod window;
