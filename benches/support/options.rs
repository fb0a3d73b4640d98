//! What can be asked of the benchmark.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use lorafuse::numeric::FloatDtype;

use super::synthetic::{LlamaShape, Synthetic};

/// Times `lorafuse merge`, `cp -r` and PEFT on one synthetic Llama, alternating, and prints a Markdown table.
#[derive(Debug, Parser)]
#[command(name = "cargo bench --bench merge --")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub struct Options {
    /// Sizes of the base: tiny (10 MB), 1b (2.47 GB in BF16) or 8b-kr (16.3 GB in BF16)
    #[arg(long, default_value = "tiny", value_parser = shape)]
    pub shape: LlamaShape,
    /// Dtype of the base: bf16, f16 or f32
    #[arg(long, default_value = "bf16", value_parser = dtype)]
    pub dtype: FloatDtype,
    /// Rank of the adapter, on all seven projections of each layer
    #[arg(long, default_value_t = 16)]
    pub rank: usize,
    /// Give the adapter a trained copy of the embedding too
    #[arg(long)]
    pub save_embedding: bool,
    /// Runs of each program
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Drop the inputs from the page cache before each run (Linux)
    #[arg(long)]
    pub cold: bool,
    /// Programs to time [default: lorafuse and cp, PEFT where --python and the earlier version where --before is given]
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<Program>,
    /// An interpreter with transformers and PEFT
    #[arg(long)]
    pub python: Option<PathBuf>,
    /// The program to time [default: the one built with the benchmark]
    #[arg(long, default_value = env!("CARGO_BIN_EXE_lorafuse"))]
    pub binary: PathBuf,
    /// The program of an earlier version, timed in turn with ours: what times are then multiples of
    #[arg(long)]
    pub before: Option<PathBuf>,
    /// A further argument for `lorafuse merge` (repeat for several), as --merge-arg=--dtype=f32
    #[arg(long)]
    pub merge_arg: Vec<String>,
    /// Check the last merge with `lorafuse verify`, untimed
    #[arg(long)]
    pub verify: bool,
    /// Where inputs and outputs go [default: target/bench-data of the repository]
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Keep the generated inputs for the next time
    #[arg(long)]
    pub keep: bool,
    /// Merge once and end: base, adapter, output, and whether evidence is kept; for the programs `full` and `bare`
    #[arg(long, hide = true, num_args = 4)]
    pub merge_once: Vec<PathBuf>,
    /// Passed by cargo
    #[arg(long, hide = true)]
    pub bench: bool,
}

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Program {
    /// `lorafuse merge`
    Lorafuse,
    /// `lorafuse merge` of an earlier version
    Before,
    /// `cp -r` of the base, the least that writing a model of this size takes
    Cp,
    /// `merge_and_unload` and `save_pretrained`
    Peft,
    /// Our merge, by this program itself
    Full,
    /// The same without statistics and hashes: beside it, what evidence costs
    Bare,
}

impl Options {
    /// What to generate.
    pub fn synthetic(&self) -> Synthetic {
        Synthetic {
            shape: self.shape,
            dtype: self.dtype,
            rank: self.rank,
            max_shard_bytes: 5_000_000_000,
            saves_embedding: self.save_embedding,
        }
    }

    /// What to time, in turn.
    pub fn programs(&self) -> Vec<Program> {
        if !self.only.is_empty() {
            return self.only.clone();
        }
        let peft = self.python.as_ref().map(|_| Program::Peft);
        let before = self.before.as_ref().map(|_| Program::Before);
        [Program::Lorafuse, Program::Cp].into_iter().chain(before).chain(peft).collect()
    }
}

fn shape(name: &str) -> Result<LlamaShape, String> {
    let names = || LlamaShape::ALL.map(|shape| shape.name).join(", ");
    LlamaShape::ALL.into_iter().find(|shape| shape.name == name).ok_or_else(|| format!("none of {}", names()))
}

fn dtype(name: &str) -> Result<FloatDtype, String> {
    let known = [("bf16", FloatDtype::BF16), ("f16", FloatDtype::F16), ("f32", FloatDtype::F32)];
    let name = name.to_ascii_lowercase();
    known
        .into_iter()
        .find(|(known, _)| *known == name)
        .map(|(_, dtype)| dtype)
        .ok_or("none of bf16, f16, f32".to_owned())
}
