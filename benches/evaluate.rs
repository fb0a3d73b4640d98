//! How fast a model reads beside transformers: `cargo bench --bench evaluate -- --shape 1b --python PATH`.
//!
//! Two tasks, over the same tokens and in turns: one pass down to the logits of the last position, and one that scores
//! every token, which needs the output head at each of them. Both programs hold the whole model as float32; beside them
//! stands the streaming pass, which scores with one layer in memory at a time, and its time has its start and its
//! reading in it. Each is also told as a share of what the machine's own product of float32 matrices reaches. Without
//! arguments it takes seconds and megabytes.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal that writes generated files into its own folder"
)]

#[expect(dead_code, reason = "the benchmark of the merge uses the rest")]
mod support;

use std::{
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Instant,
};

use candle_core::{Device, Tensor};
use clap::Parser;
use lorafuse::{
    evaluate::{ModelSource, ResidentModel},
    job::JobContext,
    numeric::FloatDtype,
    platform, units,
};
use serde_json::{Value, json};

use self::support::{
    child, machine,
    synthetic::{LlamaShape, Synthetic},
    workspace::Workspace,
};

/// Rows and columns of the product that shows what the machine can do.
const PEAK_SIDE: usize = 2048;

/// Products of which the fastest counts.
const PEAK_RUNS: usize = 5;

