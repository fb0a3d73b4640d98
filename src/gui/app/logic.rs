//! Hands each command to the part of the window that carries it out. With `drain` the only place that changes state.

use egui::Context;

use super::{carry_out, command::Command, state::AppState};
use crate::gui::{
    frame::wells,
    screens::{compare, merge, modules, palette, report, welcome},
};

/// Does what the user asked for, where it can be done now.
pub(in crate::gui) fn carry_out(state: &mut AppState, ctx: &Context, command: Command) {
    match command {
        Command::App(command) => carry_out::carry_out(state, ctx, command),
        Command::Wells(command) => wells::carry_out::carry_out(state, ctx, command),
        Command::Welcome(command) => welcome::carry_out::carry_out(state, ctx, command),
        Command::Modules(command) => modules::carry_out::carry_out(state, ctx, command),
        Command::Merge(command) => merge::carry_out::carry_out(state, ctx, command),
        Command::Compare(command) => compare::carry_out::carry_out(state, ctx, command),
        Command::Report(command) => report::carry_out::carry_out(state, ctx, command),
        Command::Palette(command) => palette::carry_out::carry_out(state, ctx, command),
    }
}
