//! Measures what a frame of the window costs while a merge runs, and while a tree of 100,000 rows scrolls: CPU time of
//! logic, layout and tessellation, and the time from an input to the frame that shows it. And how long it takes from
//! the drop of a pair of 8 billion weights to the first frame with its modules.
//!
//! ```text
//! cargo run --example frame_time [opening|merge|standing|tree]
//! ```
//!
//! The real app runs without a window: the window system, the upload and the GPU are left out. CPU time is that of the
//! window's own thread, so the merge and other programs do not count; the latency is wall time, so they do.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a measurement with folders of its own, in which a failure may stop everything"
)]

#[path = "../../tests/gui/support/dropped.rs"]
mod dropped;
#[path = "../../tests/gui/support/large_model.rs"]
mod large_model;
mod opening;
#[expect(dead_code, reason = "the sizes of a quantised model are for tests")]
#[path = "../../tests/core/support/sparse_llama.rs"]
mod sparse_llama;
mod standing;
mod window;

use std::time::{Duration, Instant};

use egui::{Event, pos2, vec2};
use large_model::LargeModel;
use lorafuse::gui::{AppCommand, Machine, MergeCommand, ModulesCommand, Phase, Screen};
use lorafuse::tree::SortColumn;
use window::{FRAME, SIZE, Window};

/// What a frame may cost, and how late it may be.
const FRAME_LIMIT: Duration = Duration::from_millis(4);
const LATENCY_LIMIT: Duration = Duration::from_millis(50);

/// Modules of the large tree.
const TREE_ROWS: usize = 100_000;

/// What a frame with it may cost.
const TREE_LIMIT: Duration = Duration::from_millis(8);

/// Frames measured of it.
const TREE_FRAMES: usize = 600;

fn main() {
    let only = std::env::args().nth(1);
    for (name, measure) in
        [("opening", opening::measure as fn()), ("merge", merge), ("standing", standing::measure), ("tree", large_tree)]
    {
        if only.as_ref().is_none_or(|only| only == name) {
            measure();
        }
    }
}

/// A model with very many modules, sorted, so that all of them are rows.
fn large_tree() {
    let folder = tempfile::tempdir().unwrap();
    let (base, adapter) = (folder.path().join("wide"), folder.path().join("wide-adapter"));
    LargeModel { shards: 1, layers: TREE_ROWS / 4, width: 8 }.write(&base, &adapter);
    let mut window = Window::new();
    window.open(base, adapter);
    window.app.ask(ModulesCommand::Sort(SortColumn::Change));
    window.run_until(|app| app.state.modules.rows.len() >= TREE_ROWS);
    println!("scrolling {} rows", window.app.state.modules.rows.len());
    let mut frames = Frames::default();
    for frame in 0..TREE_FRAMES {
        // Down in ever larger steps and up again.
        let step = if frame % 200 < 150 { -(frame as f32 % 150.0) * 40.0 } else { 4_000.0 };
        let wheel = Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: vec2(0.0, step),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
            modifiers: egui::Modifiers::NONE,
        };
        frames.take_with(&mut window, vec![Event::PointerMoved(pos2(400.0, 400.0)), wheel]);
    }
    print("  CPU time of a frame", &mut frames.cpu, TREE_LIMIT);
    let rows = window.app.state.modules.rows.len();
    let mut typing = Frames::default();
    for letter in ["l", "la", "layers.7", "layers.77", ""] {
        window.app.ask(ModulesCommand::Filter(letter.to_owned()));
        for _ in 0..20 {
            typing.take_with(&mut window, Vec::new());
        }
    }
    window.run_until(|app| app.state.modules.rows.len() == rows);
    print("  while the filter is typed", &mut typing.cpu, TREE_LIMIT);
}

fn merge() {
    let folder = tempfile::tempdir().unwrap();
    let (base, adapter) = (folder.path().join("large"), folder.path().join("large-adapter"));
    let model = LargeModel { shards: 8, layers: 64, width: 1024 };
    model.write(&base, &adapter);
    let mut window = Window::new();
    window.open(base, adapter);
    window.app.ask(MergeCommand::Start);
    window.run_until(|app| matches!(app.state.phase, Phase::Running(_)));
    let threads = Machine::detect().thread_count;
    println!("merging {} MB in the background, {threads} threads", model.byte_count() / 1_000_000);
    let mut screens = [Screen::Merge, Screen::Modules].map(|screen| (screen, Frames::default()));
    for turn in 0.. {
        let (screen, frames) = &mut screens[turn % 2];
        window.app.ask(AppCommand::ShowScreen(*screen));
        for _ in 0..60 {
            frames.take(&mut window);
        }
        if !matches!(window.app.state.phase, Phase::Running(_)) {
            break;
        }
    }
    for (screen, frames) in screens {
        println!("{screen:?}: {} frames while the merge ran", frames.cpu.len());
        frames.report();
    }
}

/// Costs of the frames of one screen.
#[derive(Default)]
struct Frames {
    cpu: Vec<Duration>,
    latency: Vec<Duration>,
}

impl Frames {
    /// One frame after a movement of the pointer, then a pause until the next is due.
    fn take(&mut self, window: &mut Window) {
        let phase = self.cpu.len() as f32 * 0.11;
        let at = pos2(SIZE.x * (0.5 + 0.45 * phase.sin()), SIZE.y * (0.5 + 0.45 * (phase * 0.7).cos()));
        self.take_with(window, vec![Event::PointerMoved(at)]);
    }

    fn take_with(&mut self, window: &mut Window, events: Vec<Event>) {
        let (began, cpu_began) = (Instant::now(), thread_cpu_time());
        window.frame(events);
        self.cpu.push(thread_cpu_time().saturating_sub(cpu_began));
        self.latency.push(began.elapsed());
        std::thread::sleep(FRAME.saturating_sub(began.elapsed()));
    }

    fn report(mut self) {
        print("  CPU time of a frame", &mut self.cpu, FRAME_LIMIT);
        print("  input to finished frame", &mut self.latency, LATENCY_LIMIT);
    }
}

fn print(what: &str, values: &mut [Duration], limit: Duration) {
    values.sort_unstable();
    if values.is_empty() {
        return;
    }
    let at = |share: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index into the values")]
        let index = ((values.len() - 1) as f64 * share).round() as usize;
        values[index].as_secs_f64() * 1e3
    };
    let verdict = if at(0.99) < limit.as_secs_f64() * 1e3 { "holds" } else { "EXCEEDED" };
    println!(
        "{what}: p50 {:.2} ms, p99 {:.2} ms, largest {:.2} ms (p99 limit {} ms: {verdict})",
        at(0.5),
        at(0.99),
        at(1.0),
        limit.as_millis()
    );
}

/// CPU time of this thread, where the system counts it; elsewhere wall time, which is never less.
#[cfg(unix)]
fn thread_cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

#[cfg(not(unix))]
fn thread_cpu_time() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}
