//! Small painted parts that every screen shares. They report clicks and change nothing.

mod button;
mod chip;
mod field;
mod icon;
mod panel;
mod text;

pub use self::{
    button::{ButtonLook, button_ui, checkbox_ui, segmented_ui},
    chip::chip_ui,
    field::{field_ui, filter_ui},
    icon::{Icon, icon_ui, mark_ui},
    panel::{hairline, panel_frame, panel_title_ui, sunken_text_ui},
    text::{Align, Run, elided_middle, runs_ui, text_ui, text_width, wrapped_text_ui},
};
