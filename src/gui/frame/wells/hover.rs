//! What is dragged over the window, and which wells would take it.

use std::path::PathBuf;

use super::{drop_target::Route, well::WellKind};

/// Folders or files that are dragged over the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DropHover {
    /// Where they lie, as far as the system tells.
    pub paths: Vec<PathBuf>,
    /// The well under the pointer, where the system tells where that is.
    pub over: Option<WellKind>,
    /// The wells that they belong to, once they were looked at.
    pub known: Vec<WellKind>,
}

impl DropHover {
    /// Takes what a look at them found.
    pub fn take(&mut self, routes: Vec<Route>) {
        self.known = routes.into_iter().filter_map(Result::ok).map(|(kind, _)| kind).collect();
    }

    /// Whether `kind` would take a part of them: Output what is let go over it, the others what belongs to them, and
    /// whatever nobody knows the well under the pointer.
    #[must_use]
    pub fn is_for(&self, kind: WellKind) -> bool {
        let is_for_output = self.over == Some(WellKind::Output) && self.paths.len() < 2;
        match kind {
            _ if is_for_output => kind == WellKind::Output,
            _ if self.known.is_empty() => self.over == Some(kind),
            _ => self.known.contains(&kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_says_that_it_takes_what_it_will_take() {
        let takers = |hover: &DropHover| -> Vec<WellKind> {
            let wells = [WellKind::Base, WellKind::Adapter, WellKind::Output];
            wells.into_iter().filter(|kind| hover.is_for(*kind)).collect()
        };
        let mut hover = DropHover { paths: vec!["/a".into()], ..DropHover::default() };
        assert_eq!(takers(&hover), Vec::<WellKind>::new(), "nothing is known yet");
        hover.over = Some(WellKind::Base);
        assert_eq!(takers(&hover), [WellKind::Base]);
        hover.take(vec![Ok((WellKind::Adapter, "/a".into()))]);
        assert_eq!(takers(&hover), [WellKind::Adapter], "its content decides");
        hover.over = Some(WellKind::Output);
        assert_eq!(takers(&hover), [WellKind::Output], "a model can be judged, an empty folder filled");
        hover.paths.push("/b".into());
        hover.take(vec![Ok((WellKind::Adapter, "/a".into())), Ok((WellKind::Base, "/b".into()))]);
        assert_eq!(takers(&hover), [WellKind::Base, WellKind::Adapter]);
    }
}
