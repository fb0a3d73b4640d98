//! What files that paint have in common; nothing that holds or changes state may use it.

#![expect(unused_imports, reason = "a prelude for screens that are still to come")]

pub(in crate::gui) use egui::{Response, Role, Sense, Sides, Ui, WidgetInfo, pos2, vec2};

pub(in crate::gui) use super::{
    app::{
        command::{Command, of_app::AppCommand},
        inspection::Inspection,
        jobs::kind::JobKind,
        screen::Screen,
        state::AppState,
    },
    design::{
        figures::{Figure, figures_ui},
        ink::Ink,
        layout::{
            columns::{beside_ui, columns_ui, foot_ui, side_ui},
            page::{page_body_ui, page_title_line_ui, page_title_ui},
            panel::{Surface, sunken_ui},
            row::Row,
            rule::{canvas_ui, centered_ui, inset_ui, rule_ui, spot, tall_ui},
            table::{Cells, RowChoice, Table, TableColumn},
            text::{
                Span, ends_ui, hinted_ui, label_ui, paragraph_spans_ui, paragraph_ui, path_ui, spans_ui, spans_width,
            },
        },
        tokens::{Colors, Type, grid, space},
        widget::{ButtonLook, Icon, icon_ui, text_width},
    },
    frame::command_button::CommandButton,
};
pub(in crate::gui) use crate::{
    message::{Language, message},
    report::MergedFolder,
    units,
    verify::Standing,
};
