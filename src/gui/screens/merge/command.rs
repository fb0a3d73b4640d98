//! What is asked of the Merge screen.

use egui::Key;

use crate::{
    gui::{
        app::{
            command::face::{Face, ScreenCommand},
            state::{AppState, Phase},
        },
        design::widget::Icon,
    },
    merge::device::DeviceChoice,
    numeric::codec::Nf4Format,
    plan::{DtypePolicy, Rounding},
};

/// What is asked of the Merge screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MergeCommand {
    /// Choose what happens to dtypes.
    ChooseDtype(DtypePolicy),
    /// Choose to pack the linear layers again, and how.
    Requantize(Nf4Format),
    /// Choose whether to merge though packing takes more than half of the change away.
    AcceptLoss(bool),
    /// Choose how much of the adapter is merged.
    ChooseStrength(f64),
    /// Choose how updated tensors are rounded.
    ChooseRounding(Rounding),
    /// Choose whether the merged folder gets a model card.
    WriteCard(bool),
    /// Choose what computes.
    ChooseDevice(DeviceChoice),
    /// Choose the folder of one more adapter in the system's dialog.
    AddAdapter,
    /// Leave out one of the adapters beside the one in the well.
    RemoveAdapter(usize),
    /// Choose how much of such an adapter is merged.
    ChooseAdapterStrength(usize, f64),
    /// Merge as planned.
    Start,
    /// Stop the running merge; what is finished is kept for the next one.
    Cancel,
    /// Remove what an interrupted merge left.
    DiscardPartial,
    /// Plan again after a failure.
    PlanAgain,
    /// Plan the same merge again for another folder, to choose other options; what is merged stays.
    MergeAgain,
}

impl ScreenCommand for MergeCommand {
    const LISTED: &'static [(Self, Face)] = &[
        (Self::Start, Face::new("merge").tooltip("merge.tooltip").key(Key::Enter).when(is_startable)),
        (
            Self::Cancel,
            Face::new("cancel")
                .place("merge")
                .tooltip("cancel.tooltip")
                .bare_key(Key::Escape)
                .when(|state| matches!(state.phase, Phase::Running(_))),
        ),
        (
            Self::AddAdapter,
            Face::new("add-adapter")
                .tooltip("add-adapter.tooltip")
                .icon(Icon::Plus)
                .when(|state| !state.is_locked() && state.wells.adapter.path.is_some()),
        ),
        (Self::AcceptLoss(true), Face::new("accept-loss").when(|state| is_planned(state) && is_loss_open(state))),
        (Self::WriteCard(true), Face::new("write-card").when(|state| is_planned(state) && !state.options.writes_card)),
        (
            Self::DiscardPartial,
            Face::new("discard")
                .place("merge")
                .tooltip("discard.tooltip")
                .when(|state| is_planned(state) && has_partial(state)),
        ),
        (Self::PlanAgain, Face::new("plan-again").when(|state| matches!(state.phase, Phase::Failed(_)))),
        (
            Self::MergeAgain,
            Face::new("merge-again")
                .tooltip("merge-again.tooltip")
                .when(|state| state.finished().is_some_and(|done| done.made.is_some())),
        ),
    ];
}

fn is_planned(state: &AppState) -> bool {
    matches!(state.phase, Phase::Planned(_))
}

/// Whether the plan may be carried out.
pub(in crate::gui) fn is_startable(state: &AppState) -> bool {
    is_planned(state) && !is_loss_open(state)
}

/// Whether packing would take more than half of the change away, which the user has not accepted.
pub(in crate::gui) fn is_loss_open(state: &AppState) -> bool {
    let estimate = state.survival.as_ref().and_then(|survival| survival.as_ref().ok());
    !state.options.accepts_loss && estimate.is_some_and(|estimate| estimate.refuse_loss().is_err())
}

/// Whether an interrupted merge left something in the planned output.
fn has_partial(state: &AppState) -> bool {
    state.inspection.as_ref().is_some_and(|inspection| inspection.interrupted_bytes.is_some())
}