/// Times passes over one synthetic Llama in memory and streamed, and by transformers, alternating.
#[derive(Debug, Parser)]
#[command(name = "cargo bench --bench evaluate --")]
struct Options {
    /// Sizes of the model: tiny (10 MB) or 1b (2.47 GB in BF16)
    #[arg(long, default_value = "tiny", value_parser = shape)]
    shape: LlamaShape,
    /// Tokens of a pass
    #[arg(long, default_value_t = 512)]
    tokens: u32,
    /// Turns of each program
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Passes of a turn, after one to warm up
    #[arg(long, default_value_t = 2)]
    passes: usize,
    /// An interpreter with transformers
    #[arg(long)]
    python: Option<PathBuf>,
    /// Where the model goes [default: target/bench-data of the repository]
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Keep the generated model for the next time
    #[arg(long)]
    keep: bool,
    /// Score in memory and end: the model, and the file of its tokens
    #[arg(long, hide = true, num_args = 2)]
    score_once: Vec<PathBuf>,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn shape(name: &str) -> Result<LlamaShape, String> {
    let found = LlamaShape::ALL.into_iter().find(|shape| shape.name == name);
    found.ok_or_else(|| format!("`{name}` is no shape of this benchmark"))
}

/// Seconds and memory of one way to read the tokens.
#[derive(Debug, Default)]
struct Way {
    secs: Vec<f64>,
    peak_byte_count: u64,
}

fn main() -> ExitCode {
    // `cargo test --benches` runs this too, without `--bench`; there is nothing to test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let options = Options::parse();
    let report = match options.score_once.as_slice() {
        [model, ids] => score_once(&options, model, ids),
        _ => run(&options),
    };
    match report {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> io::Result<String> {
    let root = options.dir.clone().unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-data"));
    let synthetic = Synthetic {
        shape: options.shape,
        dtype: FloatDtype::BF16,
        rank: 16,
        max_shard_bytes: 5_000_000_000,
        saves_embedding: false,
    };
    let workspace = Workspace::prepare(&root, &synthetic, options.keep)?;
    let ids = root.join("evaluate-ids.json");
    let vocabulary = u32::try_from(options.shape.vocabulary).map_err(io::Error::other)?;
    // A walk through the vocabulary: which tokens they are does not matter to the time.
    let tokens: Vec<u32> = (0..options.tokens).map(|index| index * 7919 % vocabulary).collect();
    std::fs::write(&ids, serde_json::to_string(&tokens)?)?;
    let result = measure(options, &workspace.base(), &ids);
    std::fs::remove_file(&ids)?;
    workspace.finish()?;
    let heading = format!(
        "{}\n\nLlama {}, {} in BF16, as float32; {}; files in the page cache",
        machine::description(&root),
        options.shape.name,
        units::bytes(synthetic.base_byte_count()),
        units::plural(options.tokens as usize, "token"),
    );
    Ok(format!("{heading}\n\n{}", result?))
}

fn measure(options: &Options, model: &Path, ids: &Path) -> io::Result<String> {
    let titles = [
        "to the last token: `lorafuse`, the whole model in memory",
        "to the last token: transformers",
        "every token scored: `lorafuse`, the whole model in memory",
        "every token scored: `lorafuse`, streamed, start and reading included",
        "every token scored: transformers",
    ];
    let mut ways = titles.map(|_| Way::default());
    for round in 1..=options.rounds {
        let [resident, last_by_transformers, scored, streamed, scored_by_transformers] = &mut ways;
        resident.take(&resident_turn(options, model, ids)?);
        scored.take(&scored_turn(options, model, ids)?);
        streamed.take(&streamed_turn(options, model, ids)?);
        if let Some(python) = &options.python {
            last_by_transformers.take(&transformers_turn(options, python, model, ids, "last")?);
            scored_by_transformers.take(&transformers_turn(options, python, model, ids, "every")?);
        }
        eprintln!("round {round} of {}", options.rounds);
    }
    let peak = product_flops()?;
    let (layers, head) = flops_per_token(options.shape);
    let mut table = String::from(
        "| | tokens/s | of transformers | GFLOP/s | of the product's peak | peak memory |\n\
         |---|---:|---:|---:|---:|---:|\n",
    );
    for (index, (title, way)) in titles.iter().zip(&ways).enumerate().filter(|(_, (_, way))| !way.secs.is_empty()) {
        let (flops, reference) = if index < 2 { (layers, &ways[1]) } else { (layers + head, &ways[4]) };
        let rate = way.tokens_per_sec(options.tokens);
        let ratio = match reference.secs.as_slice() {
            [] => "—".to_owned(),
            _ => format!("{:.2}×", rate / reference.tokens_per_sec(options.tokens)),
        };
        let work = rate * flops;
        let share = 100.0 * work / peak;
        let memory = units::bytes(way.peak_byte_count);
        writeln!(table, "| {title} | {rate:.0} | {ratio} | {:.0} | {share:.0} % | {memory} |", work / 1e9)
            .map_err(io::Error::other)?;
    }
    let share = 100.0 * ways[3].tokens_per_sec(options.tokens) / ways[2].tokens_per_sec(options.tokens);
    let peak = peak / 1e9;
    Ok(format!(
        "{table}\nStreamed: {share:.0} % of the tokens a second that the same work takes in memory\n\
         Product of float32 matrices of {PEAK_SIDE} × {PEAK_SIDE}: {peak:.0} GFLOP/s"
    ))
}

impl Way {
    /// The mean of the passes of one process.
    fn of(document: &Value) -> io::Result<Self> {
        let secs = document["seconds"].as_array().into_iter().flatten().filter_map(Value::as_f64);
        let secs: Vec<f64> = secs.collect();
        if secs.is_empty() {
            return Err(io::Error::other("no seconds"));
        }
        let mean = secs.iter().sum::<f64>() / secs.len() as f64;
        Ok(Self { secs: vec![mean], peak_byte_count: document["peak_memory_bytes"].as_u64().unwrap_or(0) })
    }

    fn take(&mut self, other: &Self) {
        self.secs.extend(&other.secs);
        self.peak_byte_count = self.peak_byte_count.max(other.peak_byte_count);
    }

    /// By the median pass.
    fn tokens_per_sec(&self, tokens: u32) -> f64 {
        let mut secs = self.secs.clone();
        secs.sort_by(f64::total_cmp);
        f64::from(tokens) / secs[secs.len() / 2]
    }
}

fn compare(model: &Path, ids: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lorafuse"));
    command.arg("compare").arg(model).arg("--tokens").arg(ids).arg("--json");
    command
}

/// The mean of the passes of one process.
fn resident_turn(options: &Options, model: &Path, ids: &Path) -> io::Result<Way> {
    let document = json_of(compare(model, ids).arg("--runs").arg(options.passes.to_string()))?;
    let model = &document["models"][0];
    let secs = model["forward_seconds"]["mean"].as_f64().ok_or_else(|| io::Error::other("no seconds"))?;
    Ok(Way { secs: vec![secs], peak_byte_count: model["peak_memory_bytes"].as_u64().unwrap_or(0) })
}

/// As [`resident_turn`], but every token is scored, in a process of this program.
fn scored_turn(options: &Options, model: &Path, ids: &Path) -> io::Result<Way> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--bench", "--passes", &options.passes.to_string(), "--score-once"]).arg(model).arg(ids);
    Way::of(&json_of(&mut command)?)
}

/// What that process does.
fn score_once(options: &Options, model: &Path, ids: &Path) -> io::Result<String> {
    platform::keep_freed_memory();
    let ids: Vec<u32> = serde_json::from_slice(&std::fs::read(ids)?)?;
    let source = ModelSource::Stored(model.to_owned());
    let model = ResidentModel::load(&source, &JobContext::unwatched()).map_err(io::Error::other)?;
    let pass = |_| {
        let started = Instant::now();
        let nll = model.nll(&ids).map_err(io::Error::other)?;
        let is_whole = nll.len() + 1 == ids.len() && nll.iter().all(|nll| nll.is_finite());
        if is_whole { Ok(started.elapsed().as_secs_f64()) } else { Err(io::Error::other("a token has no score")) }
    };
    let secs = (0..=options.passes).map(pass).collect::<io::Result<Vec<f64>>>()?;
    // The first pass warms up.
    Ok(json!({ "seconds": secs[1..], "peak_memory_bytes": platform::peak_memory_bytes() }).to_string())
}

/// The mean of as many processes, after one to warm up.
fn streamed_turn(options: &Options, model: &Path, ids: &Path) -> io::Result<Way> {
    let pass = |_| {
        let mut command = compare(model, ids);
        command.args(["--runs", "0"]);
        child::run(&mut [command])
    };
    let passes = (0..=options.passes).map(pass).collect::<io::Result<Vec<_>>>()?;
    let secs = passes[1..].iter().map(|usage| usage.wall_secs).sum::<f64>() / options.passes.max(1) as f64;
    let peak_byte_count = passes.iter().map(|usage| usage.peak_byte_count).max().unwrap_or(0);
    Ok(Way { secs: vec![secs], peak_byte_count })
}

fn transformers_turn(options: &Options, python: &Path, model: &Path, ids: &Path, what: &str) -> io::Result<Way> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/support/transformers_forward.py");
    let mut command = Command::new(python);
    Way::of(&json_of(command.arg(script).arg(model).arg(ids).arg(options.passes.to_string()).arg(what))?)
}

fn json_of(command: &mut Command) -> io::Result<Value> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Multiplications and additions of the linear layers, and of the output head where it sees every token; attention and
/// one row of the head are small beside them.
fn flops_per_token(shape: LlamaShape) -> (f64, f64) {
    let head = shape.hidden / shape.heads;
    let attention = 2 * shape.hidden * shape.hidden + 2 * shape.hidden * head * shape.key_value_heads;
    let layers = 2 * shape.layers * (attention + 3 * shape.hidden * shape.intermediate);
    (layers as f64, (2 * shape.hidden * shape.vocabulary) as f64)
}

/// The fastest product of two large matrices, in operations a second.
fn product_flops() -> io::Result<f64> {
    let values: Vec<f32> = (0..PEAK_SIDE * PEAK_SIDE).map(|index| (index % 97) as f32 * 0.01).collect();
    let matrix = Tensor::from_vec(values, (PEAK_SIDE, PEAK_SIDE), &Device::Cpu).map_err(io::Error::other)?;
    let mut best = f64::INFINITY;
    for _ in 0..PEAK_RUNS {
        let started = Instant::now();
        matrix.matmul(&matrix).map_err(io::Error::other)?;
        best = best.min(started.elapsed().as_secs_f64());
    }
    Ok(2.0 * (PEAK_SIDE as f64).powi(3) / best)
}
